//! How calls end.

use super::reason::{CloseReason, Refused, Sent};
use super::slot::Rare;
use super::{Discarded, Machine};

/// How a call ended. What is rare is boxed, so that a reply is moved as cheaply
/// as its frame.
#[derive(Debug)]
pub(crate) enum Outcome<F> {
    Reply(F),
    Failed(Box<Failure<F>>),
}

/// Why a call has no reply.
#[derive(Debug)]
pub(crate) enum Failure<F> {
    /// The peer ended the answer without data.
    Ended,
    /// The peer streams its answer to a call that takes one reply.
    Streamed,
    /// Parts came faster than they were taken.
    Overrun,
    Expired {
        sent: Sent,
        frame: Option<F>,
    },
    Closed {
        reason: CloseReason,
        sent: Sent,
        frame: Option<F>,
    },
    Refused {
        why: Refused,
        frame: Option<F>,
    },
}

/// How a call ended; the frame is in its slot, the rest is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Reply,
    Ended,
    Streamed,
    Overrun,
    Expired(Sent),
    Closed(Sent),
    Refused,
}

impl<F, I, A> Machine<F, I, A> {
    /// Why a call has no reply, in full.
    #[cold]
    pub(super) fn failure(
        &mut self,
        ending: Ending,
        frame: Option<F>,
        rare: Option<Box<Rare<F, I>>>,
    ) -> Outcome<F> {
        let failure = match ending {
            Ending::Reply | Ending::Ended => Failure::Ended,
            Ending::Streamed => Failure::Streamed,
            Ending::Overrun => Failure::Overrun,
            Ending::Expired(sent) => Failure::Expired { sent, frame },
            Ending::Closed(sent) => Failure::Closed {
                reason: self.reason(),
                sent,
                frame,
            },
            Ending::Refused => {
                let why = rare.as_ref().and_then(|rare| rare.refused.clone());
                let why = why.unwrap_or(Refused::IdExhausted);
                Failure::Refused { why, frame }
            }
        };
        if let Some(rare) = rare {
            self.discarded.push(Discarded::Rare(rare));
        }
        Outcome::Failed(Box::new(failure))
    }
}
