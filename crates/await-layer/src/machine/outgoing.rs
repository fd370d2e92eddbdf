//! One queue for everything that leaves, in the order in which it was made.
//!
//! The driver takes a few things at a time off it, [`staged`](Machine::stage),
//! so that the lock is not taken for each; what the transport has no room for
//! goes back to the front.

use std::collections::VecDeque;

use super::arena::Key;
use super::limits::charge;
use super::list::List;
use super::slot::{Queued, Slot, What};
use super::wire::Wire;
use super::{BeginError, Discarded, Machine};
use crate::Refusal;

/// What an answer to the peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplyKind {
    /// The last or only one.
    Last,
    /// One of several.
    Part,
    /// No more, and no data.
    End,
}

/// The next thing to write, frames included.
pub(crate) enum Write<F, I, A> {
    Request {
        call: Key,
        chosen: Option<I>,
        frame: F,
    },
    /// A message whose sender waits.
    Plain {
        send: Key,
        frame: F,
    },
    /// One that nobody waits for.
    Loose {
        frame: F,
        size: usize,
    },
    Reply {
        ask: Key,
        kind: ReplyKind,
        send: Key,
        frame: Option<F>,
    },
    /// The id's place in the directory comes with it.
    Cancel {
        call: Key,
        id: Key,
    },
    Decline {
        ask: Key,
        why: Refusal,
    },
    Refuse {
        ask: A,
        why: Refusal,
    },
}

#[derive(Debug)]
pub(super) struct Outgoing {
    /// What leaves next.
    pub(super) queue: List,
    /// Requests and reservations that wait for a permit.
    pub(super) permits: List,
    /// Of the frames in `queue`, those that nobody waits for.
    loose: usize,
    loose_bytes: usize,
    refusals: usize,
}

impl Outgoing {
    pub(super) const fn new() -> Self {
        Self {
            queue: List::EMPTY,
            permits: List::EMPTY,
            loose: 0,
            loose_bytes: 0,
            refusals: 0,
        }
    }

    #[cfg(any(test, fuzzing))]
    pub(super) fn waiting(&self) -> (usize, usize, usize) {
        (self.loose, self.loose_bytes, self.refusals)
    }

    fn count<F, I, A>(&mut self, what: &What<F, I, A>) {
        match what {
            What::Loose { size } => {
                self.loose += 1;
                self.loose_bytes = self.loose_bytes.saturating_add(charge(*size));
            }
            What::Refuse { .. } => self.refusals += 1,
            _ => {}
        }
    }
}

impl<F, I, A> Machine<F, I, A> {
    /// Whether there is anything to write.
    pub(crate) fn has_outgoing(&self) -> bool {
        !self.outgoing.queue.is_empty()
    }

    /// Whether a frame that nobody waits for may be queued.
    pub(crate) fn has_room(&self) -> bool {
        let Outgoing {
            loose, loose_bytes, ..
        } = self.outgoing;
        loose == 0
            || (loose < self.limits.max_outbound && loose_bytes < self.limits.max_outbound_bytes)
    }

    /// Whether all frames that nobody waits for are written and flushed.
    pub(crate) fn is_flushed(&self) -> bool {
        self.outgoing.loose == 0 && self.flushed == self.written
    }

    /// Who is woken when either of these changes.
    pub(crate) fn set_sink_party(&mut self, party: Key) {
        self.sink_party = party;
    }

    /// Queues a plain frame that nobody waits for.
    pub(crate) fn push_loose(&mut self, frame: F, size: usize) -> Result<(), (BeginError, F)> {
        if let Err(error) = self.admits() {
            return Err((error, frame));
        }
        self.push(Slot::new(Some(frame), What::Loose { size }));
        Ok(())
    }

    /// Refuses a request that was never delivered, and says so where the wire
    /// has a refusal.
    pub(crate) fn refuse(&mut self, ask: A, why: Refusal, said: bool) -> Option<A> {
        self.stats.refused += 1;
        if !said {
            return Some(ask);
        }
        if self.outgoing.refusals >= self.limits.max_refusals {
            self.stats.refusals_dropped += 1;
            return Some(ask);
        }
        self.push(Slot::new(None, What::Refuse { ask, why }));
        None
    }

    /// Whether the next refusal would be dropped, and would not if those that
    /// wait were written.
    pub(crate) fn refusals_wait(&self) -> bool {
        let refusals = self.outgoing.refusals;
        refusals > 0 && refusals >= self.limits.max_refusals
    }

