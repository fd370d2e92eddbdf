//! Ends of connections, well and not.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use await_layer::{CallError, Cause, Connection, Incoming, Refused};
use futures_util::StreamExt;
use futures_util::future::{join, join_all, join4};

use super::ends::{Ends, Tried, answer, arrived, ask, next_request};

/// Reads until the end.
async fn drained<L: Connection>(incoming: &mut Incoming<L>) {
    while incoming.next().await.is_some() {}
}

pub(super) async fn every_pending_call_learns_the_reason<F, A: Tried<F>, B: Tried<F>>(
    ends: Ends<A, B>,
) {
    const CALLS: usize = 10;
    let Ends {
        here,
        to_here: _to_here,
        there,
        mut to_there,
    } = ends;
    let calls = join_all((0..CALLS).map(|_| here.send_await::<String>("never answered")));
    let goes = async {
        let mut requests = Vec::new();
        for _ in 0..CALLS {
            requests.push(next_request(&mut to_there).await);
        }
        // All of that end, so its transport too.
        drop((requests, to_there, there));
    };
    let (outcomes, ()) = join(calls, goes).await;
    let reason = here.closed().await;
    assert!(
        matches!(reason.cause(), Cause::Eof | Cause::Transport),
        "{reason}"
    );
    for outcome in outcomes {
        match outcome {
            Err(CallError::Closed { reason: told, .. }) => assert_eq!(told, reason),
            Err(other) => panic!("{other:?} instead of the close reason"),
            Ok(_) => panic!("a reply though nobody answered"),
        }
    }
    assert_eq!(here.close_reason(), Some(reason.clone()));
    match here.send_await::<String>("too late").await {
        Err(CallError::Closed { reason: told, .. }) => assert_eq!(told, reason),
        other => panic!("a call after the end: {}", other.is_ok()),
    }
}

pub(super) async fn closing_lets_calls_finish<F, A: Tried<F>, B: Tried<F>>(mut ends: Ends<A, B>) {
    let call = ends.here.send_await::<String>("before the end");
    let (call, request) = arrived(call, &mut ends.to_there).await;
    let mut closing = ends.here.close();
    let polled = poll_fn(|cx| Poll::Ready(Pin::new(&mut closing).poll(cx))).await;
    assert!(polled.is_pending(), "closed with a call in flight");
    match ends.here.send_await::<String>("too late").await {
        Err(CallError::Refused {
            why: Refused::Closing,
            ..
        }) => {}
        other => panic!("a call after `close`: {}", other.is_ok()),
    }

    let peer = async {
        answer(request).await;
        drained(&mut ends.to_there).await;
        ends.there.closed().await
    };
    let again = async {
        ends.here.close().await;
        ends.here.close().await
    };
    let (outcome, reason, again, seen) = join4(call, closing, again, peer).await;
    assert!(outcome.is_ok(), "the call in flight: {outcome:?}");
    assert_eq!(reason.cause(), Cause::Local, "{reason}");
    assert_eq!(again, reason);
    assert_eq!(seen.cause(), Cause::Eof, "at the other end: {seen}");
    assert_eq!(ends.there.close().await, seen, "closing what has ended");
}

pub(super) async fn what_is_queued_leaves_before_the_end<F, A: Tried<F>, B: Tried<F>>(
    mut ends: Ends<A, B>,
) {
    const MESSAGES: usize = 50;
    for n in 0..MESSAGES {
        let queued = ends.here.try_send(&format!("message {n}"));
        assert!(queued.is_ok(), "a message was not queued: {queued:?}");
    }
    let (reason, got) = join(ends.here.close(), ends.to_there.by_ref().count()).await;
    assert_eq!(reason.cause(), Cause::Local, "{reason}");
    assert_eq!(got, MESSAGES);
}

pub(super) async fn the_last_handle_ends_it<F, A: Tried<F>, B: Tried<F>>(ends: Ends<A, B>) {
    let Ends {
        here,
        to_here,
        there,
        mut to_there,
    } = ends;
    let other = here.clone();
    let answers = async { answer(next_request(&mut to_there).await).await };
    join(ask(&here, "still there?"), answers).await;
    drop((here, to_here));
    let answers = async { answer(next_request(&mut to_there).await).await };
    join(ask(&other, "and now?"), answers).await;
    drop(other);
    drained(&mut to_there).await;
    let reason = there.close_reason().expect("the connection has ended");
    assert!(
        matches!(reason.cause(), Cause::Eof | Cause::Transport),
        "{reason}"
    );
}
