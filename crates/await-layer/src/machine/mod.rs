//! The correlation machine: which reply belongs to which call, which request
//! still wants its answer, what leaves next and what has run out of time.
//!
//! It knows no I/O, no clock and no waker. Frames and ids go in and out by
//! value, time is an argument, and whoever must be woken is named in
//! [`Machine::woken`]. It runs no code of the user's, so it can sit under
//! a lock; the tables that need the user's `Hash` and `Eq` are in
//! [`directory`] and belong to the driver.
//!
//! A call has two sides, and its slot is free again when both are done:
//!
//! ```text
//! caller:  Waiting --reply, expiry, close, refusal--> Settled --taken--> Left
//!             '------------------- dropped -------------------------------^
//!
//! wire:  Permit -> Queued -> Writing -> Live --last reply--> Gone
//!           |        |         |         '--left--> Cancelling -> Leaving -> Gone
//!           '--------'---------'                                     '-> Retired -> Gone
//!                left, refused
//! ```
//!
//! `Permit` waits for `max_in_flight`, unless the call has one that was taken
//! before ([`reservations`]); in `Cancelling` its cancel message is
//! queued and in `Leaving` the driver has it; `Retired` keeps a narrow id from
//! being used again.

pub(crate) mod arena;
mod asks;
mod budget;
mod calls;
mod closing;
mod deadlines;
pub(crate) mod directory;
mod inbound;
mod limits;
mod list;
mod outcome;
mod outgoing;
mod parts;
mod places;
mod reason;
mod reservations;
mod sends;
mod slot;
mod stats;
#[cfg(any(test, fuzzing))]
pub(crate) mod tests;
mod wire;

use arena::{Arena, Key};
use budget::Budget;
use deadlines::Deadlines;
use outgoing::Outgoing;

pub(crate) use asks::AskState;
pub(crate) use calls::{Answer, BeginError, NewCall};
pub(crate) use inbound::Admission;
pub(crate) use limits::nanos;
pub use limits::{Limits, Overflow};
pub(crate) use list::{Links, List, Members};
pub(crate) use outcome::{Failure, Outcome};
pub(crate) use outgoing::{ReplyKind, Write};
pub use reason::{Cause, CloseReason, Refused, Sent};
pub(crate) use sends::{SendEnd, SendOutcome};
pub(crate) use slot::Rare;
pub use stats::Stats;

/// One connection's state. `F` is a frame, `I` an id of ours, `A` an id of
/// theirs; all three are only moved.
pub(crate) struct Machine<F, I, A> {
    pub(crate) limits: Limits,
    pub(crate) stats: Stats,
    slots: slot::Slots<F, I, A>,
    asks: Arena<asks::Slot>,
    outgoing: Outgoing,
    deadlines: Deadlines,
    inbound: inbound::Inbound,
    /// Requests that the application has and has not answered.
    asks_taken: usize,
    closing: closing::Closing,
    unmatched: Budget,
    /// Calls whose caller still waits.
    in_flight: usize,
    /// Calls that have an outcome nobody has taken.
    untaken: usize,
    /// Calls between `Queued` and `Leaving`, and permits that are held.
    permits: usize,
    retired: usize,
    /// Sends that are written and wait for the flush.
    flushing: Vec<Key>,
    /// Frames written, and how many of them are flushed.
    written: u64,
    flushed: u64,
    /// The layer's own `Sink`, if it was polled.
    sink_party: Key,
    woken: Vec<Key>,
    discarded: Vec<Discarded<F, I, A>>,
}

/// Values of the user's that are to be dropped when the lock is released.
#[allow(dead_code, reason = "held only to be dropped")]
pub(crate) enum Discarded<F, I, A> {
    Slot(slot::Slot<F, I, A>),
    Rare(Box<Rare<F, I>>),
    Request(F, Option<I>),
    Frame(F),
}

impl<F, I, A> Machine<F, I, A> {
    /// A machine whose clock says `now`.
    pub(crate) fn new(limits: Limits, now: u64) -> Self {
        Self {
            stats: Stats::default(),
            slots: Arena::new(),
            asks: Arena::new(),
            outgoing: Outgoing::new(),
            deadlines: Deadlines::new(now),
            inbound: inbound::Inbound::default(),
            asks_taken: 0,
            closing: closing::Closing::Open,
            unmatched: Budget::new(limits.unmatched_budget),
            in_flight: 0,
            untaken: 0,
            permits: 0,
            retired: 0,
            flushing: Vec::new(),
            written: 0,
            flushed: 0,
            sink_party: Key::NULL,
            woken: Vec::new(),
            discarded: Vec::new(),
            limits,
        }
    }

    /// Calls whose caller still waits.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// The earliest instant at which [`expire`](Self::expire) has work.
    pub(crate) fn next_deadline(&mut self) -> Option<u64> {
        match (
            self.deadlines.next(&mut self.slots),
            self.closing.deadline(),
        ) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// The parties that have something to take, each told once.
    pub(crate) fn woken(&mut self) -> impl Iterator<Item = Key> + '_ {
        self.woken.drain(..)
    }

    /// How many they are.
    pub(crate) fn count_woken(&self) -> usize {
        self.woken.len()
    }

    /// Whether a turn would have something to do: somebody is to be told, or
    /// something is to leave.
    pub(crate) fn is_due(&self) -> bool {
        self.has_outgoing() || self.is_draining() || !self.woken.is_empty()
    }

    /// Whether anything is to be dropped once the lock is released.
    pub(crate) fn has_discarded(&self) -> bool {
        !self.discarded.is_empty()
    }

    /// What is to be dropped once the lock is released.
    pub(crate) fn take_discarded(&mut self) -> Vec<Discarded<F, I, A>> {
        std::mem::take(&mut self.discarded)
    }

    /// A frame that reached nobody is dropped when the lock is released.
    pub(crate) fn discard(&mut self, frame: F) {
        self.discarded.push(Discarded::Frame(frame));
    }

    /// A name in the hub for somebody who waits for something else than a call
    /// or a send.
    pub(crate) fn seat(&mut self) -> Key {
        let seat = slot::Slot::new(None, slot::What::Seat { calls: 0 });
        self.slots.insert(seat).unwrap_or(Key::NULL)
    }

    /// The seat is free again.
    pub(crate) fn vacate(&mut self, seat: Key) {
        let slot = self.slots.get(seat).map(|slot| &slot.what);
        if matches!(slot, Some(slot::What::Seat { .. })) {
            self.slots.remove(seat);
        }
        if self.sink_party == seat {
            // Its slot will be somebody else's, in the end under the same key.
            self.sink_party = Key::NULL;
        }
    }

    /// An answer under an id that is not live, perhaps one of ours. Whether the
    /// connection may live on.
    pub(crate) fn count_stray(&mut self, kind: Answer, ours: bool) -> bool {
        let part = kind == Answer::Part && self.unmatched.foresees_parts();
        let count = match (part, ours) {
            (true, _) => &mut self.stats.late_parts,
            (false, true) => &mut self.stats.late,
            (false, false) => &mut self.stats.unknown,
        };
        *count += 1;
        part || self.count_unmatched()
    }

    /// A reply to nothing. Whether the connection may live on.
    pub(crate) fn count_unmatched(&mut self) -> bool {
        self.unmatched.consume()
    }

    /// All that was written is now flushed.
    pub(crate) fn flushed(&mut self) {
        self.flushed = self.written;
        if self.sink_party != Key::NULL {
            self.woken.push(self.sink_party);
        }
        self.settle_flushed();
    }
}
