//! Whether an outcome is the call's own, in time, and says the truth.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use await_layer::{CallError, Cause, CloseReason, Overflow, Refused, Sent};
use bytes::Bytes;

use crate::body::Body;
use crate::plan::Plan;
use crate::shared::{Shared, nanos};

/// How late things may be, in nanoseconds.
fn slack(plan: &Plan) -> u64 {
    nanos(if plan.nobody_parks() {
        Duration::ZERO
    } else if plan.stall == 0.0 {
        // How long a parked designee may hold the others up.
        Duration::from_millis(100)
    } else {
        // It may do so each time the transport goes on after a stall.
        Duration::from_secs(1)
    })
}

/// A call in the ledger; dropped without an outcome it is booked as cancelled.
pub(crate) struct Entry {
    shared: Rc<Shared>,
    body: Body,
    open: bool,
}

impl Entry {
    pub(crate) fn open(shared: &Rc<Shared>, body: Body) -> Self {
        shared.ledger.start(body.name(), body.answer());
        Self {
            shared: shared.clone(),
            body,
            open: true,
        }
    }

    /// The call has ended. `due` is its deadline if it was polled whenever it
    /// was woken: then nothing excuses being late.
    pub(crate) fn settle<E: fmt::Debug>(
        mut self,
        outcome: Result<Body, CallError<Bytes, E>>,
        due: Option<u64>,
        refuses: bool,
    ) {
        self.open = false;
        let shared = &self.shared;
        if let Some(complaint) = self.judge(&outcome, due, refuses) {
            let now = shared.now();
            let arrived = shared
                .net
                .borrow()
                .journal
                .arrived
                .get(&self.body.name())
                .copied();
            shared.complain(format!(
                "{:?} at {now}, due {due:?}, answered {arrived:?}: {outcome:?}: {complaint}",
                self.body
            ));
        }
        match outcome {
            Ok(answer) => shared.ledger.reply(&self.body.name(), &answer),
            Err(_) => shared.ledger.fail(&self.body.name()),
        }
    }

    fn judge<E>(
        &self,
        outcome: &Result<Body, CallError<Bytes, E>>,
        due: Option<u64>,
        refuses: bool,
    ) -> Option<&'static str> {
        let shared = &self.shared;
        let (now, slack) = (shared.now(), slack(&shared.plan));
        let net = shared.net.borrow();
        let arrived = net.journal.arrived.get(&self.body.name()).copied();
        // A reader that stops for its application's sake excuses lateness.
        let reads = shared.plan.ends[self.body.end].limits.overflow != Overflow::Backpressure;
        let waited = due.is_some() && reads;
        match outcome {
            Ok(_) if arrived.is_none() => return Some("nobody has answered"),
            Ok(_) if waited && arrived.is_some_and(|at| at + slack < now) => {
                return Some("the answer was here long before");
            }
            Ok(_) | Err(CallError::Closed { .. }) => {}
            Err(CallError::Timeout { .. }) => match (due, arrived) {
                (Some(due), _) if now < due => return Some("too early"),
                (Some(due), _) if now > due + slack => return Some("too late"),
                (Some(due), Some(at)) if reads && at + slack < due => {
                    return Some("the answer was here in time");
                }
                _ => {}
            },
            Err(CallError::Unpack(_)) if refuses => {}
            Err(CallError::Refused {
                why: Refused::Closing,
                ..
            }) => {}
            Err(CallError::Refused {
                why: Refused::IdInUse,
                ..
            }) if shared.plan.chosen > 0.0 => {}
            Err(_) => return Some("this cannot be"),
        }
        let Err(error) = outcome else {
            return None;
        };
        if let CallError::Closed { reason, .. } = error {
            if !is_possible(reason) {
                return Some("no reason to close");
            }
        }
        match error.sent() {
            Sent::No if net.journal.started.contains(&self.body) => Some("but it was written"),
            Sent::Yes if !net.journal.flushed.contains(&self.body) => {
                Some("but it was not flushed")
            }
            Sent::No | Sent::Maybe | Sent::Yes => None,
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if self.open {
            self.shared.ledger.cancel(&self.body.name());
        }
    }
}

/// Nothing here panics, floods or misfits.
pub(crate) fn is_possible(reason: &CloseReason) -> bool {
    matches!(
        reason.cause(),
        Cause::Local | Cause::CloseTimeout | Cause::Dropped | Cause::Eof | Cause::Transport
    )
}