    /// Queues something that has no slot yet.
    pub(super) fn push(&mut self, slot: Slot<F, I, A>) {
        self.outgoing.count(&slot.what);
        match self.slots.insert(slot) {
            Ok(key) => self.queue_back(key),
            Err(slot) => self.discarded.push(Discarded::Slot(slot)),
        }
    }

    pub(super) fn queue_back(&mut self, key: Key) {
        let queue = &mut self.outgoing.queue;
        queue.push_back(&mut Queued(&mut self.slots), key.index);
    }

    pub(super) fn unqueue(&mut self, key: Key) {
        let queue = &mut self.outgoing.queue;
        queue.remove(&mut Queued(&mut self.slots), key.index);
    }

    /// Takes up to `max` things off the queue. Each is written, or handed back
    /// with [`unstage`](Self::unstage).
    pub(crate) fn stage(&mut self, into: &mut VecDeque<Write<F, I, A>>, max: usize) {
        for _ in 0..max {
            let Some(index) = self.outgoing.queue.front() else {
                return;
            };
            let Some(key) = self.slots.key_at(index) else {
                return;
            };
            self.unqueue(key);
            if let Some(write) = self.take_off(key) {
                into.push_back(write);
            }
        }
    }

    fn take_off(&mut self, key: Key) -> Option<Write<F, I, A>> {
        let slot = self.slots.get_mut(key)?;
        match &mut slot.what {
            What::Call(call) if call.wire == Wire::Queued => {
                call.wire = Wire::Writing;
                Some(Write::Request {
                    call: key,
                    chosen: call.rare.as_mut().and_then(|rare| rare.chosen.take()),
                    frame: slot.frame.take()?,
                })
            }
            What::Call(call) => {
                call.wire = Wire::Leaving;
                let id = call.id;
                Some(Write::Cancel { call: key, id })
            }
            What::Send(send) => send.take_off(key, slot.frame.take()),
            What::Permit(_) | What::Seat { .. } => None,
            What::Loose { .. } | What::Decline { .. } | What::Refuse { .. } => {
                // They count until they are written.
                let Slot { what, frame, .. } = self.slots.remove(key)?;
                match what {
                    What::Loose { size } => frame.map(|frame| Write::Loose { frame, size }),
                    What::Decline { ask, why } => Some(Write::Decline { ask, why }),
                    What::Refuse { ask, why } => Some(Write::Refuse { ask, why }),
                    _ => None,
                }
            }
        }
    }

    /// Puts what could not be written back to the front, in its order.
    pub(crate) fn unstage(&mut self, staged: &mut VecDeque<Write<F, I, A>>) {
        while let Some(write) = staged.pop_back() {
            if let Some(key) = self.put_back(write) {
                let queue = &mut self.outgoing.queue;
                queue.push_front(&mut Queued(&mut self.slots), key.index);
            }
        }
    }

    /// The slot to queue again; `None` if its owner has gone in the meantime.
    fn put_back(&mut self, write: Write<F, I, A>) -> Option<Key> {
        let slot = match write {
            Write::Request {
                call: key,
                chosen,
                frame,
            } => return self.call_is_put_back(key, chosen, frame),
            Write::Plain { send, frame } => return self.send_is_put_back(send, Some(frame)),
            Write::Reply { send, frame, .. } => return self.send_is_put_back(send, frame),
            Write::Cancel { call: key, .. } => {
                let call = self.slots.call(key)?;
                if call.wire != Wire::Leaving {
                    return None;
                }
                call.wire = Wire::Cancelling;
                return Some(key);
            }
            Write::Loose { frame, size } => Slot::new(Some(frame), What::Loose { size }),
            Write::Decline { ask, why } => Slot::new(None, What::Decline { ask, why }),
            Write::Refuse { ask, why } => Slot::new(None, What::Refuse { ask, why }),
        };
        match self.slots.insert(slot) {
            Ok(key) => Some(key),
            Err(slot) => {
                self.discarded.push(Discarded::Slot(slot));
                None
            }
        }
    }

    /// A frame went to the transport.
    pub(crate) fn wrote(&mut self) {
        self.written += 1;
        self.stats.written += 1;
    }

    /// A frame that nobody waits for has left the hands of the driver.
    pub(crate) fn loose_is_written(&mut self, size: usize, written: bool) {
        self.outgoing.loose -= 1;
        let bytes = &mut self.outgoing.loose_bytes;
        *bytes = bytes.saturating_sub(charge(size));
        self.woken.push(self.sink_party);
        if written {
            self.wrote();
        }
    }

    /// A refusal has left the hands of the driver.
    pub(crate) fn refusal_is_written(&mut self) {
        self.outgoing.refusals -= 1;
    }
}
