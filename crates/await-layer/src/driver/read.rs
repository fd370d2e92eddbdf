//! From the transport to whoever waits.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use super::pump::{End, Inner};
use crate::AwaitIdCodec;
use crate::codec::{Peek, Refusal};
use crate::connection::{Connection, size_of_frame};
use crate::id::{IdGenerator, Locate};
use crate::incoming::Queued;
use crate::machine::directory::Owner;
use crate::machine::{Admission, Answer, Cause, CloseReason};
use crate::transport::Transport;

type Ended<L> = Result<(), End<<L as Connection>::Error>>;

impl<L: Connection, Z> Inner<L, Z> {
    /// Reads until the transport is pending, the application is full or the
    /// budget is spent. `true` if there may be more at once.
    pub(super) fn read<S>(
        &mut self,
        link: &L,
        mut io: Pin<&mut S>,
        cx: &mut Context<'_>,
        now: u64,
    ) -> Result<bool, End<L::Error>>
    where
        S: Transport<L::Frame, ReadError = L::Error>,
    {
        let mut may_read = link.with(|machine| machine.may_read());
        for _ in 0..self.budget {
            if !may_read {
                return Ok(false);
            }
            match io.as_mut().poll_next(cx) {
                Poll::Pending => return Ok(false),
                Poll::Ready(None) => return Err(End::Eof),
                Poll::Ready(Some(Err(error))) => return Err(End::Failed(error)),
                Poll::Ready(Some(Ok(frame))) => {
                    let routed = self.route(link, frame, now);
                    may_read = link.with(|machine| {
                        machine.stats.read += 1;
                        machine.may_read()
                    });
                    routed?;
                }
            }
        }
        Ok(true)
    }

    fn route(&mut self, link: &L, frame: L::Frame, now: u64) -> Ended<L> {
        match self.codec.peek(&frame) {
            Peek::Reply(id) => self.answer(link, &id, Answer::Last, frame, now),
            Peek::Part(id) => self.answer(link, &id, Answer::Part, frame, now),
            Peek::End(id) => self.answer(link, &id, Answer::End, frame, now),
            Peek::Request(ask) => self.request(link, ask, frame),
            Peek::Cancel(ask) => {
                if let Some(ask) = self.directory.ask(&ask) {
                    link.with(|machine| machine.withdraw(ask));
                }
                Ok(())
            }
            Peek::Either(id, ask) => self.either(link, &id, ask, frame, now),
            Peek::Stray => unmatched_reply(link, false),
            Peek::Other => self.message(link, frame),
            Peek::Skip => Ok(()),
        }
    }

    fn either(&mut self, link: &L, id: &L::Id, ask: L::Ask, frame: L::Frame, now: u64) -> Ended<L> {
        if !self.ids.tagged() {
            return Err(End::Because(CloseReason::new(
                Cause::Protocol,
                "this wire does not tell replies from requests, and the id \
                 generator does not tag its ids: take a tagged one",
            )));
        }
        match self.directory.find(id, self.ids.locate(id)) {
            Owner::Foreign => self.request(link, ask, frame),
            Owner::Call(_) | Owner::Stray => self.answer(link, id, Answer::Last, frame, now),
        }
    }

    fn answer(
        &mut self,
        link: &L,
        id: &L::Id,
        kind: Answer,
        mut frame: L::Frame,
        now: u64,
    ) -> Ended<L> {
        let Owner::Call(call) = self.directory.find(id, self.ids.locate(id)) else {
            let ours = match self.ids.locate(id) {
                Locate::Slot(index) => self.directory.was_used(index),
                Locate::Map | Locate::Foreign => false,
            };
            return unmatched_reply(link, ours || self.ids.tagged());
        };
        self.codec.strip(&mut frame);
        let size = size_of_frame::<L>(&frame);
        let (matched, bearable) = link.with(|machine| {
            let matched = machine.answer(call, kind, frame, size, now);
            let bearable = !matched.late || machine.count_unmatched();
            (matched, bearable)
        });
        drop(matched.stray);
        if matched.release {
            self.directory.release(call);
        }
        spend(bearable)
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
            let rest = link.with(|machine| machine.refuse(ask, why));
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
        if self.events.is_closed() {
            link.with(|machine| machine.drop_message());
            return Ok(());
        }
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
fn unmatched_reply<L: Connection>(link: &L, ours: bool) -> Ended<L> {
    let bearable = link.with(|machine| {
        let count = if ours {
            &mut machine.stats.late
        } else {
            &mut machine.stats.unknown
        };
        *count += 1;
        machine.count_unmatched()
    });
    spend(bearable)
}

fn spend<E>(bearable: bool) -> Result<(), End<E>> {
    let reason = || End::Because(CloseReason::new(Cause::Unmatched, ""));
    bearable.then_some(()).ok_or_else(reason)
}
