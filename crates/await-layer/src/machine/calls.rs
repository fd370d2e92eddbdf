//! Calls of ours: the four verbs of the pending table (begin, complete,
//! cancel, expire) and what the driver reports about the wire.

use super::Machine;
use super::arena::{Key, NONE};
use super::deadlines::Deadline;
use super::outcome::{Ending, Outcome};
use super::reason::CloseReason;
use super::slot::{Call, Queued, Rare, Slot, What};
use super::wire::Wire;

/// Why nothing new may start.
#[derive(Clone, Debug)]
pub(crate) enum BeginError {
    Closing,
    Closed(CloseReason),
    /// 2^32 - 1 of them are pending.
    Full,
}

/// What the caller's side brings.
pub(crate) struct NewCall<F, I> {
    pub(crate) frame: F,
    /// The instant it runs out.
    pub(crate) deadline: Option<u64>,
    pub(crate) rare: Option<Box<Rare<F, I>>>,
    /// The seat that is told instead of the call, if one waits for several.
    pub(crate) batch: Option<Key>,
}

/// A call that has begun.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begun {
    pub(crate) call: Key,
    /// Others have an outcome that they have not taken: they are about to be
    /// polled, and may well call again.
    pub(crate) company: bool,
}

/// What an incoming frame says about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Last,
    Part,
    End,
}

/// What became of an answer.
pub(crate) struct Matched<F> {
    /// The call had already ended.
    pub(crate) late: bool,
    /// The frame reached nobody.
    pub(crate) stray: Option<F>,
}

impl<F> Matched<F> {
    fn some(stray: Option<F>) -> Self {
        Self { late: false, stray }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    Waiting,
    Settled(Ending),
    Left,
}

impl<F, I, A> Machine<F, I, A> {
    /// Registers a call and queues its request.
    pub(crate) fn begin(
        &mut self,
        new: NewCall<F, I>,
    ) -> Result<Begun, (BeginError, NewCall<F, I>)> {
        if let Err(error) = self.admits() {
            return Err((error, new));
        }
        let permitted = self.has_permit();
        self.register(new, permitted)
    }

    /// Begins a call that may start, in the queue or in the line for a permit.
    #[inline]
    pub(super) fn register(
        &mut self,
        new: NewCall<F, I>,
        permitted: bool,
    ) -> Result<Begun, (BeginError, NewCall<F, I>)> {
        let NewCall {
            frame,
            deadline,
            rare,
            batch,
        } = new;
        let slot = Slot::new(
            Some(frame),
            What::Call(Call {
                deadline: Deadline::NONE,
                seq: 0,
                id: Key::NULL,
                rare,
                batch: batch.map_or(NONE, |seat| seat.index),
                caller: Caller::Waiting,
                wire: if permitted {
                    Wire::Queued
                } else {
                    Wire::Permit
                },
                retire: false,
            }),
        );
        let call = match self.slots.insert(slot) {
            Ok(call) => call,
            Err(slot) => {
                let Slot {
                    frame: Some(frame),
                    what: What::Call(Call { rare, .. }),
                    ..
                } = slot
                else {
                    #[expect(clippy::unreachable, reason = "a matter of this function alone")]
                    {
                        unreachable!("it was put together above")
                    }
                };
                let new = NewCall {
                    frame,
                    deadline,
                    rare,
                    batch,
                };
                return Err((BeginError::Full, new));
            }
        };
        if permitted {
            self.permits += 1;
            self.queue_back(call);
        } else {
            let permits = &mut self.outgoing.permits;
            permits.push_back(&mut Queued(&mut self.slots), call.index);
        }
        let seat = batch.and_then(|seat| self.slots.get_mut(seat));
        if let Some(What::Seat { calls }) = seat.map(|slot| &mut slot.what) {
            *calls += 1;
        }
        if let Some(at) = deadline {
            self.deadlines.insert(&mut self.slots, call.index, at);
        }
        self.in_flight += 1;
        self.stats.calls += 1;
        let company = self.untaken > 0;
        Ok(Begun { call, company })
    }

    /// What has come for a call, if anything. Once it yields an outcome the
    /// key is spent.
    pub(crate) fn take(&mut self, key: Key) -> Option<Outcome<F>> {
        let slot = self.slots.get_mut(key)?;
        let What::Call(call) = &mut slot.what else {
            return None;
        };
        let Caller::Settled(ending) = call.caller else {
            return None;
        };
        call.caller = Caller::Left;
        let frame = slot.frame.take();
        let rare = call.rare.take();
        self.untaken -= 1;
        if call.wire == Wire::Gone {
            self.slots.clear(key);
        }
        match (ending, frame) {
            (Ending::Reply, Some(frame)) => Some(Outcome::Reply(frame)),
            (ending, frame) => Some(self.failure(ending, frame, rare)),
        }
    }

    /// The next part of a streamed reply. Parts come before the outcome.
    pub(crate) fn take_part(&mut self, key: Key) -> Option<F> {
        self.slots.call(key)?.rare.as_mut()?.parts.as_mut()?.pop()
    }

