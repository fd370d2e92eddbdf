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

use super::{BeginError, CloseReason, Machine};

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

    /// Why the connection is closed, if it is.
    pub(crate) fn close_reason(&self) -> Option<&CloseReason> {
        match &self.closing {
            Closing::Closed(reason) => Some(reason),
            _ => None,
        }
    }

    /// Nothing new may start; what is under way may finish within
    /// `close_timeout`. Closing again changes nothing.
    pub(crate) fn drain(&mut self, now: u64) {
        if matches!(self.closing, Closing::Open) {
            let at = super::nanos(self.limits.close_timeout).map(|time| now.saturating_add(time));
            self.closing = Closing::Draining(at);
        }
    }

    /// Whether a drain is under way, and whether it took too long.
    pub(crate) fn is_draining(&self) -> bool {
        matches!(self.closing, Closing::Draining(_))
    }

    pub(crate) fn drain_is_overdue(&self, now: u64) -> bool {
        self.closing.deadline().is_some_and(|at| at <= now)
    }

    /// Whether everything that was under way has finished.
    pub(crate) fn is_drained(&self) -> bool {
        self.is_draining() && self.in_flight == 0 && self.asks() == 0 && !self.has_outgoing()
    }

    /// Ends the connection; the first reason stays. Calls and sends fail with
    /// it. What is returned must be dropped outside the lock.
    pub(crate) fn close(&mut self, reason: &CloseReason) -> Vec<super::outgoing::Entry<F, I, A>> {
        if self.close_reason().is_some() {
            return Vec::new();
        }
        self.closing = Closing::Closed(reason.clone());
        self.close_calls(reason);
        self.close_sends(reason);
        self.close_asks();
        let mut rest = Vec::new();
        while let Some(entry) = self.outgoing.pop().or_else(|| self.outgoing.pop_waiting()) {
            rest.push(entry);
        }
        rest
    }
}
