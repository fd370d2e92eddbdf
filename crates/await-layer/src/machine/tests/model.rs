//! The same rules, told naively.

use super::*;

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

pub(super) fn ended(outcome: &Outcome<u32>) -> How {
    match outcome {
        Outcome::Reply(_) => How::Reply,
        Outcome::Ended => How::End,
        Outcome::Streamed => How::Streamed,
        Outcome::Overrun => How::Overrun,
        Outcome::Expired { sent, .. } => How::Expired(*sent),
        Outcome::Closed { sent, .. } => How::Closed(*sent),
        Outcome::Refused { .. } => How::Refused,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    Permit,
    Queued,
    Live { flushed: bool, retire: bool },
    Leaving { retire: bool },
    Retired { until: u64 },
    Gone,
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) key: Key,
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
}

/// The same rules, told naively.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) now: u64,
    pub(super) calls: Vec<Call>,
    /// Requests and cancels, by call.
    pub(super) queue: Vec<(usize, bool)>,
    pub(super) draining: bool,
    pub(super) closed: bool,
}

pub(super) const MAX_IN_FLIGHT: usize = 4;
pub(super) const MAX_RETIRED: usize = 2;
pub(super) const MAX_PARTS: usize = 2;
pub(super) const QUARANTINE: u64 = 50;

impl Model {
    pub(super) fn promote(&mut self) {
        loop {
            let busy = |call: &&Call| {
                matches!(
                    call.wire,
                    Wire::Queued | Wire::Live { .. } | Wire::Leaving { .. }
                )
            };
            let retired = |call: &&Call| matches!(call.wire, Wire::Retired { .. });
            let full = self.calls.iter().filter(busy).count() >= MAX_IN_FLIGHT
                || self.calls.iter().filter(retired).count() >= MAX_RETIRED;
            let waiting = self.calls.iter().position(|call| call.wire == Wire::Permit);
            match waiting {
                Some(call) if !full => {
                    self.calls[call].wire = Wire::Queued;
                    self.queue.push((call, false));
                }
                _ => return,
            }
        }
    }

    /// Requests leave in the order in which they got their permit. Cancels of
    /// calls that expire at one instant come in any order.
    pub(super) fn dequeue(&mut self, which: impl Fn(&(usize, bool)) -> bool) -> usize {
        let place = self.queue.iter().position(which).expect("queued");
        self.queue.remove(place).0
    }

    /// The caller is done with it before the wire is.
    pub(super) fn leave(&mut self, call: usize) {
        match self.calls[call].wire {
            Wire::Permit | Wire::Queued => {
                self.queue.retain(|entry| *entry != (call, false));
                self.calls[call].wire = Wire::Gone;
            }
            Wire::Live { retire, .. } => {
                self.calls[call].wire = Wire::Leaving { retire };
                self.queue.push((call, true));
            }
            _ => {}
        }
    }

    pub(super) fn answer(&mut self, index: usize, kind: Answer) {
        let now = self.now;
        let call = &mut self.calls[index];
        if !call.waits() {
            if kind != Answer::Part {
                call.wire = Wire::Gone;
                self.queue.retain(|entry| *entry != (index, true));
            }
            return;
        }
        let full = call.parts >= MAX_PARTS;
        match (kind, call.streams) {
            (Answer::Part, true) if !full => {
                call.parts += 1;
                call.deadline = call.timeout.map(|timeout| now + timeout);
                return;
            }
            (Answer::Part, streams) => {
                call.end(if streams { How::Overrun } else { How::Streamed });
                self.leave(index);
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
                self.leave(index);
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
}
