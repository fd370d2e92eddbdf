//! Several calls that one future waits for.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use futures::future::{Either, select};

use crate::asking::{Manner, manner, poll_times, timeout};
use crate::body::Body;
use crate::fuse::{Nervous, survive};
use crate::shared::{End, nanos};
use crate::tally::Feature;
use crate::verdict::{Due, Entry};
use crate::wire::Wire;

/// A batch of so many, which may panic and harm nobody else.
pub(crate) async fn ask_all<P: Wire>(end: &End<P>, calls: usize) {
    let asked = AssertUnwindSafe(ask_all_plainly(end, calls));
    if let Err(panic) = asked.catch_unwind().await {
        survive(panic);
    }
}

async fn ask_all_plainly<P: Wire>(end: &End<P>, calls: usize) {
    let shared = &end.shared;
    let bodies: Vec<Body> = (0..calls).map(|_| end.body(0)).collect();
    let open = |body: &Body| Entry::open(shared, *body);
    let entries: Vec<Entry> = bodies.iter().map(open).collect();
    let mut all = end.handle.send_await_all::<Body, _>(&bodies);
    let (timeout, own) = timeout(end);
    if own {
        all = all.timeout(timeout);
    }
    let due = shared.now() + nanos(timeout);
    let mut all = Nervous {
        future: all,
        fuse: end.side().fuse.clone(),
        whose: (shared.plan.link, end.who),
    };
    let (outcomes, due) = match manner(end) {
        Manner::Wait | Manner::Lot(_) | Manner::Forget => (Some(all.await), Due::Together(due)),
        Manner::Polls(times) => (poll_times(&mut all, times).await, Due::Together(due)),
        Manner::Until(time) => match select(all, shared.sleep(time)).await {
            Either::Left((outcomes, _)) => (Some(outcomes), Due::Together(due)),
            Either::Right(_) => (None, Due::Whenever),
        },
        Manner::Aside(time) => match poll_times(&mut all, 1).await {
            Some(outcomes) => (Some(outcomes), Due::Together(due)),
            None => {
                shared.sleep(time).await;
                (Some(all.await), Due::Whenever)
            }
        },
    };
    let Some(outcomes) = outcomes else {
        shared.score.count(Feature::BatchesDropped);
        return;
    };
    if outcomes.len() != calls {
        shared.complain(format!("{} outcomes of {calls} calls", outcomes.len()));
    }
    shared.score.count(Feature::Batches);
    for (entry, outcome) in entries.into_iter().zip(outcomes) {
        entry.settle(outcome, due, P::REFUSES);
    }
}
