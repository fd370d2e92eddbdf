//! The same rules, told naively.

use super::budget::Budget;
use super::queue::Item;
use super::reserving::Reservation;
use super::*;
use crate::Refusal;
use crate::machine::arena::Key;

/// How a call ended, without frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Reply,
    End,
    Streamed,
    Overrun,
    Expired(Sent),
    Closed(Sent),
    Refused,
}

pub(super) fn ended(outcome: &Outcome<Frame>) -> How {
    let failure = match outcome {
        Outcome::Reply(_) => return How::Reply,
        Outcome::Failed(failure) => failure,
    };
    match **failure {
        Failure::Ended => How::End,
        Failure::Streamed => How::Streamed,
        Failure::Overrun => How::Overrun,
        Failure::Expired { sent, .. } => How::Expired(sent),
        Failure::Closed { sent, .. } => How::Closed(sent),
        Failure::Refused { .. } => How::Refused,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    Permit,
    Queued,
    Writing,
    Live { flushed: bool, retire: bool },
    Leaving { retire: bool },
    Retired { until: u64 },
    Gone,
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) key: Key,
    /// Its place in the line, among reservations and its like.
    pub(super) number: u64,
    /// Also the number of its frame.
    pub(super) chosen: Option<u64>,
    /// `Some(None)` while the caller waits.
    pub(super) caller: Option<Option<How>>,
    pub(super) wire: Wire,
    pub(super) deadline: Option<u64>,
    pub(super) timeout: Option<u64>,
    pub(super) streams: bool,
    pub(super) parts: usize,
}

impl Call {
    pub(super) fn waits(&self) -> bool {
        self.caller == Some(None)
    }

    pub(super) fn sent(&self) -> Sent {
        match self.wire {
            Wire::Permit | Wire::Queued => Sent::No,
            Wire::Live { flushed: true, .. } => Sent::Yes,
            _ => Sent::Maybe,
        }
    }

    pub(super) fn end(&mut self, how: How) {
        self.caller = Some(Some(how));
    }

    pub(super) fn permitted(&self) -> bool {
        matches!(
            self.wire,
            Wire::Queued | Wire::Writing | Wire::Live { .. } | Wire::Leaving { .. }
        )
    }

    pub(super) fn retired(&self) -> bool {
        matches!(self.wire, Wire::Retired { .. })
    }

    pub(super) fn lives(&self) -> bool {
        self.caller.is_some() || self.wire != Wire::Gone
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Queued,
    Writing,
    Flushing,
    Sent,
    Refused,
    Closed(Sent),
    /// Nothing is left of it.
    Gone,
}

#[derive(Debug)]
pub(super) struct Send {
    pub(super) key: Key,
    pub(super) stage: Stage,
    pub(super) answers: Option<(Key, ReplyKind)>,
    pub(super) left: bool,
}

impl Send {
    pub(super) fn is_owed(&self) -> bool {
        matches!(self.answers, Some((_, kind)) if kind != ReplyKind::Part)
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Sent | Stage::Refused | Stage::Closed(_))
    }

    pub(super) fn end(&mut self, stage: Stage) {
        self.stage = if self.left { Stage::Gone } else { stage };
    }
}

#[derive(Debug)]
pub(super) struct Ask {
    pub(super) key: Key,
    pub(super) taken: bool,
    pub(super) withdrawn: bool,
    pub(super) answered: bool,
    /// What its handler left it with.
    pub(super) declined: Option<Refusal>,
    pub(super) party: Option<Key>,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) now: u64,
    pub(super) calls: Vec<Call>,
    pub(super) sends: Vec<Send>,
    pub(super) asks: Vec<Ask>,
    pub(super) reservations: Vec<Reservation>,
    pub(super) queue: Vec<Item>,
    /// Off the queue.
    pub(super) staged: Vec<Item>,
    /// Bytes of the loose frames that are not written, by number.
    pub(super) loose: Vec<(u64, usize)>,
    pub(super) refusals: usize,
    pub(super) written: u64,
    pub(super) flushed: u64,
    pub(super) stats: Stats,
    pub(super) budget: Budget,
    /// Until when, once it drains.
    pub(super) draining: Option<u64>,
    pub(super) closed: bool,
}

pub(super) const MAX_IN_FLIGHT: usize = 4;
pub(super) const MAX_RETIRED: usize = 2;
pub(super) const MAX_PARTS: usize = 2;
pub(super) const MAX_REQUESTS: usize = 3;
pub(super) const MAX_REFUSALS: usize = 2;
pub(super) const QUARANTINE: u64 = 50;
pub(super) const CLOSE_TIMEOUT: u64 = 45;
pub(super) const UNMATCHED: usize = 2;
pub(super) const MAX_OUTBOUND: usize = 3;
/// Four empty frames, or two of 128 bytes.
pub(super) const MAX_OUTBOUND_BYTES: usize = 4 * 128;

