//! From the queue to the transport.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::desk::Asked;
use super::pump::{Inner, reason_of};
use crate::AwaitIdCodec;
use crate::codec::{Head, Refusal};
use crate::connection::Connection;
use crate::id::{IdGenerator, Slot};
use crate::machine::arena::Key;
use crate::machine::{AskState, CloseReason, Refused, ReplyKind, SendEnd, Write};
use crate::timer::Sleep;
use crate::transport::Transport;

/// How often a generator is asked again when it returns a live id.
const TRIES: usize = 8;

impl<L: Connection, Z: Sleep> Inner<L, Z> {
    /// Writes what is staged until the transport is pending.
    pub(super) fn write<S>(
        &mut self,
        link: &L,
        mut io: Pin<&mut S>,
        cx: &mut Context<'_>,
    ) -> Result<(), CloseReason>
    where
        S: Transport<L::Frame>,
    {
        while !self.desk.staged.is_empty() {
            if !self.ready {
                match io.as_mut().poll_ready(cx) {
                    Poll::Pending => {
                        self.turn.blocked = true;
                        return Ok(());
                    }
                    Poll::Ready(Err(error)) => return Err(reason_of(&error)),
                    Poll::Ready(Ok(())) => self.ready = true,
                }
            }
            if let Some(next) = self.desk.staged.pop_front() {
                self.turn.writes = self.turn.writes.saturating_sub(1);
                self.write_one(link, io.as_mut(), next)
                    .map_err(|error| reason_of(&error))?;
            }
        }
        Ok(())
    }

    fn write_one<S>(
        &mut self,
        link: &L,
        io: Pin<&mut S>,
        next: Write<L::Frame, L::Id, L::Ask>,
    ) -> Result<(), S::Error>
    where
        S: Transport<L::Frame>,
    {
        match next {
            Write::Request {
                call,
                chosen,
                frame,
            } => self.request_out(link, io, call, chosen, frame),
            Write::Plain { send, mut frame } => {
                match self.codec.seal(&mut frame, Head::Plain) {
                    Ok(()) => {
                        self.start(io, frame)?;
                        link.with(|machine| machine.send_is_written(send));
                    }
                    Err(why) => {
                        self.settle_send(link, send, SendEnd::Refused(why), Some(frame));
                    }
                }
                Ok(())
            }
            Write::Loose { mut frame, size } => {
                let sealed = self.codec.seal(&mut frame, Head::Plain).is_ok();
                if sealed {
                    self.start(io, frame)?;
                }
                link.with(|machine| machine.loose_is_written(size, sealed));
                Ok(())
            }
            Write::Reply {
                ask,
                kind,
                send,
                frame,
            } => self.reply_out(link, io, ask, kind, send, frame),
            Write::Cancel { call, id: place } => {
                let message = match self.directory.id(place) {
                    Some(id) => self.codec.cancel(id),
                    None => None,
                };
                self.start_some(link, io, message)?;
                let now = self.now(link);
                if link.with(|machine| machine.call_has_left(call, now)) {
                    self.directory.release(place);
                }
                Ok(())
            }
            Write::Decline { ask, why } => {
                let silent = self.must_be_silent(link, ask);
                let message = match self.directory.ask_name(ask) {
                    Some(name) if !silent => self.codec.refuse(name, why),
                    _ => None,
                };
                self.start_some(link, io, message)?;
                self.ask_is_done(link, ask);
                Ok(())
            }
            Write::Refuse { ask, why } => {
                let message = self.codec.refuse(&ask, why);
                link.with(|machine| machine.refusal_is_written());
                self.start_some(link, io, message)
            }
        }
    }

    fn request_out<S>(
        &mut self,
        link: &L,
        io: Pin<&mut S>,
        call: Key,
        chosen: Option<L::Id>,
        mut frame: L::Frame,
    ) -> Result<(), S::Error>
    where
        S: Transport<L::Frame>,
    {
        let retire = chosen.is_some() || self.ids.narrow();
        let place = match self.name(call, chosen) {
            Ok(place) => place,
            Err(why) => {
                self.refuse_call(link, call, why, frame);
                return Ok(());
            }
        };
        let sealed = match self.directory.id(place) {
            Some(id) => self.codec.seal(&mut frame, Head::Request(id)),
            None => Ok(()),
        };
        if let Err(why) = sealed {
            self.directory.release(place);
            self.refuse_call(link, call, Refused::Seal(why), frame);
            return Ok(());
        }
        // The id is in the directory: a reply that comes before `start_send`
        // returns finds its call.
        self.start(io, frame)?;
        self.desk.asked.push(Asked {
            call,
            id: place,
            retire,
        });
        Ok(())
    }

