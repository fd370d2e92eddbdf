//! Single calls: waited for, cancelled at any poll, or parked.

use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use await_layer::{Call, Permit};
use futures::FutureExt;
use futures::future::{Either, join_all, select};

use crate::body::Body;
use crate::fuse::{Nervous, survive};
use crate::shared::{End, Joint, nanos};
use crate::verdict::{Due, Entry};
use crate::wire::Wire;
use crate::{batching, permits, streaming};

/// What becomes of a call once it was made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Manner {
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

/// One call, which may panic and harm nobody else.
pub(crate) async fn ask<P: Wire>(end: &End<P>, depth: u8, permit: Option<Permit<Joint<P>>>) {
    let asked = AssertUnwindSafe(ask_plainly(end, depth, permit));
    if let Err(panic) = asked.catch_unwind().await {
        survive(panic);
    }
}

async fn ask_plainly<P: Wire>(end: &End<P>, depth: u8, permit: Option<Permit<Joint<P>>>) {
    let shared = &end.shared;
    let mut body = end.body(depth);
    if P::STREAMS && shared.chance(0.02) {
        // A mistake: the answer comes in parts, and the caller takes one.
        body.parts = 1 + shared.below(3) as u8;
    }
    let entry = Entry::open(shared, body);
    let mut call = match permit {
        Some(permit) => permit.send_await::<Body>(&body),
        None => end.handle.send_await::<Body>(&body),
    };
    let (timeout, own) = timeout(end);
    if own {
        call = call.timeout(timeout);
    }
    let due = Due::At(shared.now() + nanos(timeout));
    if shared.chance(shared.plan.chosen) {
        call = call.with_id(P::chosen(4 * end.who + shared.below(4)));
    }
    let probe = shared.plan.probe;
    let manner = match probe.filter(|probe| body.number % 4 == probe.call) {
        Some(probe) => Manner::Polls(probe.polls),
        None => manner(end),
    };
    follow(end, call, entry, manner, due).await;
}

async fn follow<P: Wire>(
    end: &End<P>,
    call: Call<Joint<P>, Body>,
    entry: Entry,
    manner: Manner,
    due: Due,
) {
    let shared = &end.shared;
    let mut call = Nervous {
        future: call,
        fuse: end.side().fuse.clone(),
        whose: (shared.plan.link, end.who),
    };
    match manner {
        Manner::Wait => entry.settle(call.await, due, P::REFUSES),
        Manner::Polls(times) => match poll_times(&mut call, times).await {
            Some(outcome) => entry.settle(outcome, due, P::REFUSES),
            None if shared.plan.probe.is_some() => shared.score.cancelled_at(times),
            None => {}
        },
        Manner::Until(time) => {
            if let Either::Left((outcome, _)) = select(call, shared.sleep(time)).await {
                entry.settle(outcome, due, P::REFUSES);
            }
        }
        Manner::Aside(time) => match poll_times(&mut call, 1).await {
            Some(outcome) => entry.settle(outcome, due, P::REFUSES),
            None => {
                shared.sleep(time).await;
                entry.settle(call.await, Due::Whenever, P::REFUSES);
            }
        },
        Manner::Lot(time) => match poll_times(&mut call, 1).await {
            Some(outcome) => entry.settle(outcome, due, P::REFUSES),
            None => {
                let rest = async move { entry.settle(call.await, Due::Whenever, P::REFUSES) };
                shared.park(end.who, time, Box::pin(rest));
            }
        },
        Manner::Forget => match poll_times(&mut call, 1).await {
            Some(outcome) => entry.settle(outcome, due, P::REFUSES),
            None => {
                end.side().forgotten.set(true);
                std::mem::forget(call);
            }
        },
    }
}

/// How long a call may take, and whether it says so itself.
pub(crate) fn timeout<P: Wire>(end: &End<P>) -> (Duration, bool) {
    let millis = match end.shared.below(35) {
        0 => 0,
        1 | 2 => 5,
        3..6 => 50,
        6..12 => 500,
        12..20 => 2000,
        20..30 => 20_000,
        _ => return (Duration::from_nanos(end.side().call_timeout.get()), false),
    };
    (Duration::from_millis(millis), true)
}

pub(crate) fn manner<P: Wire>(end: &End<P>) -> Manner {
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
    let forms = shared.plan.forms;
    let mut left = calls;
    while left > 0 {
        // Calls on a closed connection have an outcome too, but one is enough.
        if end.handle.close_reason().is_some() && shared.chance(0.8) {
            return;
        }
        if shared.chance(0.2) {
            shared.pause(30).await;
        }
        left -= 1;
        if shared.chance(forms.batches) {
            batching::ask_all(&end, 1 + shared.below(forms.batch)).await;
        } else if shared.chance(forms.streams) {
            streaming::ask(&end, None).await;
        } else if shared.chance(forms.permits) {
            permits::reserve(&end).await;
        } else {
            let at_once = shared.below(3).min(left);
            left -= at_once;
            join_all((0..=at_once).map(|_| ask(&end, 0, None))).await;
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
