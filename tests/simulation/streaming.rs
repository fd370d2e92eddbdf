//! Calls whose replies come in parts.

use std::panic::AssertUnwindSafe;

use await_layer::{CallError, Overflow, Permit, Refused};
use futures::{FutureExt, StreamExt};

use crate::asking::timeout;
use crate::body::Body;
use crate::fuse::survive;
use crate::shared::{End, Joint, nanos};
use crate::tally::Feature;
use crate::verdict::{Entry, slack};
use crate::wire::Wire;

const MOST: usize = 6;

/// One stream, which may panic and harm nobody else.
pub(crate) async fn ask<P: Wire>(end: &End<P>, permit: Option<Permit<Joint<P>>>) {
    let asked = AssertUnwindSafe(ask_plainly(end, permit));
    if let Err(panic) = asked.catch_unwind().await {
        survive(panic);
    }
}

async fn ask_plainly<P: Wire>(end: &End<P>, permit: Option<Permit<Joint<P>>>) {
    let shared = &end.shared;
    let mut body = end.body(0);
    body.parts = shared.below(MOST) as u8;
    let entry = Entry::open(shared, body);
    let mut replies = match permit {
        Some(permit) => permit.send_stream::<Body>(&body),
        None => end.handle.send_stream::<Body>(&body),
    };
    let (gap, own) = timeout(end);
    if own {
        replies = replies.timeout(gap);
    }
    let dropped_after = shared
        .chance(shared.plan.cancels)
        .then(|| shared.below(MOST));
    let slow = shared.chance(0.2);
    let (mut seen, mut error, mut last) = (0, None, shared.now());
    loop {
        if dropped_after == Some(seen) {
            shared.score.count(Feature::StreamsDropped);
            return;
        }
        if slow {
            shared.pause(40).await;
        }
        match replies.next().await {
            Some(Ok(reply)) => {
                if error.is_some() || !is_next(end, body, seen, reply) {
                    // What the peer spoils is its own call alone.
                    if entry.is_spoilt() {
                        return;
                    }
                    let text = format!("{body:?}: after {seen}, {error:?} came {reply:?}");
                    shared.complain(text);
                }
                shared.score.count(Feature::Parts);
                seen += 1;
                last = shared.now();
            }
            // One that does not unpack is the last word, but for the end.
            Some(Err(failed)) if error.is_none() => error = Some(failed),
            Some(Err(failed)) => {
                shared.complain(format!("{body:?}: {error:?}, then {failed:?}"));
            }
            None => break,
        }
    }
    match &error {
        None if entry.is_spoilt() => return,
        None if seen < expected(end, body) => {
            shared.complain(format!("{body:?}: it ended after {seen}"));
        }
        None => shared.score.count(Feature::StreamsWhole),
        Some(CallError::Overrun) => shared.score.count(Feature::StreamsOverrun),
        Some(
            CallError::Closed { .. }
            | CallError::Refused {
                why: Refused::Closing,
                ..
            },
        ) => {}
        Some(CallError::Timeout { .. }) => {
            let plan = &shared.plan;
            let (now, slack) = (shared.now(), slack(plan));
            let reads = plan.ends[end.who].limits.overflow != Overflow::Backpressure;
            let net = shared.net.borrow();
            let next = net.journal.parts.get(&body.part(seen as u8)).copied();
            drop(net);
            let here = reads && next.is_some_and(|at| at + slack < now);
            let late = now > last + nanos(gap) + slack;
            if !slow && (here || late || now < last + nanos(gap)) {
                let text = format!("{body:?} at {now}: {gap:?} after {last}, {next:?}");
                shared.complain(text);
            }
        }
        Some(CallError::Unpack(_)) if P::REFUSES => {}
        Some(failed) => {
            if !entry.is_spoilt() {
                shared.complain(format!("{body:?}: {failed:?}"));
            }
        }
    }
    entry.settle_stream(error);
}

/// How many replies this request gets.
fn expected<P: Wire>(end: &End<P>, body: Body) -> usize {
    match (
        end.shared.plan.streams_to(end.who) && P::STREAMS,
        body.parts,
    ) {
        (false, _) | (_, 0) => 1,
        (true, parts) => usize::from(parts) + usize::from(body.ends_with_an_answer()),
    }
}

fn is_next<P: Wire>(end: &End<P>, body: Body, seen: usize, reply: Body) -> bool {
    let streams = P::STREAMS && end.shared.plan.streams_to(end.who);
    if streams && seen < usize::from(body.parts) {
        reply == body.part(seen as u8)
    } else {
        seen < expected(end, body) && reply == body.answer()
    }
}
