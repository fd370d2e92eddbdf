//! The end of a connection, asked for once, twice or in passing.

use futures::future::join;

use crate::asking::poll_times;
use crate::shared::{End, nanos};
use crate::tally::Feature;
use crate::verdict::slack;
use crate::wire::Wire;

/// Asks for the end and waits for it: it comes within `close_timeout`.
pub(crate) async fn closer<P: Wire>(end: End<P>) {
    let shared = end.shared.clone();
    let (closing, since) = (&end.side().closing, shared.now());
    closing.set(closing.get().or(Some(since)));
    let mut close = end.handle.close();
    let reason = match shared.below(3) {
        0 => close.await,
        1 => {
            shared.score.count(Feature::ClosedTwice);
            let (one, other) = join(close, end.handle.close()).await;
            if one != other {
                shared.complain(format!("two reasons: {one} and {other}"));
            }
            one
        }
        // A close that was polled once goes on.
        _ => match poll_times(&mut close, 1).await {
            Some(reason) => reason,
            None => {
                shared.score.count(Feature::ClosedOnePoll);
                drop(close);
                end.handle.closed().await
            }
        },
    };
    if !end.side().is_the_reason(&reason) {
        shared.complain(format!("{reason}, and others were given another reason"));
    }
    let limit = nanos(shared.plan.ends[end.who].limits.close_timeout);
    // It may have been closed before, and have ended.
    let due = since.max(closing.get().unwrap_or(0) + limit) + slack(&shared.plan);
    if shared.now() > due && end.side().fuse.has_blown().is_none() {
        let text = format!("{}, asked at {since}: {reason}", shared.now());
        shared.complain(format!("end {} closed at {text}", end.who));
    }
}
