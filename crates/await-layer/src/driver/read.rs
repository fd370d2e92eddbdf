//! From the transport to whoever waits.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use super::desk::Answered;
use super::pump::{End, Inner};
use crate::AwaitIdCodec;
use crate::codec::{Peek, Refusal};
use crate::connection::{Connection, size_of_frame};
use crate::id::{IdGenerator, Locate};
use crate::incoming::Queued;
use crate::machine::directory::Owner;
use crate::machine::{Admission, Answer, Cause, CloseReason};
use crate::timer::Sleep;
use crate::transport::Transport;

type Ended<L> = Result<(), End<<L as Connection>::Error>>;

impl<L: Connection, Z: Sleep> Inner<L, Z> {
    /// Reads until the transport is pending, the application is full or the
    /// budget is spent. `true` if there may be more at once.
    pub(super) fn read<S>(
        &mut self,
        link: &L,
        mut io: Pin<&mut S>,
        cx: &mut Context<'_>,
    ) -> Result<bool, End<L::Error>>
    where
        S: Transport<L::Frame, ReadError = L::Error>,
    {
        while self.turn.reads > 0 {
            // Closing, the transport waits for the peer's goodbye, which stands
            // behind whatever else has come.
            if !self.desk.may_read && !self.closing {
                return Ok(false);
            }
            if self.desk.refusals_wait && self.may_write() && !self.turn.stuck {
                // They leave before there are more.
                return Ok(true);
            }
            match io.as_mut().poll_next(cx) {
                Poll::Pending => return Ok(false),
                Poll::Ready(None) => return Err(End::Eof),
                Poll::Ready(Some(Err(error))) => return Err(End::Failed(error)),
                Poll::Ready(Some(Ok(frame))) => {
                    self.turn.reads -= 1;
                    self.desk.read += 1;
                    self.route(link, frame)?;
                }
            }
        }
        Ok(true)
    }

    fn route(&mut self, link: &L, frame: L::Frame) -> Ended<L> {
        match self.codec.peek(&frame) {
            Peek::Reply(id) => self.find_and_answer(link, &id, Answer::Last, frame),
            Peek::Part(id) => self.find_and_answer(link, &id, Answer::Part, frame),
            Peek::End(id) => self.find_and_answer(link, &id, Answer::End, frame),
            Peek::Either(id, ask) => self.either(link, &id, ask, frame),
            other => {
                // In the order in which they came, for those who can tell.
                self.hand_over(link)?;
                let routed = match other {
                    Peek::Request(ask) => self.request(link, ask, frame),
                    Peek::Cancel(ask) => {
                        if let Some(ask) = self.directory.ask(&ask) {
                            link.with(|machine| machine.withdraw(ask));
                        }
                        Ok(())
                    }
                    Peek::Stray => stray(link, Answer::Last, false),
                    Peek::Other => self.message(link, frame),
                    _ => Ok(()),
                };
                link.with(|machine| self.desk.ask_to_read(machine));
                routed
            }
        }
    }

    /// Hands over what has been read so far.
    fn hand_over(&mut self, link: &L) -> Ended<L> {
        if !self.desk.answers.is_empty() {
            let now = self.turn.now.unwrap_or(0);
            link.with(|machine| self.desk.hand_over(machine, now));
        }
        spend(!self.desk.unbearable)
    }

    fn either(&mut self, link: &L, id: &L::Id, ask: L::Ask, frame: L::Frame) -> Ended<L> {
        if !self.ids.tagged() {
            return Err(End::Because(CloseReason::new(
                Cause::Protocol,
                "this wire does not tell replies from requests, and the id \
                 generator does not tag its ids: take a tagged one",
            )));
        }
        match self.find(id) {
            (Owner::Foreign, _) => {
                self.hand_over(link)?;
                let routed = self.request(link, ask, frame);
                link.with(|machine| self.desk.ask_to_read(machine));
                routed
            }
            found => self.answer(link, found, Answer::Last, frame),
        }
    }

