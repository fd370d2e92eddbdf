//! From the queue to the transport.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::pump::{Inner, reason_of};
use crate::AwaitIdCodec;
use crate::codec::{Head, Refusal};
use crate::connection::Connection;
use crate::id::IdGenerator;
use crate::machine::arena::Key;
use crate::machine::{AskState, CloseReason, Refused, ReplyKind, SendOutcome, Write};
use crate::transport::Transport;

/// How often a generator is asked again when it returns a live id.
const TRIES: usize = 8;

impl<L: Connection, Z> Inner<L, Z> {
    /// Writes what is queued until the transport is pending or the budget is
    /// spent. `true` if there is more to write at once.
    pub(super) fn write<S>(
        &mut self,
        link: &L,
        mut io: Pin<&mut S>,
        cx: &mut Context<'_>,
        now: u64,
    ) -> Result<bool, CloseReason>
    where
        S: Transport<L::Frame>,
    {
        let mut more = link.with(|machine| machine.has_outgoing());
        if !more {
            return Ok(false);
        }
        for _ in 0..self.budget {
            if !self.ready {
                match io.as_mut().poll_ready(cx) {
                    Poll::Pending => return Ok(false),
                    Poll::Ready(Err(error)) => return Err(reason_of(&error)),
                    Poll::Ready(Ok(())) => self.ready = true,
                }
            }
            let next = link.with(|machine| {
                let next = machine.next_write();
                more = machine.has_outgoing();
                next
            });
            let Some(next) = next else {
                return Ok(false);
            };
            self.write_one(link, io.as_mut(), next, now)
                .map_err(|error| reason_of(&error))?;
            if !more {
                break;
            }
        }
        // What was written may itself have queued something.
        Ok(link.with(|machine| machine.has_outgoing()))
    }

    fn write_one<S>(
        &mut self,
        link: &L,
        io: Pin<&mut S>,
        next: Write<L::Frame, L::Id, L::Ask>,
        now: u64,
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
                        link.with(|machine| machine.wrote(send));
                    }
                    Err(why) => self.refuse_send(
                        link,
                        send,
                        SendOutcome::Refused {
                            why,
                            frame: Some(frame),
                        },
                    ),
                }
                Ok(())
            }
            Write::Reply {
                ask,
                kind,
                send,
                frame,
            } => self.reply_out(link, io, ask, kind, send, frame),
            Write::Cancel { call } => {
                let message = match self.directory.id(call) {
                    Some(id) => self.codec.cancel(id),
                    None => None,
                };
                self.start_some(link, io, message)?;
                if link.with(|machine| machine.call_has_left(call, now)) {
                    self.directory.release(call);
                }
                Ok(())
            }
            Write::Decline { ask, why } => {
                let message = match self.directory.ask_name(ask) {
                    Some(name) => self.codec.refuse(name, why),
                    None => None,
                };
                self.start_some(link, io, message)?;
                self.ask_is_done(link, ask);
                Ok(())
            }
            Write::Refuse { ask, why } => {
                let message = self.codec.refuse(&ask, why);
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
        let sealed = match self.name(call, chosen) {
            Err(why) => Err(why),
            Ok(id) => self
                .codec
                .seal(&mut frame, Head::Request(&id))
                .map_err(Refused::Seal),
        };
        if let Err(why) = sealed {
            self.directory.release(call);
            let stray = link.with(|machine| machine.call_is_refused(call, why, frame));
            drop(stray);
            return Ok(());
        }
        // The id is in the directory: a reply that comes before `start_send`
        // returns finds its call.
        self.start(io, frame)?;
        link.with(|machine| machine.call_is_live(call, retire));
        Ok(())
    }

    /// Gives the call an id that is not live.
    fn name(&mut self, call: Key, chosen: Option<L::Id>) -> Result<L::Id, Refused> {
        let place = self.directory.claim(call).ok_or(Refused::IdExhausted)?;
        if let Some(id) = chosen {
            let locate = self.ids.locate(&id);
            return match self.directory.insert(call, place, id.clone(), locate) {
                true => Ok(id),
                false => Err(Refused::IdInUse),
            };
        }
        for _ in 0..TRIES {
            let slot = self
                .directory
                .next_slot(place)
                .ok_or(Refused::IdExhausted)?;
            let id = self.ids.next(slot).ok_or(Refused::IdExhausted)?;
            let locate = self.ids.locate(&id);
            if self.directory.insert(call, place, id.clone(), locate) {
                return Ok(id);
            }
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
        let withdrawn = link.with(|machine| machine.watch(ask, None)) == AskState::Withdrawn;
        let silent = withdrawn && !self.codec.answers_cancelled();
        let Some(name) = self.directory.ask_name(ask).filter(|_| !silent) else {
            link.with(|machine| machine.stats.answers_dropped += 1);
            self.refuse_send(link, Some(send), SendOutcome::Withdrawn { frame });
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
                link.with(|machine| machine.wrote(Some(send)));
            }
            Ok(None) => self.refuse_send(link, Some(send), SendOutcome::Sent),
            Err((why, frame)) => {
                let frame = Some(frame);
                self.refuse_send(link, Some(send), SendOutcome::Refused { why, frame });
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

    fn ask_is_done(&mut self, link: &L, ask: Key) {
        self.directory.release_ask(ask);
        link.with(|machine| machine.ask_is_done(ask));
    }

    fn refuse_send(&self, link: &L, send: Option<Key>, outcome: SendOutcome<L::Frame>) {
        let rest = match send {
            Some(send) => link.with(|machine| machine.settle_send(send, outcome)),
            None => Some(outcome),
        };
        drop(rest);
    }

    fn start<S>(&mut self, io: Pin<&mut S>, frame: L::Frame) -> Result<(), S::Error>
    where
        S: Transport<L::Frame>,
    {
        self.ready = false;
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
            link.with(|machine| machine.wrote(None));
        }
        Ok(())
    }
}
