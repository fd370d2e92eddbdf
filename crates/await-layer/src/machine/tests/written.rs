//! What the driver reports of the things it took off the queue.

use super::frame::{Frame, with};
use super::model::{How, QUARANTINE, Stage, Wire};
use super::queue::item_of;
use super::step::Pair;
use super::*;
use crate::codec::SealError;
use crate::machine::arena::Key;

impl Pair {
    pub(super) fn write(&mut self, refuse: bool, retire: bool) {
        let Some(write) = self.staged.pop_front() else {
            return;
        };
        let item = self.model.staged.remove(0);
        assert_eq!(item, item_of(&write));
        let (subject, model) = (&mut self.subject, &mut self.model);
        match write {
            Write::Request {
                call: key, frame, ..
            } if refuse => {
                let stray = with(subject, |subject| {
                    subject.call_is_refused(key, Refused::IdInUse, frame)
                });
                let call = model.call(key);
                assert_eq!(stray.is_none(), call.waits());
                if call.waits() {
                    call.end(How::Refused);
                }
                call.wire = Wire::Gone;
            }
            Write::Request {
                call: key, frame, ..
            } => {
                drop(frame);
                with(subject, |subject| {
                    subject.call_is_live(key, Key::NULL, retire)
                });
                model.written += 1;
                let call = model.call(key);
                let flushed = false;
                call.wire = Wire::Live { flushed, retire };
                if !call.waits() {
                    model.leave(key);
                }
            }
            Write::Cancel { call: key, .. } => {
                let now = model.now;
                let free = with(subject, |subject| {
                    subject.wrote();
                    subject.call_has_left(key, now)
                });
                model.written += 1;
                let until = now + QUARANTINE;
                let call = model.call(key);
                call.wire = match call.wire {
                    Wire::Leaving { retire: true } => Wire::Retired { until },
                    _ => Wire::Gone,
                };
                assert_eq!(free, call.wire == Wire::Gone);
            }
            Write::Plain { send, frame } => self.sent(send, Some(frame), refuse),
            Write::Reply {
                ask,
                kind,
                send,
                frame,
            } => {
                self.sent(send, frame, refuse);
                if kind != ReplyKind::Part {
                    with(&mut self.subject, |subject| subject.ask_is_done(ask));
                    self.model.asks.retain(|open| open.key != ask);
                }
            }
            Write::Loose { frame, size } => {
                with(subject, |subject| subject.loose_is_written(size, !refuse));
                model.loose.retain(|(number, _)| *number != frame.0);
                model.written += u64::from(!refuse);
            }
            Write::Decline { ask, why } => {
                let mut asks = model.asks.iter();
                let declined = asks.find(|open| open.key == ask);
                assert!(declined.is_none_or(|ask| ask.declined == Some(why)));
                with(subject, |subject| subject.ask_is_done(ask));
                model.asks.retain(|open| open.key != ask);
            }
            Write::Refuse { .. } => {
                with(subject, Machine::refusal_is_written);
                model.refusals -= 1;
            }
        }
    }

    fn sent(&mut self, key: Key, frame: Option<Frame>, refuse: bool) {
        let send = self.model.send(key);
        if refuse {
            let end = SendEnd::Refused(SealError::new(""));
            drop(with(&mut self.subject, |subject| {
                subject.settle_send(key, end, frame)
            }));
            send.end(Stage::Refused);
        } else {
            drop(frame);
            with(&mut self.subject, |subject| subject.send_is_written(key));
            send.stage = Stage::Flushing;
            self.model.written += 1;
        }
    }
}
