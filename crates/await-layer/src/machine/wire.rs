//! The wire's side of a call: what the driver does to it.

use super::arena::Key;
use super::calls::Caller;
use super::outcome::Ending;
use super::reason::{Refused, Sent};
use super::reservations::Reserved;
use super::slot::{Queued, What};
use super::{Discarded, Machine};

/// How far a request and its id have got: see the diagram in the parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    Permit,
    Queued,
    /// In the hands of the driver.
    Writing,
    Live,
    /// Its cancel message is queued.
    Cancelling,
    /// Its cancel message is in the hands of the driver.
    Leaving,
    Retired,
    Gone,
}

impl<F, I, A> Machine<F, I, A> {
    /// The request is written and its `id` is live. `retire` keeps the id out
    /// of use after a call that ends without its reply.
    pub(crate) fn call_is_live(&mut self, key: Key, id: Key, retire: bool) {
        self.wrote();
        let seq = self.written;
        if let Some(call) = self.slots.call(key) {
            call.wire = Wire::Live;
            call.seq = seq;
            call.id = id;
            call.retire = retire;
            if call.caller != Caller::Waiting {
                self.leave_wire(key);
            }
        }
    }

    /// The request could not be made; the frame goes back, to the caller or,
    /// if that has gone, to be dropped outside the lock.
    pub(crate) fn call_is_refused(&mut self, key: Key, why: Refused, frame: F) -> Option<F> {
        let mut stray = Some(frame);
        if let Some((place, call)) = self.slots.waiting(key) {
            let rare = call.rare.get_or_insert_with(Box::default);
            rare.refused = Some(why);
            *place = stray.take();
            self.settle(key, Ending::Refused);
        }
        self.wire_is_gone(key);
        stray
    }

    /// The transport has no room: the request waits at the front again.
    pub(super) fn call_is_put_back(
        &mut self,
        key: Key,
        chosen: Option<I>,
        frame: F,
    ) -> Option<Key> {
        if let Some((place, call)) = self.slots.waiting(key) {
            call.wire = Wire::Queued;
            *place = Some(frame);
            if let Some(rare) = &mut call.rare {
                rare.chosen = chosen;
            }
            return Some(key);
        }
        self.wire_is_gone(key);
        self.discarded.push(Discarded::Request(frame, chosen));
        None
    }

    /// The cancel message of a call is written, or there is none. Whether its
    /// id is free again, rather than retired.
    pub(crate) fn call_has_left(&mut self, key: Key, now: u64) -> bool {
        let quarantine = super::nanos(self.limits.quarantine);
        let Some(call) = self.slots.call(key) else {
            return true;
        };
        if call.wire != Wire::Leaving || !call.retire {
            self.wire_is_gone(key);
            return true;
        }
        call.wire = Wire::Retired;
        if let Some(time) = quarantine {
            let at = now.saturating_add(time);
            self.deadlines.insert(&mut self.slots, key.index, at);
        }
        self.retired += 1;
        self.permits -= 1;
        self.promote();
        false
    }

    /// The caller's side is done with the wire before the wire is: a request
    /// that is not written is taken back, one that is gets its cancel queued.
    pub(super) fn leave_wire(&mut self, key: Key) {
        let Some(call) = self.slots.call(key) else {
            return;
        };
        match call.wire {
            Wire::Live => {
                call.wire = Wire::Cancelling;
                self.queue_back(key);
                // Its reply may come all the same.
                self.unmatched.foresee();
            }
            Wire::Permit | Wire::Queued => self.wire_is_gone(key),
            Wire::Writing | Wire::Cancelling | Wire::Leaving | Wire::Retired | Wire::Gone => {}
        }
    }

    pub(super) fn wire_is_gone(&mut self, key: Key) {
        let Some(call) = self.slots.call(key) else {
            return;
        };
        let wire = std::mem::replace(&mut call.wire, Wire::Gone);
        match wire {
            Wire::Queued | Wire::Cancelling => {
                self.permits -= 1;
                self.unqueue(key);
            }
            Wire::Writing | Wire::Live | Wire::Leaving => self.permits -= 1,
            Wire::Retired => {
                self.retired -= 1;
                self.deadlines.remove(&mut self.slots, key.index);
            }
            Wire::Permit => {
                let permits = &mut self.outgoing.permits;
                permits.remove(&mut Queued(&mut self.slots), key.index);
            }
            Wire::Gone => {}
        }
        self.free_if_done(key);
        self.promote();
    }

    pub(super) fn free_if_done(&mut self, key: Key) {
        let done = self
            .slots
            .call(key)
            .is_some_and(|call| call.caller == Caller::Left && call.wire == Wire::Gone);
        if done {
            // Its frame and what few calls have were taken by whoever ended it.
            self.slots.clear(key);
        }
    }

    pub(super) fn has_permit(&self) -> bool {
        self.permits < self.limits.max_in_flight.max(1)
            && self.retired < self.limits.max_retired.max(1)
    }

    pub(super) fn promote(&mut self) {
        while !self.outgoing.permits.is_empty() && self.has_permit() {
            let permits = &mut self.outgoing.permits;
            let next = permits.pop_front(&mut Queued(&mut self.slots));
            let Some(key) = next.and_then(|index| self.slots.key_at(index)) else {
                return;
            };
            self.permits += 1;
            match self.slots.get_mut(key).map(|slot| &mut slot.what) {
                Some(What::Call(call)) => {
                    call.wire = Wire::Queued;
                    self.queue_back(key);
                }
                Some(What::Permit(reserved)) => {
                    *reserved = Reserved::Held;
                    self.woken.push(key);
                }
                _ => {}
            }
        }
    }

    pub(super) fn how_far(&mut self, key: Key) -> Sent {
        let flushed = self.flushed;
        match self.slots.call(key).map(|call| (call.wire, call.seq)) {
            Some((Wire::Permit | Wire::Queued, _)) | None => Sent::No,
            Some((Wire::Live, seq)) if seq <= flushed => Sent::Yes,
            Some(_) => Sent::Maybe,
        }
    }
}
