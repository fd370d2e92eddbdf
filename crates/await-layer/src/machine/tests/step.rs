//! One operation on both, and what can be seen then.

use std::collections::VecDeque;

use super::frame::with;
use super::model::{Call, Model, Send, Stage, Wire, ended};
use super::queue::{Item, item_of, queue_of};
use super::*;
use crate::machine::arena::Key;

pub(super) struct Pair {
    pub(super) subject: Subject,
    pub(super) model: Model,
    pub(super) staged: VecDeque<Write<Frame, u64, u64>>,
    /// Numbers frames and ids.
    next: u64,
    /// Those who waited for a request to be withdrawn, when it was.
    pub(super) told: Vec<Key>,
}

/// The number of the frame of a send.
pub(super) const SENT: u64 = u32::MAX as u64;

impl Pair {
    pub(super) fn new(subject: Subject) -> Self {
        Self {
            subject,
            model: Model::default(),
            staged: VecDeque::new(),
            next: 0,
            told: Vec::new(),
        }
    }

    /// Runs one operation on both and compares what can be seen.
    pub(super) fn step(&mut self, op: Op) {
        let old = self.model.queue.clone();
        let waited: Vec<Key> = self.waiting();
        self.run(op);
        self.model.promote();
        let came_before = |item: &Item| old.contains(item) || op_puts_back(op);
        let seen = queue_of(&mut self.subject);
        self.same_queue(&seen, came_before);
        let told = self.subject.count_woken();
        let due = !seen.is_empty() || self.model.drains() || told > 0;
        assert_eq!(self.subject.is_due(), due);
        let woken: Vec<Key> = self.subject.woken().collect();
        assert_eq!(woken.len(), told);
        let waits = self.waiting();
        for key in waited.iter().filter(|key| !waits.contains(key)) {
            assert!(woken.contains(key) || self.went(*key), "{op:?}: not told");
        }
        for party in std::mem::take(&mut self.told) {
            assert!(woken.contains(&party), "{op:?}: {party:?} is not told");
        }
        self.see_reservations();
        self.counts();
    }

    pub(super) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn run(&mut self, op: Op) {
        match op {
            Op::Reserve => self.reserve(),
            Op::GiveBack(reservation) => self.give_back(reservation),
            Op::BeginReserved(reservation) => self.begin_reserved(reservation),
            Op::Begin { timeout, streams } => self.begin(timeout, streams),
            Op::Send => {
                let begun = with(&mut self.subject, |subject| subject.begin_send(Frame(SENT)));
                assert_eq!(begun.is_ok(), self.model.is_open());
                if let Ok(key) = begun {
                    self.sends(key, None);
                }
            }
            Op::Loose { size } => {
                let number = self.number();
                let pushed = with(&mut self.subject, |subject| {
                    subject.push_loose(Frame(number), size)
                });
                assert_eq!(pushed.is_ok(), self.model.is_open());
                if pushed.is_ok() {
                    self.model.queue.push(Item::Loose(number));
                    self.model.loose.push((number, size));
                }
            }
            Op::Request { taken } => self.request(taken),
            Op::TakeRequest(ask) => self.take_request(ask),
            Op::Withdraw(ask) => self.withdraw(ask),
            Op::Watch { ask, waits } => self.watch(ask, waits),
            // Nothing is read any more once it is closed.
            Op::Refuse { .. } | Op::Stray { .. } if self.model.closed => {}
            Op::Refuse { said } => self.refuse(said),
            Op::Stray { kind, ours } => self.stray(kind, ours),
            Op::Reply { ask, kind } => self.reply(ask, kind),
            Op::DropResponder(ask) => self.drop_responder(ask),
            Op::Stage(max) => self.stage(max),
            Op::Write { refuse, retire } => self.write(refuse, retire),
            Op::Unstage => self.unstage(),
            Op::Flush => {
                with(&mut self.subject, Machine::flushed);
                self.model.flushed = self.model.written;
                for call in &mut self.model.calls {
                    if let Wire::Live { flushed, .. } = &mut call.wire {
                        *flushed = true;
                    }
                }
                for send in &mut self.model.sends {
                    if send.stage == Stage::Flushing {
                        send.end(Stage::Sent);
                    }
                }
            }
            Op::Answer { call, kind } => self.answer(call, kind),
            Op::Advance(time) => {
                self.model.now += time;
                let now = self.model.now;
                with(&mut self.subject, |subject| {
                    subject.expire(now, &mut Vec::new())
                });
                self.model.expire();
            }
            Op::Cancel(call) => {
                if let Some(call) = self
                    .model
                    .calls
                    .get_mut(call)
                    .filter(|c| c.caller.is_some())
                {
                    let key = call.key;
                    self.model.stats.cancelled += u64::from(call.waits());
                    call.caller = None;
                    drop(with(&mut self.subject, |subject| subject.cancel(key)));
                    self.model.leave(key);
                }
            }
            Op::Take(call) => self.take(call),
            Op::DropSend(send) => {
                let Some(send) = self.model.sends.get_mut(send).filter(|send| !send.left) else {
                    return;
                };
                drop(with(&mut self.subject, |subject| {
                    subject.drop_send(send.key)
                }));
                let key = send.key;
                send.left = true;
                if send.is_done() || (send.stage == Stage::Queued && !send.is_owed()) {
                    send.stage = Stage::Gone;
                    self.model.queue.retain(|item| *item != Item::Send(key));
                }
            }
            Op::TakeSend(send) => {
                let Some(send) = self.model.sends.get_mut(send).filter(|send| !send.left) else {
                    return;
                };
                let taken = with(&mut self.subject, |subject| subject.take_send(send.key));
                let stage = taken.map(|outcome| match outcome {
                    SendOutcome::Sent => Stage::Sent,
                    SendOutcome::Refused { .. } => Stage::Refused,
                    SendOutcome::Closed { sent, .. } => Stage::Closed(sent),
                    SendOutcome::Withdrawn { .. } => panic!("nothing was withdrawn"),
                });
                assert_eq!(stage, send.is_done().then_some(send.stage));
                if stage.is_some() {
                    send.stage = Stage::Gone;
                }
            }
            Op::Drain => {
                let (now, opens) = (self.model.now, self.model.is_open());
                let drains = with(&mut self.subject, |subject| subject.drain(now));
                assert_eq!(drains, opens);
                if opens {
                    self.model.draining = Some(now + CLOSE_TIMEOUT);
                    self.model.refuse_reservations();
                }
            }
            Op::Close { lost } => {
                if lost && self.staged.pop_front().is_some() {
                    self.model.staged.remove(0);
                }
                self.unstage();
                // What is put back may make room for a reservation.
                self.model.promote();
                let reason = CloseReason::new(Cause::Eof, "");
                with(&mut self.subject, |subject| subject.close(&reason));
                if !self.model.closed {
                    let asks = self.model.asks.iter();
                    self.told = asks.filter_map(|ask| ask.party).collect();
                    self.model.close();
                }
            }
        }
    }

