//! One slot per operation: everything the machine holds for a call, a send, or
//! whatever else waits or leaves.
//!
//! The outgoing queue and the deadlines are lists through the slots, the
//! request leaves from the slot and the reply is put into it, and the slot's
//! key is the party's name in the hub. So an operation is one allocation from
//! one table, and nothing is looked up twice.

use super::arena::{Arena, Key};
use super::calls::Caller;
use super::deadlines::{Deadline, Timed};
use super::list::{Links, Members};
use super::parts::Parts;
use super::reason::Refused;
use super::reservations::Reserved;
use super::sends::Send;
use super::wire::Wire;
use crate::Refusal;

pub(super) type Slots<F, I, A> = Arena<Slot<F, I, A>>;

pub(crate) struct Slot<F, I, A> {
    /// Its place in the outgoing queue.
    pub(super) queue: Links,
    /// What is to leave, or what has come.
    pub(super) frame: Option<F>,
    pub(super) what: What<F, I, A>,
}

/// What a slot is for.
pub(super) enum What<F, I, A> {
    Call(Call<F, I>),
    Send(Send),
    /// A plain frame that nobody waits for.
    Loose {
        size: usize,
    },
    /// A refusal of a request that was delivered.
    Decline {
        ask: Key,
        why: Refusal,
    },
    /// A refusal of one that was not.
    Refuse {
        ask: A,
        why: Refusal,
    },
    /// A permit that no call has yet.
    Permit(Reserved),
    /// Somebody who waits for something else, such as the end.
    Seat {
        /// Calls of a batch that have no outcome.
        calls: usize,
    },
}

pub(super) struct Call<F, I> {
    pub(super) deadline: Deadline,
    /// The number of its frame among all that were written.
    pub(super) seq: u64,
    /// Its id's place in the directory.
    pub(super) id: Key,
    pub(super) rare: Option<Box<Rare<F, I>>>,
    /// The seat of the batch it belongs to; [`NONE`] if it is on its own.
    pub(super) batch: u32,
    pub(super) caller: Caller,
    pub(super) wire: Wire,
    /// Its id rests when the call ends without its reply.
    pub(super) retire: bool,
}

/// What few calls have.
pub(crate) struct Rare<F, I> {
    /// The id that the caller chose, until it is written.
    pub(crate) chosen: Option<I>,
    /// Parts of a streamed reply.
    pub(super) parts: Option<Parts<F>>,
    pub(super) refused: Option<Refused>,
}

impl<F, I> Default for Rare<F, I> {
    fn default() -> Self {
        Self::new(None, None)
    }
}

impl<F, I> Rare<F, I> {
    /// `gap` bounds the time between the parts of a streamed reply.
    pub(crate) fn new(chosen: Option<I>, gap: Option<Option<u64>>) -> Self {
        Self {
            chosen,
            parts: gap.map(Parts::new),
            refused: None,
        }
    }
}

impl<F, I, A> Slot<F, I, A> {
    pub(super) const fn new(frame: Option<F>, what: What<F, I, A>) -> Self {
        Self {
            queue: Links::NONE,
            frame,
            what,
        }
    }
}

/// The slots, as members of the outgoing queue.
pub(super) struct Queued<'a, F, I, A>(pub(super) &'a mut Slots<F, I, A>);

impl<F, I, A> Members for Queued<'_, F, I, A> {
    fn links(&mut self, index: u32) -> Option<&mut Links> {
        Some(&mut self.0.at_mut(index)?.queue)
    }
}

impl<F, I, A> Timed for Slots<F, I, A> {
    fn deadline(&mut self, index: u32) -> Option<&mut Deadline> {
        match &mut self.at_mut(index)?.what {
            What::Call(call) => Some(&mut call.deadline),
            _ => None,
        }
    }
}

impl<F, I, A> Slots<F, I, A> {
    pub(super) fn call(&mut self, key: Key) -> Option<&mut Call<F, I>> {
        match &mut self.get_mut(key)?.what {
            What::Call(call) => Some(call),
            _ => None,
        }
    }

    /// A call whose caller waits, and the place of its frame.
    pub(super) fn waiting(&mut self, key: Key) -> Option<(&mut Option<F>, &mut Call<F, I>)> {
        let slot = self.get_mut(key)?;
        match &mut slot.what {
            What::Call(call) if call.caller == Caller::Waiting => Some((&mut slot.frame, call)),
            _ => None,
        }
    }

    pub(super) fn send(&mut self, key: Key) -> Option<&mut Send> {
        match &mut self.get_mut(key)?.what {
            What::Send(send) => Some(send),
            _ => None,
        }
    }
}
