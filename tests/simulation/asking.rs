//! Calls and plain messages: waited for, cancelled at any poll, or parked.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use await_layer::Sent;
use futures::future::{Either, join_all, select};

use crate::body::Body;
use crate::shared::{End, nanos};
use crate::verdict::Entry;
use crate::wire::Wire;

/// What becomes of a call once it was made.
enum Manner {
    Wait,
    /// Dropped after so many polls.
    Polls(usize),
    /// Dropped after so long.
    Until(Duration),
    /// Polled once, like a branch of a `select!` whose other branch takes long.
    Aside(Duration),
    /// Polled once, then by another task, later.
    Lot(Duration),
    Forget,
}

pub(crate) async fn ask<P: Wire>(end: &End<P>, depth: u8) {
    let shared = &end.shared;
    let body = Body::ask(end.who, shared.next_call(end.who), depth);
    let entry = Entry::open(shared, body);
    let timeout = match shared.below(30) {
        0 => 0,
        1 | 2 => 5,
        3..6 => 50,
        6..12 => 500,
        12..20 => 2000,
        _ => 20_000,
    };
    let timeout = Duration::from_millis(timeout);
    let due = shared.now() + nanos(timeout);
    let mut call = end.handle.send_await::<Body>(&body).timeout(timeout);
    if shared.chance(shared.plan.chosen) {
        call = call.with_id(P::chosen(4 * end.who + shared.below(4)));
    }
    match manner(end) {
        Manner::Wait => entry.settle(call.await, Some(due), P::REFUSES),
        Manner::Polls(times) => {
            if let Some(outcome) = poll_times(&mut call, times).await {
                entry.settle(outcome, Some(due), P::REFUSES);
            }
        }
        Manner::Until(time) => {
            if let Either::Left((outcome, _)) = select(call, shared.sleep(time)).await {
                entry.settle(outcome, Some(due), P::REFUSES);
            }
        }
        Manner::Aside(time) => match poll_times(&mut call, 1).await {
            Some(outcome) => entry.settle(outcome, Some(due), P::REFUSES),
            None => {
                shared.sleep(time).await;
                entry.settle(call.await, None, P::REFUSES);
            }
        },
        Manner::Lot(time) => match poll_times(&mut call, 1).await {
            Some(outcome) => entry.settle(outcome, Some(due), P::REFUSES),
            None => {
                let rest = async move { entry.settle(call.await, None, P::REFUSES) };
                shared.park(end.who, time, Box::pin(rest));
            }
        },
        Manner::Forget => match poll_times(&mut call, 1).await {
            Some(outcome) => entry.settle(outcome, Some(due), P::REFUSES),
            None => {
                shared.forgotten[end.who].set(true);
                std::mem::forget(call);
            }
        },
    }
}

fn manner<P: Wire>(end: &End<P>) -> Manner {
    let shared = &end.shared;
    let time = Duration::from_millis([1, 20, 300, 3000][shared.below(4)]);
    if shared.chance(shared.plan.parks) {
        return match shared.below(5) {
            0 | 1 => Manner::Aside(time),
            2 | 3 => Manner::Lot(time),
            _ => Manner::Forget,
        };
    }
    if shared.chance(shared.plan.cancels) {
        return match shared.below(2) {
            0 => Manner::Polls(1 + shared.below(4)),
            _ => Manner::Until(time),
        };
    }
    Manner::Wait
}

/// One task's calls, one after the other or a few at once.
pub(crate) async fn caller<P: Wire>(end: End<P>, calls: usize) {
    let shared = end.shared.clone();
    let mut left = calls;
    while left > 0 {
        // Calls on a closed connection have an outcome too, but one is enough.
        if end.handle.close_reason().is_some() && shared.chance(0.8) {
            return;
        }
        if shared.chance(0.2) {
            shared
                .sleep(Duration::from_millis(1 + shared.below(30) as u64))
                .await;
        }
        let at_once = (1 + shared.below(3)).min(left);
        join_all((0..at_once).map(|_| ask(&end, 0))).await;
        left -= at_once;
    }
}

/// Plain messages, in order.
pub(crate) async fn teller<P: Wire>(end: End<P>, messages: usize) {
    let shared = end.shared.clone();
    for _ in 0..messages {
        if shared.chance(0.3) {
            shared
                .sleep(Duration::from_millis(1 + shared.below(10) as u64))
                .await;
        }
        let body = Body::plain(end.who, shared.next_plain(end.who));
        let told = match shared.below(4) {
            0 => {
                let told = end.handle.try_send(&body);
                told.map_err(|error| error.sent()).map(|()| false)
            }
            1 => match poll_times(&mut end.handle.send(&body), 1 + shared.below(3)).await {
                Some(told) => told.map_err(|error| error.sent()).map(|()| true),
                None => continue,
            },
            _ => {
                let told = end.handle.send(&body).await;
                told.map_err(|error| error.sent()).map(|()| true)
            }
        };
        let (started, flushed) = {
            let journal = &shared.net.borrow().journal;
            (
                journal.started.contains(&body),
                journal.flushed.contains(&body),
            )
        };
        let lied = match told {
            Ok(waited) => waited && !flushed,
            Err(Sent::No) => started,
            Err(Sent::Yes) => !flushed,
            Err(Sent::Maybe) => false,
        };
        if lied {
            shared.complain(format!("{body:?}: {told:?}, but {started} and {flushed}"));
        }
    }
}

/// Polls until the result or `times` times.
pub(crate) async fn poll_times<F: Future + Unpin>(
    future: &mut F,
    times: usize,
) -> Option<F::Output> {
    let mut left = times;
    poll_fn(|cx| match Pin::new(&mut *future).poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => {
            left -= 1;
            if left == 0 {
                Poll::Ready(None)
            } else {
                Poll::Pending
            }
        }
    })
    .await
}
