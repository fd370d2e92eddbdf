//! Requests of the peer's, from delivery to answer.

use super::arena::Key;
use super::limits::charge;
use super::outgoing::ReplyKind;
use super::slot::{Slot as Outgoing, What};
use super::{BeginError, Machine};
use crate::Refusal;

/// What a handler can learn about its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AskState {
    Wanted,
    /// The peer cancelled it, or the connection has closed.
    Withdrawn,
}

pub(super) struct Slot {
    bytes: usize,
    withdrawn: bool,
    /// The application has it.
    taken: bool,
    /// Its answer or refusal is queued.
    answered: bool,
    /// Waits for a withdrawal.
    party: Key,
}

impl<F, I, A> Machine<F, I, A> {
    /// Takes a request in; `None` when the limits are reached.
    pub(crate) fn take_in(&mut self, size: usize) -> Option<Key> {
        let bytes = charge(size);
        let fits = self.asks.len() < self.limits.max_requests
            && self.inbound.takes_requests(self.limits.max_inbound_bytes);
        if !fits || self.admits().is_err() {
            return None;
        }
        let slot = Slot {
            bytes,
            withdrawn: false,
            taken: false,
            answered: false,
            party: Key::NULL,
        };
        let ask = self.asks.insert(slot).ok()?;
        self.inbound.asked(bytes);
        self.stats.requests += 1;
        Some(ask)
    }

    /// The application has taken the request: a close waits for its answer.
    pub(crate) fn ask_is_taken(&mut self, ask: Key) {
        if let Some(slot) = self.asks.get_mut(ask) {
            slot.taken = true;
            self.asks_taken += 1;
        }
    }

    /// The peer no longer wants an answer.
    pub(crate) fn withdraw(&mut self, ask: Key) {
        if let Some(slot) = self.asks.get_mut(ask) {
            if !slot.withdrawn {
                slot.withdrawn = true;
                self.stats.withdrawn += 1;
                self.woken.push(slot.party);
            }
        }
    }

    /// Whether the request still wants its answer; `party` is woken when that
    /// changes.
    pub(crate) fn watch(&mut self, ask: Key, party: Option<Key>) -> AskState {
        match self.asks.get_mut(ask) {
            Some(slot) if !slot.withdrawn => {
                if let Some(party) = party {
                    slot.party = party;
                }
                AskState::Wanted
            }
            _ => AskState::Withdrawn,
        }
    }

    /// Queues an answer. [`ReplyKind::Part`] may be repeated.
    pub(crate) fn reply(
        &mut self,
        ask: Key,
        kind: ReplyKind,
        frame: Option<F>,
    ) -> Result<Key, (BeginError, Option<F>)> {
        if let Some(reason) = self.close_reason() {
            return Err((BeginError::Closed(reason.clone()), frame));
        }
        let send = self
            .queue_send(frame, Some((ask, kind)))
            .map_err(|frame| (BeginError::Full, frame))?;
        if let Some(slot) = self.asks.get_mut(ask) {
            slot.answered |= kind != ReplyKind::Part;
        }
        Ok(send)
    }

    /// The handler has gone. Whether a refusal now waits to be written.
    pub(crate) fn drop_responder(&mut self, ask: Key) -> bool {
        let Some(slot) = self.asks.get_mut(ask) else {
            return false;
        };
        if slot.answered {
            return false;
        }
        slot.answered = true;
        self.stats.unanswered += 1;
        let why = if slot.withdrawn {
            Refusal::Cancelled
        } else {
            Refusal::Dropped
        };
        self.push(Outgoing::new(None, What::Decline { ask, why }));
        true
    }

    /// The answer or refusal is written or was dropped: the request is done.
    pub(crate) fn ask_is_done(&mut self, ask: Key) {
        if let Some(slot) = self.asks.remove(ask) {
            self.asks_taken -= usize::from(slot.taken);
            self.inbound.answered(slot.bytes);
        }
    }

    pub(super) fn close_asks(&mut self) {
        let asks: Vec<Key> = self.asks.keys().collect();
        for ask in asks {
            if let Some(slot) = self.asks.get(ask) {
                self.woken.push(slot.party);
            }
            self.ask_is_done(ask);
        }
    }
}
