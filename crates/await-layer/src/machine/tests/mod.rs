//! The machine against a model that keeps everything in plain vectors.
//!
//! Frames say where they are dropped: never while the machine is at work, for
//! that is under the lock.

mod asked;
mod budget;
#[cfg(test)]
mod deadlines;
mod frame;
#[cfg(fuzzing)]
pub(crate) mod fuzzed;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod inbound;
mod model;
mod queue;
mod reserving;
#[cfg(test)]
mod seats;
mod seen;
mod step;
mod written;

use super::*;
use frame::Frame;
use model::{
    CLOSE_TIMEOUT, MAX_IN_FLIGHT, MAX_OUTBOUND, MAX_OUTBOUND_BYTES, MAX_PARTS, MAX_REFUSALS,
    MAX_REQUESTS, MAX_RETIRED, QUARANTINE, UNMATCHED,
};
use step::Pair;

type Subject = Machine<Frame, u64, u64>;

#[derive(Clone, Copy, Debug)]
enum Op {
    Begin {
        timeout: Option<u64>,
        streams: bool,
    },
    Reserve,
    GiveBack(usize),
    /// A call with a permit that is held.
    BeginReserved(usize),
    Send,
    Loose {
        size: usize,
    },
    Request {
        taken: bool,
    },
    TakeRequest(usize),
    Withdraw(usize),
    /// Somebody asks whether the request still wants its answer, and perhaps
    /// waits for it.
    Watch {
        ask: usize,
        waits: bool,
    },
    /// Refuses a request that is not delivered; the wire may have no word for
    /// it.
    Refuse {
        said: bool,
    },
    /// An answer under an id that is not live.
    Stray {
        kind: Answer,
        ours: bool,
    },
    Reply {
        ask: usize,
        kind: ReplyKind,
    },
    DropResponder(usize),
    /// Takes things off the queue, if none are off it.
    Stage(usize),
    /// Writes the next thing that is off it; its codec may refuse it.
    Write {
        refuse: bool,
        retire: bool,
    },
    /// The transport has no room for the rest.
    Unstage,
    Flush,
    Answer {
        call: usize,
        kind: Answer,
    },
    Advance(u64),
    Cancel(usize),
    Take(usize),
    DropSend(usize),
    TakeSend(usize),
    Drain,
    /// A driver that panicked has lost what it was writing.
    Close {
        lost: bool,
    },
}

/// Limits that are met soon.
fn pair() -> Pair {
    let limits = Limits {
        max_in_flight: MAX_IN_FLIGHT,
        max_retired: MAX_RETIRED,
        max_outbound: MAX_OUTBOUND,
        max_outbound_bytes: MAX_OUTBOUND_BYTES,
        max_parts: MAX_PARTS,
        max_requests: MAX_REQUESTS,
        max_refusals: MAX_REFUSALS,
        unmatched_budget: UNMATCHED,
        quarantine: std::time::Duration::from_nanos(QUARANTINE),
        close_timeout: std::time::Duration::from_nanos(CLOSE_TIMEOUT),
        ..Limits::default()
    };
    Pair::new(Subject::new(limits, 0))
}
