//! Messages whose sender waits until they are flushed: sends and answers.

use super::arena::Key;
use super::outgoing::{Entry, Item};
use super::reason::{CloseReason, Sent};
use super::{BeginError, Machine};
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

enum State<F> {
    Queued(Key),
    Writing,
    Flushing,
    Done(SendOutcome<F>),
}

pub(super) struct Slot<F> {
    party: Key,
    state: State<F>,
    /// Stays queued when its sender has gone: an answer is owed.
    answer: bool,
}

impl<F, I, A> Machine<F, I, A> {
    /// Queues a plain message whose sender waits.
    pub(crate) fn begin_send(
        &mut self,
        frame: F,
        size: usize,
        party: Key,
    ) -> Result<Key, (BeginError, F)> {
        if let Err(error) = self.admits() {
            return Err((error, frame));
        }
        let send = self.sends.insert(Slot {
            party,
            state: State::Writing,
            answer: false,
        });
        let Ok(send) = send else {
            return Err((BeginError::Full, frame));
        };
        let item = Item::Plain { send: Some(send) };
        let entry = self.outgoing.push(item, Some(frame), size);
        self.send_is_queued(send, entry);
        Ok(send)
    }

    pub(super) fn insert_answer(&mut self, party: Key, owed: bool) -> Option<Key> {
        let slot = Slot {
            party,
            state: State::Writing,
            answer: owed,
        };
        self.sends.insert(slot).ok()
    }

    pub(super) fn send_is_queued(&mut self, send: Key, entry: Option<Key>) {
        if let (Some(slot), Some(entry)) = (self.sends.get_mut(send), entry) {
            slot.state = State::Queued(entry);
        }
    }

    /// How a send ended, if it did. Once it yields, the key is spent.
    pub(crate) fn take_send(&mut self, send: Key) -> Option<SendOutcome<F>> {
        if !matches!(self.sends.get(send)?.state, State::Done(_)) {
            return None;
        }
        match self.sends.remove(send)?.state {
            State::Done(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// The sender has gone: a message that is still queued is taken back, an
    /// answer stays.
    pub(crate) fn drop_send(
        &mut self,
        send: Key,
    ) -> (Option<Entry<F, I, A>>, Option<SendOutcome<F>>) {
        let Some(slot) = self.sends.remove(send) else {
            return (None, None);
        };
        match slot.state {
            State::Queued(entry) if !slot.answer => (self.outgoing.remove(entry), None),
            State::Done(outcome) => (None, Some(outcome)),
            _ => (None, None),
        }
    }

    pub(super) fn send_is_writing(&mut self, send: Option<Key>) {
        if let Some(slot) = send.and_then(|send| self.sends.get_mut(send)) {
            slot.state = State::Writing;
        }
    }

    pub(super) fn send_is_flushing(&mut self, send: Key) {
        if let Some(slot) = self.sends.get_mut(send) {
            slot.state = State::Flushing;
            self.flushing.push(send);
        }
    }

    /// Ends a send. If its sender has gone, the outcome comes back, to be
    /// dropped outside the lock.
    pub(crate) fn settle_send(
        &mut self,
        send: Key,
        outcome: SendOutcome<F>,
    ) -> Option<SendOutcome<F>> {
        let Some(slot) = self.sends.get_mut(send) else {
            return Some(outcome);
        };
        slot.state = State::Done(outcome);
        self.woken.push(slot.party);
        None
    }

    /// Fails every send.
    pub(super) fn close_sends(&mut self, reason: &CloseReason) {
        self.flushing.clear();
        let sends: Vec<Key> = self.sends.keys().collect();
        for send in sends {
            let Some(slot) = self.sends.get_mut(send) else {
                continue;
            };
            let (sent, entry) = match slot.state {
                State::Queued(entry) => (Sent::No, self.outgoing.remove(entry)),
                State::Writing | State::Flushing => (Sent::Maybe, None),
                State::Done(_) => continue,
            };
            let outcome = SendOutcome::Closed {
                reason: reason.clone(),
                sent,
                frame: entry.and_then(|entry| entry.frame),
            };
            self.settle_send(send, outcome);
        }
    }
}
