//! Answering requests, many at a time, without spawning.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::task::Poll;

use futures_core::Stream;
use futures_util::FutureExt;
use futures_util::stream::FuturesUnordered;

use crate::caught;
use crate::connection::Connection;
use crate::incoming::{Event, Incoming};
use crate::machine::CloseReason;
use crate::packer::{PackedBy, Unpack};
use crate::responder::Request;

/// Answers that may be finished in one poll: a peer that asks without a pause
/// must not keep the task from its other branches.
const ROUNDS: usize = 64;

/// Answers the peer's requests with what `handler` makes of them, at most
/// `limit` at a time, until the connection ends; returns why it did.
///
/// Nothing is spawned: the handlers run inside the returned future. They may
/// call the peer themselves, and replies to those calls get through even while
/// `limit` handlers wait for them. Requests beyond `limit` queue up to
/// [`max_requests`](crate::Limits::max_requests) and are refused beyond that.
///
/// A request that does not unpack, a handler that returns an error, an answer
/// that does not pack, and a panic in any of them all end in the protocol's
/// refusal, and in nothing else. A
/// handler is dropped when the connection ends, not when the peer cancels: to
/// stop early, loop over [`Incoming`] and race
/// [`Responder::cancelled`](crate::Responder::cancelled).
///
/// Plain messages are dropped and counted ([`Stats::dropped`](crate::Stats)):
/// take them from [`Incoming`] if you want them.
///
/// Dropping the future refuses what is under way.
///
/// ```
/// # use await_layer::{AwaitLayer, Handle, Connection, Incoming, Json, JsonFrame, serve};
/// # use serde_json::{Value, json};
/// # async fn example<L: Connection<Packer = Json, Frame: JsonFrame>>(
/// #     handle: Handle<L>, incoming: Incoming<L>) {
/// // A handler may own what it needs, and ask back.
/// serve(incoming, 16, async move |question: Value| {
///     let name: Value = handle.send_await(&json!({ "who": "asks" })).await?;
///     Ok::<_, Box<dyn std::error::Error>>(json!({ "answer": 42, "to": name, "of": question }))
/// })
/// # .await;
/// # }
/// ```
pub async fn serve<L, Q, R, E, H>(incoming: Incoming<L>, limit: usize, handler: H) -> CloseReason
where
    L: Connection<Packer: Unpack<L::Frame, Q>>,
    H: AsyncFn(Q) -> Result<R, E>,
    R: PackedBy<L::Frame, L::Packer>,
{
    let mut incoming = pin!(incoming);
    let link = incoming.link.clone();
    let ended = || link.with(|machine| machine.close_reason().is_some());
    // Nobody will take messages: they must not stop the reading.
    if link.with(|machine| machine.forsake_messages()) {
        link.hub().notify();
    }
    let mut running = pin!(FuturesUnordered::new());
    poll_fn(|cx| {
        for _ in 0..ROUNDS {
            // First all that has come, then the handlers: while the stream
            // waits it is the one to drive, so that the answers leave together
            // and not each in a flush of its own.
            let mut more = false;
            for _ in 0..ROUNDS {
                more = running.len() < limit.max(1);
                if !more {
                    incoming.poll_drive(cx);
                    break;
                }
                let event = incoming.as_mut().poll_next(cx);
                if ended() {
                    // What is still queued cannot be answered any more.
                    return Poll::Ready(());
                }
                match event {
                    Poll::Ready(Some(Event::Request(request))) => {
                        running.push(answer(request, &handler));
                    }
                    Poll::Ready(_) => {}
                    Poll::Pending => {
                        more = false;
                        break;
                    }
                }
            }
            if ended() {
                return Poll::Ready(());
            }
            let finished = matches!(running.as_mut().poll_next(cx), Poll::Ready(Some(())));
            if !finished && !more {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
    crate::closed::Closed::new(&link, false).await
}

/// One request: handler, answer. Never panics on the handler's account.
async fn answer<L, Q, R, E, H>(request: Request<L>, handler: &H)
where
    L: Connection<Packer: Unpack<L::Frame, Q>>,
    H: AsyncFn(Q) -> Result<R, E>,
    R: PackedBy<L::Frame, L::Packer>,
{
    let finish = async move {
        let Ok((value, responder)) = request.unpack() else {
            return;
        };
        if let Ok(value) = handler(value).await {
            // What keeps the answer from being sent is counted, and told to the
            // peer where the protocol can.
            drop(responder.reply(&value).await);
        }
    };
    // After a panic the responder is dropped, and refuses.
    if let Err(payload) = AssertUnwindSafe(finish).catch_unwind().await {
        caught::discard(payload);
    }
}
