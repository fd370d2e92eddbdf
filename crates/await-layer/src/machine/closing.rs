//! Open -> Draining -> Closed.
//!
//! ```text
//! Open --close()--> Draining --drained--> (the driver closes the transport) --> Closed
//!   |                   '------ close_timeout, end of stream, error, ... ------^
//!   '------------------ end of stream, error, last handle, ... ----------------^
//! ```
//!
//! Closing, and failing what is pending, is one step under the lock that
//! registration takes: whatever starts later is refused.

use super::arena::Key;
use super::{BeginError, Cause, CloseReason, Discarded, Machine};

#[derive(Debug)]
pub(super) enum Closing {
    Open,
    /// Until when, if there is a limit.
    Draining(Option<u64>),
    Closed(CloseReason),
}

impl Closing {
    pub(super) fn deadline(&self) -> Option<u64> {
        match self {
            Self::Draining(at) => *at,
            _ => None,
        }
    }
}

impl<F, I, A> Machine<F, I, A> {
    pub(super) fn admits(&self) -> Result<(), BeginError> {
        match &self.closing {
            Closing::Open => Ok(()),
            Closing::Draining(_) => Err(BeginError::Closing),
            Closing::Closed(reason) => Err(BeginError::Closed(reason.clone())),
        }
    }

    /// Whether nothing new may start.
    pub(crate) fn is_closing(&self) -> bool {
        !matches!(self.closing, Closing::Open)
    }

    /// Why the connection is closed, if it is.
    pub(crate) fn close_reason(&self) -> Option<&CloseReason> {
        match &self.closing {
            Closing::Closed(reason) => Some(reason),
            _ => None,
        }
    }

    /// Nothing new may start; what is under way may finish within
    /// `close_timeout`. Closing again changes nothing, and says so.
    pub(crate) fn drain(&mut self, now: u64) -> bool {
        let open = matches!(self.closing, Closing::Open);
        if open {
            let at = super::nanos(self.limits.close_timeout).map(|time| now.saturating_add(time));
            self.closing = Closing::Draining(at);
            self.refuse_reservations();
        }
        open
    }

    /// Whether a drain is under way, and whether it took too long.
    pub(crate) fn is_draining(&self) -> bool {
        matches!(self.closing, Closing::Draining(_))
    }

    pub(crate) fn drain_is_overdue(&self, now: u64) -> bool {
        self.closing.deadline().is_some_and(|at| at <= now)
    }

    /// Whether everything that was under way has finished. Requests that the
    /// application has not taken are not waited for.
    pub(crate) fn is_drained(&self) -> bool {
        self.is_draining() && self.in_flight == 0 && self.asks_taken == 0 && !self.has_outgoing()
    }

    /// Ends the connection; the first reason stays. Calls and sends fail with
    /// it.
    pub(crate) fn close(&mut self, reason: &CloseReason) {
        if self.close_reason().is_some() {
            return;
        }
        self.closing = Closing::Closed(reason.clone());
        self.refuse_reservations();
        let keys: Vec<Key> = self.slots.keys().collect();
        self.close_calls(&keys);
        self.close_sends(&keys);
        self.close_asks();
        // What is left is waited for by nobody.
        while let Some(index) = self.outgoing.queue.front() {
            let Some(key) = self.slots.key_at(index) else {
                return;
            };
            self.unqueue(key);
            let gone = self.slots.remove(key).map(Discarded::Slot);
            self.discarded.extend(gone);
        }
    }

    /// The reason that everybody gets.
    pub(super) fn reason(&self) -> CloseReason {
        let reason = self.close_reason().cloned();
        reason.unwrap_or_else(|| CloseReason::new(Cause::Local, ""))
    }
}