    /// The caller has gone. Returns what must be dropped outside the lock.
    pub(crate) fn cancel(&mut self, key: Key) -> (Option<F>, Option<Box<Rare<F, I>>>) {
        let Some(slot) = self.slots.get_mut(key) else {
            return (None, None);
        };
        let What::Call(call) = &mut slot.what else {
            return (None, None);
        };
        let dropped = (slot.frame.take(), call.rare.take());
        match std::mem::replace(&mut call.caller, Caller::Left) {
            Caller::Waiting => {
                self.in_flight -= 1;
                self.stats.cancelled += 1;
                self.deadlines.remove(&mut self.slots, key.index);
            }
            Caller::Settled(_) => self.untaken -= 1,
            Caller::Left => {}
        }
        self.leave_wire(key);
        self.free_if_done(key);
        dropped
    }

    /// An answer came for a call that the directory knows.
    pub(crate) fn answer(
        &mut self,
        key: Key,
        kind: Answer,
        frame: F,
        size: usize,
        now: u64,
    ) -> Matched<F> {
        let Some((place, call)) = self.slots.waiting(key) else {
            return self.late_answer(key, kind, frame);
        };
        self.unmatched.replenish();
        let parts = call.rare.as_mut().and_then(|rare| rare.parts.as_mut());
        let (ending, stray) = match (kind, parts) {
            (Answer::Last, None) => {
                *place = Some(frame);
                (Ending::Reply, None)
            }
            (Answer::Last, Some(parts)) => match parts.push(frame, size, &self.limits) {
                Ok(()) => (Ending::Ended, None),
                Err(frame) => (Ending::Overrun, Some(frame)),
            },
            (Answer::End, _) => (Ending::Ended, Some(frame)),
            (Answer::Part, Some(parts)) => match parts.push(frame, size, &self.limits) {
                Ok(()) => {
                    self.restart_deadline(key, now);
                    return Matched::some(None);
                }
                Err(frame) => (Ending::Overrun, Some(frame)),
            },
            (Answer::Part, None) => (Ending::Streamed, Some(frame)),
        };
        if kind == Answer::Part {
            self.settle(key, ending);
            self.leave_wire(key);
            return Matched::some(stray);
        }
        self.stats.replied += 1;
        if call.wire == Wire::Live {
            // The usual case, with the slot at hand.
            call.caller = Caller::Settled(ending);
            call.wire = Wire::Gone;
            self.permits -= 1;
            self.is_settled(key);
            self.promote();
        } else {
            self.settle(key, ending);
            self.wire_is_gone(key);
        }
        Matched::some(stray)
    }

    /// Ends every call whose time is up, and every quarantine. The directory's
    /// places of the ids that are free again go to `released`.
    pub(crate) fn expire(&mut self, now: u64, released: &mut Vec<Key>) {
        while let Some(index) = self.deadlines.pop_due(&mut self.slots, now) {
            let Some(key) = self.slots.key_at(index) else {
                continue;
            };
            let Some(call) = self.slots.call(key) else {
                continue;
            };
            if call.wire == Wire::Retired {
                released.push(call.id);
                self.wire_is_gone(key);
                continue;
            }
            if call.caller != Caller::Waiting {
                continue;
            }
            self.stats.expired += 1;
            let sent = self.how_far(key);
            self.leave_wire(key);
            self.settle(key, Ending::Expired(sent));
        }
    }

    /// Fails every call.
    pub(super) fn close_calls(&mut self, keys: &[Key]) {
        for key in keys {
            let sent = self.how_far(*key);
            let Some(call) = self.slots.call(*key) else {
                continue;
            };
            if call.caller == Caller::Waiting {
                self.settle(*key, Ending::Closed(sent));
            }
            self.wire_is_gone(*key);
        }
    }

    fn late_answer(&mut self, key: Key, kind: Answer, frame: F) -> Matched<F> {
        if kind == Answer::Part {
            self.stats.late_parts += 1;
            return Matched::some(Some(frame));
        }
        self.stats.late += 1;
        self.wire_is_gone(key);
        Matched {
            late: true,
            stray: Some(frame),
        }
    }

    pub(super) fn settle(&mut self, key: Key, ending: Ending) {
        if let Some(call) = self.slots.call(key) {
            call.caller = Caller::Settled(ending);
            self.is_settled(key);
        }
    }

    fn is_settled(&mut self, key: Key) {
        self.deadlines.remove(&mut self.slots, key.index);
        self.in_flight -= 1;
        self.untaken += 1;
        self.wake(key);
    }

    /// Whoever waits for the call is to be told; of a batch, by the last.
    fn wake(&mut self, key: Key) {
        let batch = self.slots.call(key).map_or(NONE, |call| call.batch);
        if batch == NONE {
            self.woken.push(key);
            return;
        }
        let seat = self.slots.at_mut(batch).map(|slot| &mut slot.what);
        if let Some(What::Seat { calls }) = seat {
            *calls = calls.saturating_sub(1);
            if *calls == 0 {
                self.woken.extend(self.slots.key_at(batch));
            }
        }
    }

    /// Whether every call of a batch has an outcome.
    pub(crate) fn batch_has_ended(&self, seat: Key) -> bool {
        match self.slots.get(seat).map(|slot| &slot.what) {
            Some(What::Seat { calls }) => *calls == 0,
            _ => true,
        }
    }

    fn restart_deadline(&mut self, key: Key, now: u64) {
        self.woken.push(key);
        let Some(call) = self.slots.call(key) else {
            return;
        };
        let parts = call.rare.as_ref().and_then(|rare| rare.parts.as_ref());
        if let Some(timeout) = parts.and_then(|parts| parts.timeout) {
            self.deadlines.remove(&mut self.slots, key.index);
            let at = now.saturating_add(timeout);
            self.deadlines.insert(&mut self.slots, key.index, at);
        }
    }
}
