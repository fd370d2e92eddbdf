//! The wire's side of a call: what the driver does to it.

use super::Machine;
use super::arena::Key;
use super::calls::{Caller, Outcome};
use super::outgoing::{Entry, Item};
use super::reason::{Refused, Sent};

/// How far a request and its id have got: see the diagram in the parent.
#[derive(Clone, Copy)]
pub(super) enum Wire {
    Permit(Key),
    Queued(Key),
    Writing,
    Live { seq: u64, retire: bool },
    Leaving { entry: Key, retire: bool },
    Retired,
    Gone,
}

impl<F, I, A> Machine<F, I, A> {
    /// The driver has taken the request off the queue.
    pub(super) fn call_is_writing(&mut self, call: Key) {
        if let Some(slot) = self.calls.get_mut(call) {
            slot.wire = Wire::Writing;
        }
    }

    /// The request is written and its id is live. `retire` keeps the id out of
    /// use after a call that ends without its reply.
    pub(crate) fn call_is_live(&mut self, call: Key, retire: bool) {
        self.wrote(None);
        let seq = self.written;
        if let Some(slot) = self.calls.get_mut(call) {
            slot.wire = Wire::Live { seq, retire };
            if !matches!(slot.caller, Caller::Waiting) {
                self.leave_wire(call);
            }
        }
    }

    /// The request could not be made; the frame goes back, to the caller or,
    /// if that has gone, to be dropped outside the lock.
    pub(crate) fn call_is_refused(&mut self, call: Key, why: Refused, frame: F) -> Option<F> {
        let mut stray = None;
        match self.calls.get_mut(call).map(|slot| &slot.caller) {
            Some(Caller::Waiting) => self.settle(call, Outcome::Refused { why, frame }),
            _ => stray = Some(frame),
        }
        self.wire_is_gone(call);
        stray
    }

    /// The cancel message of a call is written, or there is none. Whether its
    /// id is free again, rather than retired.
    pub(crate) fn call_has_left(&mut self, call: Key, now: u64) -> bool {
        let quarantine = super::nanos(self.limits.quarantine);
        let Some(slot) = self.calls.get_mut(call) else {
            return true;
        };
        if !matches!(slot.wire, Wire::Leaving { retire: true, .. }) {
            self.wire_is_gone(call);
            return true;
        }
        slot.wire = Wire::Retired;
        slot.deadline = quarantine
            .and_then(|time| self.deadlines.insert(now.saturating_add(time), time, call))
            .unwrap_or(Key::NULL);
        self.retired += 1;
        self.permits -= 1;
        self.promote();
        false
    }

    /// The caller's side is done with the wire before the wire is: a request
    /// that is not written is taken back, one that is gets its cancel queued.
    pub(super) fn leave_wire(&mut self, call: Key) -> Option<Entry<F, I, A>> {
        let slot = self.calls.get_mut(call)?;
        let entry = match slot.wire {
            Wire::Permit(key) => self.outgoing.remove_waiting(key),
            Wire::Queued(key) => self.outgoing.remove(key),
            Wire::Live { retire, .. } => {
                if let Some(entry) = self.outgoing.push(Item::Cancel { call }, None, 0) {
                    slot.wire = Wire::Leaving { entry, retire };
                    return None;
                }
                None
            }
            Wire::Writing | Wire::Leaving { .. } | Wire::Retired | Wire::Gone => return None,
        };
        self.wire_is_gone(call);
        entry
    }

    pub(super) fn wire_is_gone(&mut self, call: Key) {
        let Some(slot) = self.calls.get_mut(call) else {
            return;
        };
        match std::mem::replace(&mut slot.wire, Wire::Gone) {
            Wire::Queued(_) | Wire::Writing | Wire::Live { .. } | Wire::Leaving { .. } => {
                self.permits -= 1;
            }
            Wire::Retired => {
                self.retired -= 1;
                self.deadlines.remove(slot.deadline);
                slot.deadline = Key::NULL;
            }
            Wire::Permit(_) | Wire::Gone => {}
        }
        self.free_if_done(call);
        self.promote();
    }

    pub(super) fn free_if_done(&mut self, call: Key) {
        let done = self
            .calls
            .get(call)
            .is_some_and(|slot| matches!((&slot.caller, slot.wire), (Caller::Left, Wire::Gone)));
        if done {
            self.calls.remove(call);
        }
    }

    pub(super) fn has_permit(&self) -> bool {
        self.permits < self.limits.max_in_flight.max(1)
            && self.retired < self.limits.max_retired.max(1)
    }

    pub(super) fn promote(&mut self) {
        while self.has_permit() {
            let Some((call, key)) = self.outgoing.promote() else {
                return;
            };
            self.permits += 1;
            if let Some(slot) = self.calls.get_mut(call) {
                slot.wire = Wire::Queued(key);
            }
        }
    }

    pub(super) fn how_far(&self, call: Key) -> Sent {
        match self.calls.get(call).map(|slot| slot.wire) {
            Some(Wire::Permit(_) | Wire::Queued(_)) | None => Sent::No,
            Some(Wire::Live { seq, .. }) => self.sent(seq),
            Some(_) => Sent::Maybe,
        }
    }
}
