//! Answering requests, many at a time, without spawning.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use futures_core::Stream;
use futures_util::FutureExt;
use futures_util::stream::FuturesUnordered;

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
/// Plain messages are dropped: take them from [`Incoming`] if you want them.
///
/// Dropping the future refuses what is under way.
pub async fn serve<L, Q, R, E, H, A>(
    incoming: Incoming<L>,
    limit: usize,
    mut handler: H,
) -> CloseReason
where
    L: Connection<Packer: Unpack<L::Frame, Q>>,
    H: FnMut(Q) -> A,
    A: Future<Output = Result<R, E>>,
    R: PackedBy<L::Frame, L::Packer>,
{
    let mut incoming = pin!(incoming);
    let link = incoming.link.clone();
    let mut running = pin!(FuturesUnordered::new());
    poll_fn(|cx| {
        for _ in 0..ROUNDS {
            // First all that has come, then the handlers: while the stream
            // waits it is the one to drive, so that the answers leave together
            // and not each in a flush of its own.
            while running.len() < limit.max(1) {
                match incoming.as_mut().poll_next(cx) {
                    Poll::Pending => break,
                    Poll::Ready(None) => return Poll::Ready(()),
                    Poll::Ready(Some(Event::Request(request))) => {
                        running.push(answer(request, &mut handler));
                    }
                    Poll::Ready(Some(_)) => {}
                }
            }
            if running.len() >= limit.max(1) {
                incoming.poll_drive(cx);
            }
            if !matches!(running.as_mut().poll_next(cx), Poll::Ready(Some(()))) {
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
fn answer<L, Q, R, E, H, A>(
    request: Request<L>,
    handler: &mut H,
) -> impl Future<Output = ()> + use<L, Q, R, E, H, A>
where
    H: FnMut(Q) -> A,
    L: Connection<Packer: Unpack<L::Frame, Q>>,
    A: Future<Output = Result<R, E>>,
    R: PackedBy<L::Frame, L::Packer>,
{
    // Packer and handler may panic before there is a future to poll. The
    // responder is dropped then, and refuses.
    let begin = AssertUnwindSafe(|| {
        let (value, responder) = request.unpack().ok()?;
        Some((handler(value), responder))
    });
    let begun = catch_unwind(begin).ok().flatten();
    async move {
        let Some((answer, responder)) = begun else {
            return;
        };
        let finish = async move {
            if let Ok(value) = answer.await {
                // What keeps the answer from being sent is counted, and told
                // to the peer where the protocol can.
                drop(responder.reply(&value).await);
            }
        };
        drop(AssertUnwindSafe(finish).catch_unwind().await);
    }
}
