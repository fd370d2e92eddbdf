//! Messages whose sender waits until they are flushed: sends and answers.

use super::arena::Key;
use super::outgoing::{ReplyKind, Write};
use super::reason::{CloseReason, Sent};
use super::slot::{Slot, What};
use super::{BeginError, Discarded, Machine};
use crate::codec::SealError;

/// How a send ended.
#[derive(Debug)]
pub(crate) enum SendOutcome<F> {
    Sent,
    Closed {
        reason: CloseReason,
        sent: Sent,
        frame: Option<F>,
    },
    Refused {
        why: SealError,
        frame: Option<F>,
    },
    /// The peer cancelled the request and the wire forbids an answer now.
    Withdrawn {
        frame: Option<F>,
    },
}

/// How a send ended; a frame that comes back is in its slot.
#[derive(Debug)]
pub(crate) enum SendEnd {
    Sent,
    Closed(Sent),
    Refused(SealError),
    Withdrawn,
}

#[derive(Debug)]
enum State {
    Queued,
    Writing,
    Flushing,
    Done(SendEnd),
}

#[derive(Debug)]
pub(super) struct Send {
    state: State,
    /// The request that it answers, and how.
    answers: Option<(Key, ReplyKind)>,
    /// Nobody waits for it any more.
    left: bool,
}

impl Send {
    pub(super) const fn new(answers: Option<(Key, ReplyKind)>) -> Self {
        Self {
            state: State::Queued,
            answers,
            left: false,
        }
    }

    /// Stays queued when its sender has gone: the last answer is owed.
    fn is_owed(&self) -> bool {
        matches!(self.answers, Some((_, kind)) if kind != ReplyKind::Part)
    }

    pub(super) fn take_off<F, I, A>(
        &mut self,
        send: Key,
        frame: Option<F>,
    ) -> Option<Write<F, I, A>> {
        self.state = State::Writing;
        match self.answers {
            None => frame.map(|frame| Write::Plain { send, frame }),
            Some((ask, kind)) => Some(Write::Reply {
                ask,
                kind,
                send,
                frame,
            }),
        }
    }
}

impl<F, I, A> Machine<F, I, A> {
    /// Queues a plain message whose sender waits.
    pub(crate) fn begin_send(&mut self, frame: F) -> Result<Key, (BeginError, F)> {
        if let Err(error) = self.admits() {
            return Err((error, frame));
        }
        match self.queue_send(Some(frame), None) {
            Ok(send) => Ok(send),
            Err(Some(frame)) => Err((BeginError::Full, frame)),
            #[expect(clippy::unreachable, reason = "a matter of this function alone")]
            Err(None) => unreachable!("it was put in above"),
        }
    }

    pub(super) fn queue_send(
        &mut self,
        frame: Option<F>,
        answers: Option<(Key, ReplyKind)>,
    ) -> Result<Key, Option<F>> {
        let slot = Slot::new(frame, What::Send(Send::new(answers)));
        let send = self.slots.insert(slot).map_err(|slot| slot.frame)?;
        self.queue_back(send);
        Ok(send)
    }

    /// How a send ended, if it did. Once it yields, the key is spent.
    pub(crate) fn take_send(&mut self, key: Key) -> Option<SendOutcome<F>> {
        if !matches!(self.slots.send(key)?.state, State::Done(_)) {
            return None;
        }
        let Slot { what, frame, .. } = self.slots.remove(key)?;
        let What::Send(Send {
            state: State::Done(end),
            ..
        }) = what
        else {
            return None;
        };
        Some(match end {
            SendEnd::Sent => SendOutcome::Sent,
            SendEnd::Closed(sent) => SendOutcome::Closed {
                reason: self.reason(),
                sent,
                frame,
            },
            SendEnd::Refused(why) => SendOutcome::Refused { why, frame },
            SendEnd::Withdrawn => SendOutcome::Withdrawn { frame },
        })
    }

    /// The sender has gone: a message that is still queued is taken back, an
    /// answer stays. What is returned is dropped outside the lock.
    pub(crate) fn drop_send(&mut self, key: Key) -> Option<Slot<F, I, A>> {
        let send = self.slots.send(key)?;
        match send.state {
            State::Queued if !send.is_owed() => {
                self.unqueue(key);
                self.slots.remove(key)
            }
            State::Done(_) => self.slots.remove(key),
            State::Queued | State::Writing | State::Flushing => {
                send.left = true;
                None
            }
        }
    }

    pub(super) fn send_is_put_back(&mut self, key: Key, frame: Option<F>) -> Option<Key> {
        let Some(slot) = self.slots.get_mut(key) else {
            self.discarded.extend(frame.map(Discarded::Frame));
            return None;
        };
        slot.frame = frame;
        if let What::Send(send) = &mut slot.what {
            send.state = State::Queued;
            if !send.left || send.is_owed() {
                return Some(key);
            }
        }
        let gone = self.slots.remove(key).map(Discarded::Slot);
        self.discarded.extend(gone);
        None
    }

    /// The frame went to the transport: the next flush settles the send.
    pub(crate) fn send_is_written(&mut self, key: Key) {
        self.wrote();
        if let Some(send) = self.slots.send(key) {
            send.state = State::Flushing;
            self.flushing.push(key);
        }
    }

    /// Ends a send. If its sender has gone, what it left comes back, to be
    /// dropped outside the lock.
    pub(crate) fn settle_send(
        &mut self,
        key: Key,
        end: SendEnd,
        frame: Option<F>,
    ) -> Option<Slot<F, I, A>> {
        let slot = self.slots.get_mut(key)?;
        slot.frame = frame;
        if let What::Send(send) = &mut slot.what {
            send.state = State::Done(end);
            if !send.left {
                self.woken.push(key);
                return None;
            }
        }
        self.slots.remove(key)
    }

    /// All that was written is flushed.
    pub(super) fn settle_flushed(&mut self) {
        while let Some(send) = self.flushing.pop() {
            // Its frame went to the transport: nothing of the user's is left.
            self.settle_send(send, SendEnd::Sent, None);
        }
    }

    /// Fails every send.
    pub(super) fn close_sends(&mut self, keys: &[Key]) {
        self.flushing.clear();
        for key in keys {
            let Some(slot) = self.slots.get_mut(*key) else {
                continue;
            };
            let What::Send(send) = &slot.what else {
                continue;
            };
            let sent = match send.state {
                State::Queued => Sent::No,
                State::Writing | State::Flushing => Sent::Maybe,
                State::Done(_) => continue,
            };
            let frame = slot.frame.take();
            if sent == Sent::No {
                self.unqueue(*key);
            }
            let gone = self.settle_send(*key, SendEnd::Closed(sent), frame);
            self.discarded.extend(gone.map(Discarded::Slot));
        }
    }
}
