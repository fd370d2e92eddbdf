//! Permits: waited for, held, spent, given back, and all there at the end.

use std::pin::pin;
use std::time::Duration;

use await_layer::{CallError, Refused};
use futures::future::{Either, join_all, select};

use crate::asking::{ask, poll_times};
use crate::body::Body;
use crate::shared::End;
use crate::streaming;
use crate::tally::Feature;
use crate::verdict::Entry;
use crate::wire::Wire;

/// Longer than any call takes, and any id rests.
const PATIENCE: Duration = Duration::from_secs(200);

const IMPATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn reserve<P: Wire>(end: &End<P>) {
    let shared = &end.shared;
    let mut reserve = end.handle.reserve();
    let polls = shared
        .chance(shared.plan.cancels)
        .then(|| 1 + shared.below(3));
    let waiting = pin!(async {
        match polls {
            Some(polls) => poll_times(&mut reserve, polls).await,
            None => Some((&mut reserve).await),
        }
    });
    // While the transport takes nothing no permit comes back.
    let reserved = match select(waiting, shared.sleep(IMPATIENCE)).await {
        Either::Left((reserved, _)) => reserved,
        Either::Right(_) => None,
    };
    let permit = match reserved {
        None => {
            shared.score.count(Feature::PermitsGivenUp);
            return;
        }
        Some(Ok(permit)) => permit,
        Some(Err(
            CallError::Closed { frame: None, .. }
            | CallError::Refused {
                why: Refused::Closing,
                frame: None,
            },
        )) => return,
        Some(Err(error)) => {
            shared.complain(format!("a permit: {error:?}"));
            return;
        }
    };
    if shared.chance(0.3) {
        shared.pause(50).await;
    }
    match shared.below(4) {
        0 => shared.score.count(Feature::PermitsGivenUp),
        3 if shared.chance(0.3) => {
            // The call has it, and is never polled.
            shared.score.count(Feature::PermitsUnused);
            let body = end.body(0);
            let _entry = Entry::open(shared, body);
            drop(permit.send_await::<Body>(&body));
        }
        1 => {
            shared.score.count(Feature::PermitsSpent);
            streaming::ask(end, Some(permit)).await;
        }
        _ => {
            shared.score.count(Feature::PermitsSpent);
            ask(end, 0, Some(permit)).await;
        }
    }
}

/// Once all calls have ended every permit can be had, all at once.
pub(crate) async fn all_are_there<P: Wire>(end: End<P>) {
    let shared = &end.shared;
    let most = shared.plan.ends[end.who].limits.max_in_flight;
    let all = join_all((0..most).map(|_| end.handle.reserve()));
    match select(all, shared.sleep(PATIENCE)).await {
        Either::Left((permits, _)) => {
            if permits.iter().all(Result::is_ok) {
                shared.score.count(Feature::PermitsAllThere);
            }
        }
        Either::Right(_) => {
            let net = shared.net.borrow();
            // A cancel message that cannot leave holds its permit.
            let blocked = net.lanes[end.who].len() >= shared.plan.capacity;
            let excused = blocked || end.handle.close_reason().is_some();
            drop(net);
            if !excused {
                shared.complain(format!("end {} lacks permits", end.who));
            }
        }
    }
}