    fn refuse_call(&self, link: &L, call: Key, why: Refused, frame: L::Frame) {
        let stray = link.with(|machine| machine.call_is_refused(call, why, frame));
        drop(stray);
    }

    /// Gives the call an id that is not live; its place is returned.
    fn name(&mut self, call: Key, chosen: Option<L::Id>) -> Result<Key, Refused> {
        let mut place = self.directory.next_place().ok_or(Refused::IdExhausted)?;
        if let Some(id) = chosen {
            let locate = self.ids.locate(&id);
            return match self.directory.insert(call, place, id, locate) {
                true => Ok(place),
                false => Err(Refused::IdInUse),
            };
        }
        for _ in 0..TRIES {
            let Key { index, turn } = place;
            let id = self.ids.next(Slot { index, turn });
            let id = id.ok_or(Refused::IdExhausted)?;
            let locate = self.ids.locate(&id);
            if self.directory.insert(call, place, id, locate) {
                return Ok(place);
            }
            place = self.directory.renew_place(place);
        }
        Err(Refused::IdExhausted)
    }

    fn reply_out<S>(
        &mut self,
        link: &L,
        io: Pin<&mut S>,
        ask: Key,
        kind: ReplyKind,
        send: Key,
        frame: Option<L::Frame>,
    ) -> Result<(), S::Error>
    where
        S: Transport<L::Frame>,
    {
        let last = kind != ReplyKind::Part;
        let silent = self.must_be_silent(link, ask);
        let Some(name) = self.directory.ask_name(ask).filter(|_| !silent) else {
            link.with(|machine| machine.stats.answers_dropped += 1);
            self.settle_send(link, send, SendEnd::Withdrawn, frame);
            if last {
                self.ask_is_done(link, ask);
            }
            return Ok(());
        };
        let sealed = match (kind, frame) {
            (ReplyKind::End, _) => Ok(self.codec.end(name)),
            (_, None) => Ok(None),
            (_, Some(mut frame)) => {
                let head = if last {
                    Head::Reply(name)
                } else {
                    Head::Part(name)
                };
                match self.codec.seal(&mut frame, head) {
                    Ok(()) => Ok(Some(frame)),
                    Err(why) => Err((why, frame)),
                }
            }
        };
        match sealed {
            Ok(Some(frame)) => {
                self.start(io, frame)?;
                link.with(|machine| machine.send_is_written(send));
            }
            Ok(None) => self.settle_send(link, send, SendEnd::Sent, None),
            Err((why, frame)) => {
                self.settle_send(link, send, SendEnd::Refused(why), Some(frame));
                if last {
                    // The peer still waits: it gets a refusal instead.
                    let message = match self.directory.ask_name(ask) {
                        Some(name) => self.codec.refuse(name, Refusal::Dropped),
                        None => None,
                    };
                    self.start_some(link, io, message)?;
                }
            }
        }
        if last {
            self.ask_is_done(link, ask);
        }
        Ok(())
    }

    /// Whether the peer has withdrawn its request and wants to hear no more of it.
    fn must_be_silent(&self, link: &L, ask: Key) -> bool {
        // Asked first: it is the codec that knows without the lock.
        !self.codec.answers_cancelled()
            && link.with(|machine| machine.watch(ask, None)) == AskState::Withdrawn
    }

    fn ask_is_done(&mut self, link: &L, ask: Key) {
        self.directory.release_ask(ask);
        link.with(|machine| machine.ask_is_done(ask));
    }

    fn settle_send(&self, link: &L, send: Key, end: SendEnd, frame: Option<L::Frame>) {
        let rest = link.with(|machine| machine.settle_send(send, end, frame));
        drop(rest);
    }

    fn start<S>(&mut self, io: Pin<&mut S>, frame: L::Frame) -> Result<(), S::Error>
    where
        S: Transport<L::Frame>,
    {
        self.ready = false;
        self.unflushed = true;
        self.turn.must_flush = true;
        io.start_send(frame)
    }

    fn start_some<S>(
        &mut self,
        link: &L,
        io: Pin<&mut S>,
        frame: Option<L::Frame>,
    ) -> Result<(), S::Error>
    where
        S: Transport<L::Frame>,
    {
        if let Some(frame) = frame {
            self.start(io, frame)?;
            link.with(|machine| machine.wrote());
        }
        Ok(())
    }
}