impl Model {
    pub(super) fn call(&mut self, key: Key) -> &mut Call {
        let call = self.calls.iter_mut().find(|call| call.key == key);
        call.expect("a call")
    }

    pub(super) fn send(&mut self, key: Key) -> &mut Send {
        let send = self.sends.iter_mut().find(|send| send.key == key);
        send.expect("a send")
    }

    pub(super) fn count(&self, which: impl Fn(&Call) -> bool) -> usize {
        self.calls.iter().filter(|call| which(call)).count()
    }

    /// The caller is done with it before the wire is.
    pub(super) fn leave(&mut self, key: Key) {
        let call = self.call(key);
        match call.wire {
            Wire::Permit | Wire::Queued => {
                call.wire = Wire::Gone;
                self.queue.retain(|item| *item != Item::Request(key));
            }
            Wire::Live { retire, .. } => {
                call.wire = Wire::Leaving { retire };
                self.queue.push(Item::Cancel(key));
                self.budget.give_up();
            }
            _ => {}
        }
    }

    pub(super) fn answer(&mut self, key: Key, kind: Answer) {
        let now = self.now;
        if !self.call(key).waits() {
            if kind == Answer::Part {
                self.stats.late_parts += 1;
            } else {
                self.stats.late += 1;
                self.call(key).wire = Wire::Gone;
                self.queue.retain(|item| *item != Item::Cancel(key));
            }
            return;
        }
        self.budget.matched();
        self.stats.replied += u64::from(kind != Answer::Part);
        let call = self.call(key);
        let full = call.parts >= MAX_PARTS;
        match (kind, call.streams) {
            (Answer::Part, true) if !full => {
                call.parts += 1;
                call.deadline = call.timeout.map(|timeout| now + timeout);
                return;
            }
            (Answer::Part, streams) => {
                call.end(if streams { How::Overrun } else { How::Streamed });
                self.leave(key);
                return;
            }
            (Answer::Last, true) if full => call.end(How::Overrun),
            (Answer::Last, true) => {
                call.parts += 1;
                call.end(How::End);
            }
            (Answer::Last, false) => call.end(How::Reply),
            (Answer::End, _) => call.end(How::End),
        }
        call.wire = Wire::Gone;
    }

    pub(super) fn expire(&mut self) {
        for index in 0..self.calls.len() {
            let call = &mut self.calls[index];
            if matches!(call.wire, Wire::Retired { until } if until <= self.now) {
                call.wire = Wire::Gone;
            }
            if call.waits() && call.deadline.is_some_and(|at| at <= self.now) {
                call.end(How::Expired(call.sent()));
                self.stats.expired += 1;
                let key = call.key;
                self.leave(key);
            }
        }
    }

    pub(super) fn next_deadline(&self) -> Option<u64> {
        let deadlines = self.calls.iter().filter_map(|call| match call.wire {
            Wire::Retired { until } => Some(until),
            _ if call.waits() => call.deadline,
            _ => None,
        });
        deadlines.min()
    }

    pub(super) fn is_open(&self) -> bool {
        self.draining.is_none() && !self.closed
    }

    pub(super) fn drains(&self) -> bool {
        self.draining.is_some() && !self.closed
    }

    /// Back to the front, but for what nobody wants any more.
    pub(super) fn unstage(&mut self) {
        let mut front = Vec::new();
        for item in std::mem::take(&mut self.staged) {
            let wanted = match item {
                Item::Request(key) => {
                    let call = self.call(key);
                    let wanted = call.waits();
                    call.wire = if wanted { Wire::Queued } else { Wire::Gone };
                    wanted
                }
                Item::Cancel(key) => matches!(self.call(key).wire, Wire::Leaving { .. }),
                Item::Send(key) => {
                    let send = self.send(key);
                    let wanted = !send.left || send.is_owed();
                    send.stage = if wanted { Stage::Queued } else { Stage::Gone };
                    wanted
                }
                Item::Loose(_) | Item::Decline(_) | Item::Refuse(_) => true,
            };
            if wanted {
                front.push(item);
            }
        }
        self.queue.splice(..0, front);
    }

    pub(super) fn close(&mut self) {
        for call in &mut self.calls {
            if call.waits() {
                call.end(How::Closed(call.sent()));
            }
            call.wire = Wire::Gone;
        }
        for send in &mut self.sends {
            match send.stage {
                Stage::Queued => send.end(Stage::Closed(Sent::No)),
                Stage::Writing | Stage::Flushing => send.end(Stage::Closed(Sent::Maybe)),
                _ => {}
            }
        }
        self.refuse_reservations();
        self.asks.clear();
        self.queue.clear();
        self.closed = true;
    }
}