    fn find(&self, id: &L::Id) -> (Owner, Locate) {
        let locate = self.ids.locate(id);
        (self.directory.find(id, locate), locate)
    }

    fn find_and_answer(&mut self, link: &L, id: &L::Id, kind: Answer, frame: L::Frame) -> Ended<L> {
        let found = self.find(id);
        self.answer(link, found, kind, frame)
    }

    fn answer(
        &mut self,
        link: &L,
        (owner, locate): (Owner, Locate),
        kind: Answer,
        mut frame: L::Frame,
    ) -> Ended<L> {
        let Owner::Call { call, place } = owner else {
            self.hand_over(link)?;
            let ours = match locate {
                Locate::Slot(index) => self.directory.was_used(index),
                Locate::Map | Locate::Foreign => false,
            };
            return stray(link, kind, ours || self.ids.tagged());
        };
        if kind == Answer::Part {
            // It restarts the time until the next.
            self.now(link);
        } else {
            self.directory.release(place);
        }
        self.codec.strip(&mut frame);
        let size = size_of_frame::<L>(&frame);
        self.desk.answers.push(Answered {
            call,
            kind,
            frame,
            size,
        });
        if self.desk.answers.len() >= self.desk.batch {
            return self.hand_over(link);
        }
        Ok(())
    }

    fn request(&mut self, link: &L, ask: L::Ask, mut frame: L::Frame) -> Ended<L> {
        let busy = self.events.is_closed() || !link.serves().load(Ordering::Relaxed);
        let refusal = if self.directory.ask(&ask).is_some() {
            Some(Refusal::Duplicate)
        } else if busy {
            Some(Refusal::Busy)
        } else {
            None
        };
        let size = size_of_frame::<L>(&frame);
        let taken = match refusal {
            None => link.with(|machine| Some((machine.take_in(size)?, machine.take_lagged()))),
            Some(_) => None,
        };
        let Some((key, lagged)) = taken else {
            let why = refusal.unwrap_or(Refusal::Busy);
            let said = self.codec.refuses();
            let rest = link.with(|machine| machine.refuse(ask, why, said));
            drop(rest);
            return Ok(());
        };
        self.directory.insert_ask(key, ask);
        self.codec.strip(&mut frame);
        if lagged > 0 {
            drop(self.events.try_send(Queued::Lagged(lagged)));
        }
        if self
            .events
            .try_send(Queued::Request { frame, ask: key })
            .is_ok()
        {
            self.delivered = true;
        } else {
            // The last `Incoming` was dropped just now.
            link.with(|machine| machine.drop_responder(key));
        }
        Ok(())
    }

    fn message(&mut self, link: &L, frame: L::Frame) -> Ended<L> {
        let size = size_of_frame::<L>(&frame);
        match link.with(|machine| machine.admit(size)) {
            Admission::Drop => {}
            Admission::Close => {
                return Err(End::Because(CloseReason::new(Cause::Overflow, "")));
            }
            Admission::Queue { lagged } => {
                if lagged > 0 {
                    drop(self.events.try_send(Queued::Lagged(lagged)));
                }
                if self
                    .events
                    .try_send(Queued::Message { frame, size })
                    .is_ok()
                {
                    self.delivered = true;
                } else {
                    link.with(|machine| machine.message_taken(size));
                }
            }
        }
        Ok(())
    }
}

/// A reply that belongs to no call: late, if its id bears our mark.
fn stray<L: Connection>(link: &L, kind: Answer, ours: bool) -> Ended<L> {
    spend(link.with(|machine| machine.count_stray(kind, ours)))
}

fn spend<E>(bearable: bool) -> Result<(), End<E>> {
    let reason = || End::Because(CloseReason::new(Cause::Unmatched, ""));
    bearable.then_some(()).ok_or_else(reason)
}
