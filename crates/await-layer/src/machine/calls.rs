//! Calls of ours: the four verbs of the pending table (begin, complete,
//! cancel, expire) and what the driver reports about the wire.

use super::arena::Key;
use super::outgoing::{Entry, Item};
use super::parts::Parts;
use super::reason::{CloseReason, Refused, Sent};
use super::wire::Wire;
use super::{Discarded, Machine};

/// How a call ended.
#[derive(Debug)]
pub(crate) enum Outcome<F> {
    Reply(F),
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
        frame: F,
    },
}

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
    pub(crate) chosen: Option<I>,
    /// The instant it runs out, and how long it had.
    pub(crate) deadline: Option<(u64, u64)>,
    /// Takes parts instead of one reply.
    pub(crate) streams: bool,
    pub(crate) party: Key,
}

/// What an incoming frame says about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Last,
    Part,
    End,
}

/// What the driver does after an answer.
pub(crate) struct Matched<F> {
    /// The id is free again.
    pub(crate) release: bool,
    /// The call had already ended.
    pub(crate) late: bool,
    /// The frame reached nobody.
    pub(crate) stray: Option<F>,
}

impl<F> Matched<F> {
    /// More may come for this id.
    fn live(stray: Option<F>) -> Self {
        Self {
            release: false,
            late: false,
            stray,
        }
    }

    /// Nothing more may come for this id.
    fn last(stray: Option<F>) -> Self {
        Self {
            release: true,
            late: false,
            stray,
        }
    }
}

pub(super) enum Caller<F> {
    Waiting,
    Settled(Outcome<F>),
    Left,
}

pub(super) struct Slot<F> {
    pub(super) caller: Caller<F>,
    pub(super) wire: Wire,
    pub(super) party: Key,
    pub(super) deadline: Key,
    pub(super) parts: Option<Box<Parts<F>>>,
}

impl<F, I, A> Machine<F, I, A> {
    /// Registers a call and queues its request.
    pub(crate) fn begin(&mut self, new: NewCall<F, I>) -> Result<Key, (BeginError, NewCall<F, I>)> {
        if let Err(error) = self.admits() {
            return Err((error, new));
        }
        let timeout = new.deadline.map(|(_, timeout)| timeout);
        let slot = Slot {
            caller: Caller::Waiting,
            wire: Wire::Gone,
            party: new.party,
            deadline: Key::NULL,
            parts: new.streams.then(|| Box::new(Parts::new(timeout))),
        };
        let Ok(call) = self.calls.insert(slot) else {
            return Err((BeginError::Full, new));
        };
        let item = Item::Request {
            call,
            chosen: new.chosen,
        };
        let wire = if self.has_permit() {
            self.permits += 1;
            self.outgoing
                .push(item, Some(new.frame), 0)
                .map(Wire::Queued)
        } else {
            self.outgoing
                .push_waiting(item, new.frame)
                .map(Wire::Permit)
        };
        let deadline = new
            .deadline
            .and_then(|(at, timeout)| self.deadlines.insert(at, timeout, call));
        if let Some(slot) = self.calls.get_mut(call) {
            slot.wire = wire.unwrap_or(Wire::Gone);
            slot.deadline = deadline.unwrap_or(Key::NULL);
        }
        self.in_flight += 1;
        self.stats.calls += 1;
        Ok(call)
    }

    /// What has come for a call, if anything. Once it yields an outcome the
    /// key is spent.
    pub(crate) fn take(&mut self, call: Key) -> Option<Outcome<F>> {
        let slot = self.calls.get_mut(call)?;
        if !matches!(slot.caller, Caller::Settled(_)) {
            return None;
        }
        let Caller::Settled(outcome) = std::mem::replace(&mut slot.caller, Caller::Left) else {
            return None;
        };
        self.free_if_done(call);
        Some(outcome)
    }

    /// The next part of a streamed reply. Parts come before the outcome.
    pub(crate) fn take_part(&mut self, call: Key) -> Option<F> {
        self.calls.get_mut(call)?.parts.as_mut()?.pop()
    }

    /// The caller has gone. Returns what must be dropped outside the lock.
    pub(crate) fn cancel(&mut self, call: Key) -> (Option<Entry<F, I, A>>, Option<Outcome<F>>) {
        let Some(slot) = self.calls.get_mut(call) else {
            return (None, None);
        };
        let outcome = match std::mem::replace(&mut slot.caller, Caller::Left) {
            Caller::Waiting => {
                self.in_flight -= 1;
                self.stats.cancelled += 1;
                self.deadlines.remove(slot.deadline);
                None
            }
            Caller::Settled(outcome) => Some(outcome),
            Caller::Left => None,
        };
        if let Some(parts) = slot.parts.take() {
            self.discarded.push(Discarded::Parts(parts));
        }
        let entry = self.leave_wire(call);
        self.free_if_done(call);
        (entry, outcome)
    }

