//! The part that calls with one reply and with several have in common.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::connection::{Connection, MachineOf, ends_at};
use crate::error::CallError;
use crate::hub::{Kind, Work};
use crate::machine::arena::{Key, NONE};
use crate::machine::{NewCall, Rare, nanos};
use crate::packer::Packer;
use crate::party::{polled_after_the_end, wait};
use crate::reserve::give_back;

/// A packer's error.
pub(crate) type PackerErrorOf<L> = <<L as Connection>::Packer as Packer>::Error;
/// Why a call on this connection has no reply.
pub(crate) type CallErrorOf<L> = CallError<<L as Connection>::Frame, PackerErrorOf<L>>;

/// What few calls bring along: boxed, so that the others are no bigger for it.
struct Brought<I> {
    chosen: Option<I>,
    /// The slot of a permit that is held for it; [`NONE`] if there is none.
    permit: u32,
}

impl<I> Default for Brought<I> {
    fn default() -> Self {
        Self {
            chosen: None,
            permit: NONE,
        }
    }
}

enum State<L: Connection> {
    /// Not polled yet.
    New {
        frame: L::Frame,
        rare: Option<Box<Brought<L::Id>>>,
    },
    Failed(PackerErrorOf<L>),
    Pending {
        call: Key,
        /// It drove at its last poll, and is likely woken to do so again.
        drives: bool,
    },
    Done,
}

/// A call on its way from packed to settled. Dropping it cancels.
pub(crate) struct Asking<L: Connection> {
    pub(crate) link: Arc<L>,
    state: State<L>,
    /// When it runs out, in nanoseconds; `u64::MAX` is never.
    at: u64,
}

impl<L: Connection> Asking<L> {
    pub(crate) fn new(link: &Arc<L>, packed: Result<L::Frame, PackerErrorOf<L>>) -> Self {
        let mut asking = Self {
            link: link.clone(),
            state: match packed {
                Ok(frame) => State::New { frame, rare: None },
                Err(error) => State::Failed(error),
            },
            at: u64::MAX,
        };
        asking.at = ends_at(&**link, link.call_timeout().load(Ordering::Relaxed));
        asking
    }

    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        self.at = ends_at(&*self.link, nanos(timeout).unwrap_or(u64::MAX));
    }

    pub(crate) fn set_id(&mut self, id: L::Id) {
        if let State::New { rare, .. } = &mut self.state {
            rare.get_or_insert_default().chosen = Some(id);
        }
    }

    /// Gives it the permit in this slot, to be spent or given back; not if
    /// there is nothing to send.
    pub(crate) fn set_permit(&mut self, slot: u32) -> bool {
        let State::New { rare, .. } = &mut self.state else {
            return false;
        };
        rare.get_or_insert_default().permit = slot;
        true
    }

    /// Begins the call at its first poll and drives it; `look` takes what has
    /// come for it. Replies that are streamed may have `gap` nanoseconds
    /// between them, or any time.
    pub(crate) fn poll<R>(
        &mut self,
        cx: &mut Context<'_>,
        gap: Option<Option<u64>>,
        look: impl Fn(&mut MachineOf<L>, Key) -> Option<R>,
    ) -> Poll<Result<R, CallErrorOf<L>>> {
        let (call, work) = match self.state {
            State::Pending { call, drives } => {
                if !drives {
                    // Most are polled because their reply has come.
                    if let Some(found) = self.link.with(|machine| look(machine, call)) {
                        return Poll::Ready(Ok(found));
                    }
                }
                (call, Work::None)
            }
            State::Done => polled_after_the_end(),
            State::New { .. } | State::Failed(_) => match self.begin(gap) {
                Ok(begun) => begun,
                Err(error) => return Poll::Ready(Err(error)),
            },
        };
        // Whatever panics from here on, dropping this cancels.
        self.state = State::Pending {
            call,
            drives: false,
        };
        let mut drives = false;
        let polled = wait(&*self.link, call, Kind::Call, cx, work, |machine| {
            drives = true;
            look(machine, call)
        });
        if polled.is_pending() {
            self.state = State::Pending { call, drives };
        }
        polled.map(Ok)
    }

    fn begin(&mut self, gap: Option<Option<u64>>) -> Result<(Key, Work), CallErrorOf<L>> {
        let (frame, brought) = match std::mem::replace(&mut self.state, State::Done) {
            State::New { frame, rare } => (frame, rare),
            State::Failed(error) => return Err(CallError::Pack(error)),
            State::Pending { .. } | State::Done => polled_after_the_end(),
        };
        let (chosen, permit) = match brought {
            Some(brought) => (brought.chosen, brought.permit),
            None => (None, NONE),
        };
        let rare = (chosen.is_some() || gap.is_some()).then(|| Box::new(Rare::new(chosen, gap)));
        let new = NewCall {
            frame,
            deadline: (self.at != u64::MAX).then_some(self.at),
            rare,
            batch: None,
        };
        let begun = self.link.with(|machine| match permit {
            NONE => machine.begin(new),
            permit => machine.begin_reserved(new, permit),
        });
        match begun {
            Ok(begun) if begun.company => Ok((begun.call, Work::QueuedInCompany)),
            Ok(begun) => Ok((begun.call, Work::Queued)),
            Err((error, new)) => {
                // Its permit has gone to the next in the line, who does not know.
                if permit != NONE && self.link.with(|machine| machine.is_due()) {
                    self.link.hub().notify();
                }
                Err(CallError::begin(error, Some(new.frame)))
            }
        }
    }

    /// A part was taken: the call does not wait for now.
    pub(crate) fn rest(&self) {
        if let State::Pending { call, .. } = self.state {
            self.link.hub().leave(call);
        }
    }

    /// The outcome was taken: nothing is left to cancel, nor does the hub know
    /// of the call any more.
    pub(crate) fn finish(&mut self) {
        self.state = State::Done;
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }
}

impl<L: Connection> Drop for Asking<L> {
    fn drop(&mut self) {
        let call = match self.state {
            State::Pending { call, .. } => call,
            State::New {
                rare: Some(ref brought),
                ..
            } if brought.permit != NONE => return give_back(&*self.link, brought.permit),
            _ => return,
        };
        // What is dropped holds the user's values: not under the lock.
        let (dropped, due) = self.link.with(|machine| {
            let dropped = machine.cancel(call);
            (dropped, machine.is_due())
        });
        self.link.hub().leave(call);
        if due {
            self.link.hub().notify();
        }
        // Last: it may panic.
        drop(dropped);
    }
}