    fn begin(&mut self, timeout: Option<u64>, streams: bool) {
        let number = self.number();
        let chosen = (number % 3 == 0).then_some(number);
        let deadline = timeout.map(|timeout| self.model.now + timeout);
        let new = NewCall {
            frame: Frame(number),
            deadline,
            rare: (streams || chosen.is_some())
                .then(|| Box::new(Rare::new(chosen, streams.then_some(timeout)))),
            batch: None,
        };
        let begun = with(&mut self.subject, |subject| subject.begin(new));
        assert_eq!(begun.is_ok(), self.model.is_open());
        if let Ok(begun) = begun {
            self.model.stats.calls += 1;
            let untaken = |call: &Call| matches!(call.caller, Some(Some(_)));
            assert_eq!(begun.company, self.model.calls.iter().any(untaken));
            self.model.calls.push(Call {
                key: begun.call,
                number,
                chosen,
                caller: Some(None),
                wire: Wire::Permit,
                deadline,
                timeout,
                streams,
                parts: 0,
            });
        }
    }

    pub(super) fn sends(&mut self, key: Key, answers: Option<(Key, ReplyKind)>) {
        self.model.queue.push(Item::Send(key));
        self.model.sends.push(Send {
            key,
            stage: Stage::Queued,
            answers,
            left: false,
        });
    }

    fn stage(&mut self, max: usize) {
        if !self.staged.is_empty() {
            return;
        }
        let staged = &mut self.staged;
        with(&mut self.subject, |subject| subject.stage(staged, max));
        let max = max.min(self.model.queue.len());
        self.model.staged = self.model.queue.drain(..max).collect();
        let items: Vec<_> = self.staged.iter().map(item_of).collect();
        assert_eq!(items, self.model.staged);
        for write in &self.staged {
            match write {
                Write::Request { call, chosen, .. } => {
                    let call = self.model.call(*call);
                    assert_eq!(*chosen, call.chosen, "the chosen id got lost");
                    call.wire = Wire::Writing;
                }
                Write::Plain { send, .. } | Write::Reply { send, .. } => {
                    self.model.send(*send).stage = Stage::Writing;
                }
                _ => {}
            }
        }
    }

    fn unstage(&mut self) {
        let staged = &mut self.staged;
        with(&mut self.subject, |subject| subject.unstage(staged));
        assert!(self.staged.is_empty());
        self.model.unstage();
    }

    fn answer(&mut self, call: usize, kind: Answer) {
        // The directory knows live, leaving and retired calls only.
        let known = |call: &&Call| {
            matches!(
                call.wire,
                Wire::Live { .. } | Wire::Leaving { .. } | Wire::Retired { .. }
            )
        };
        let calls: Vec<&Call> = self.model.calls.iter().filter(known).collect();
        let Some(call) = calls.get(call % calls.len().max(1)) else {
            return;
        };
        let (key, waited, now) = (call.key, call.waits(), self.model.now);
        let (late, stray) = with(&mut self.subject, |subject| {
            let matched = subject.answer(key, kind, Frame(0), 0, now);
            let stray = matched.stray.is_some();
            matched
                .stray
                .into_iter()
                .for_each(|frame| subject.discard(frame));
            (matched.late, stray)
        });
        self.model.answer(key, kind);
        assert_eq!(late, !waited && kind != Answer::Part);
        if late {
            let borne = with(&mut self.subject, Machine::count_unmatched);
            assert_eq!(borne, self.model.budget.bears());
        }
        assert!(waited || stray, "a late reply reached somebody");
    }

    fn take(&mut self, call: usize) {
        let Some(call) = self.model.calls.get_mut(call) else {
            return;
        };
        while call.caller.is_some() && call.parts > 0 {
            let part = with(&mut self.subject, |subject| subject.take_part(call.key));
            assert_eq!(part, Some(Frame(0)));
            call.parts -= 1;
        }
        let taken = with(&mut self.subject, |subject| subject.take(call.key));
        assert_eq!(taken.as_ref().map(ended), call.caller.flatten());
        if taken.is_some() {
            call.caller = None;
        }
    }
}

/// What was off the queue is at its front again.
fn op_puts_back(op: Op) -> bool {
    matches!(op, Op::Unstage)
}