    /// An answer came for a call that the directory knows.
    pub(crate) fn answer(
        &mut self,
        call: Key,
        kind: Answer,
        frame: F,
        size: usize,
        now: u64,
    ) -> Matched<F> {
        let Some(slot) = self.calls.get_mut(call) else {
            return Matched::last(Some(frame));
        };
        if !matches!(slot.caller, Caller::Waiting) {
            return self.late_answer(call, kind, frame);
        }
        self.unmatched.replenish();
        match (kind, &mut slot.parts) {
            (Answer::Last, None) => {
                self.stats.replied += 1;
                self.settle(call, Outcome::Reply(frame))
            }
            (Answer::Last, Some(parts)) => {
                self.stats.replied += 1;
                let (outcome, stray) = match parts.push(frame, size, &self.limits) {
                    Ok(()) => (Outcome::Ended, None),
                    Err(frame) => (Outcome::Overrun, Some(frame)),
                };
                self.settle(call, outcome);
                self.wire_is_gone(call);
                return Matched::last(stray);
            }
            (Answer::End, _) => {
                self.stats.replied += 1;
                self.settle(call, Outcome::Ended)
            }
            (Answer::Part, Some(parts)) => match parts.push(frame, size, &self.limits) {
                Ok(()) => {
                    self.restart_deadline(call, now);
                    return Matched::live(None);
                }
                Err(frame) => {
                    self.settle(call, Outcome::Overrun);
                    self.leave_wire(call);
                    return Matched::live(Some(frame));
                }
            },
            (Answer::Part, None) => {
                self.settle(call, Outcome::Streamed);
                self.leave_wire(call);
                return Matched::live(Some(frame));
            }
        }
        self.wire_is_gone(call);
        Matched::last(None)
    }

    /// Ends every call whose time is up, and every quarantine. The calls whose
    /// ids are free again go to `released`.
    pub(crate) fn expire(&mut self, now: u64, released: &mut Vec<Key>) {
        while let Some(call) = self.deadlines.pop_due(now) {
            let Some(slot) = self.calls.get_mut(call) else {
                continue;
            };
            slot.deadline = Key::NULL;
            if matches!(slot.wire, Wire::Retired) {
                released.push(call);
                self.wire_is_gone(call);
                continue;
            }
            if !matches!(slot.caller, Caller::Waiting) {
                continue;
            }
            self.stats.expired += 1;
            let sent = self.how_far(call);
            let entry = self.leave_wire(call);
            let frame = self.discard(entry);
            self.settle(call, Outcome::Expired { sent, frame });
        }
    }

    /// Fails every call. The entries are dropped outside the lock.
    pub(super) fn close_calls(&mut self, reason: &CloseReason) {
        let calls: Vec<Key> = self.calls.keys().collect();
        for call in calls {
            let sent = self.how_far(call);
            let Some(slot) = self.calls.get_mut(call) else {
                continue;
            };
            let entry = match slot.wire {
                Wire::Permit(key) => self.outgoing.remove_waiting(key),
                Wire::Queued(key) => self.outgoing.remove(key),
                _ => None,
            };
            let waiting = matches!(slot.caller, Caller::Waiting);
            let frame = self.discard(entry);
            if waiting {
                let reason = reason.clone();
                self.settle(
                    call,
                    Outcome::Closed {
                        reason,
                        sent,
                        frame,
                    },
                );
            }
            self.wire_is_gone(call);
        }
    }

    fn late_answer(&mut self, call: Key, kind: Answer, frame: F) -> Matched<F> {
        let stray = Some(frame);
        if kind == Answer::Part {
            self.stats.late_parts += 1;
            return Matched::live(stray);
        }
        self.stats.late += 1;
        if let Some(Wire::Leaving { entry, .. }) = self.calls.get(call).map(|slot| slot.wire) {
            self.outgoing.remove(entry);
        }
        self.wire_is_gone(call);
        Matched {
            late: true,
            ..Matched::last(stray)
        }
    }

    pub(super) fn settle(&mut self, call: Key, outcome: Outcome<F>) {
        if let Some(slot) = self.calls.get_mut(call) {
            slot.caller = Caller::Settled(outcome);
            self.deadlines.remove(slot.deadline);
            slot.deadline = Key::NULL;
            self.in_flight -= 1;
            self.woken.push(slot.party);
        }
    }

    fn restart_deadline(&mut self, call: Key, now: u64) {
        let Some(slot) = self.calls.get_mut(call) else {
            return;
        };
        self.woken.push(slot.party);
        if let Some(timeout) = slot.parts.as_ref().and_then(|parts| parts.timeout) {
            self.deadlines.remove(slot.deadline);
            let at = now.saturating_add(timeout);
            slot.deadline = self
                .deadlines
                .insert(at, timeout, call)
                .unwrap_or(Key::NULL);
        }
    }
}
