//! Whether an outcome is the call's own, in time, and says the truth.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use await_layer::{CallError, Cause, CloseReason, Overflow, Refused, Sent};
use bytes::Bytes;

use crate::body::{Body, What};
use crate::plan::PairPlan;
use crate::shared::{Shared, Side, nanos};

/// How late things may be, in nanoseconds.
pub(crate) fn slack(plan: &PairPlan) -> u64 {
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
    /// When it was made.
    since: u64,
    open: bool,
}

/// When an outcome is due.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Due {
    /// The call was not polled whenever it was woken.
    Whenever,
    /// The reply at once, and else a timeout then.
    At(u64),
    /// Likewise, but others are waited for too.
    Together(u64),
}

impl Entry {
    pub(crate) fn open(shared: &Rc<Shared>, body: Body) -> Self {
        shared.ledger.start(body.name(), body.answer());
        Self {
            shared: shared.clone(),
            body,
            since: shared.now(),
            open: true,
        }
    }

    fn side(&self) -> &Side {
        &self.shared.sides[self.body.end]
    }

    /// The call has ended.
    pub(crate) fn settle<E: fmt::Debug>(
        mut self,
        outcome: Result<Body, CallError<Bytes, E>>,
        due: Due,
        refuses: bool,
    ) {
        self.open = false;
        let shared = &self.shared;
        if let Some(complaint) = self.judge(&outcome, due, refuses) {
            let now = shared.now();
            let net = shared.net.borrow();
            let arrived = net.journal.arrived.get(&self.body.name()).copied();
            drop(net);
            shared.complain(format!(
                "{:?} at {now}, due {due:?}, answered {arrived:?}: {outcome:?}: {complaint}",
                self.body
            ));
        }
        let mut books = self.side().books.borrow_mut();
        match &outcome {
            Ok(_) | Err(CallError::Unpack(_)) => books.replied += 1,
            Err(CallError::Timeout { .. }) => books.expired += 1,
            Err(_) => books.other += 1,
        }
        drop(books);
        let name = self.body.name();
        match outcome {
            Ok(answer) if !self.is_spoilt() || answer.name() != name => {
                shared.ledger.reply(&name, &answer);
            }
            _ => shared.ledger.fail(&name),
        }
    }

    /// A stream of replies has ended, with the right ones or an error.
    pub(crate) fn settle_stream<E: fmt::Debug>(mut self, error: Option<CallError<Bytes, E>>) {
        self.open = false;
        self.side().books.borrow_mut().other += 1;
        let name = self.body.name();
        match error {
            None => self.shared.ledger.reply(&name, &self.body.answer()),
            Some(error) => {
                if let Some(complaint) = self.lies(&error) {
                    let text = format!("{:?}: {error:?}: {complaint}", self.body);
                    self.shared.complain(text);
                }
                self.shared.ledger.fail(&name);
            }
        }
    }

    /// Whether the peer has made a mess of the one call that it was asked.
    pub(crate) fn is_spoilt(&self) -> bool {
        let net = self.shared.net.borrow();
        net.journal.spoilt.contains(&self.body.name())
    }

    fn judge<E>(
        &self,
        outcome: &Result<Body, CallError<Bytes, E>>,
        due: Due,
        refuses: bool,
    ) -> Option<&'static str> {
        let shared = &self.shared;
        let (now, slack) = (shared.now(), slack(&shared.plan));
        let spoilt = self.is_spoilt();
        let (arrived, ended) = {
            let net = shared.net.borrow();
            let arrived = net.journal.arrived.get(&self.body.name()).copied();
            (arrived, net.dropped[self.body.end])
        };
        // A reader that stops for its application's sake excuses lateness.
        let reads = shared.plan.ends[self.body.end].limits.overflow != Overflow::Backpressure;
        let (at_once, due) = match due {
            Due::Whenever => (false, None),
            Due::At(due) => (true, Some(due)),
            Due::Together(due) => (false, Some(due)),
        };
        match outcome {
            Ok(answer) if answer.what == What::Forged => return Some("nobody has said this"),
            Ok(_) if spoilt => {}
            Ok(_) if arrived.is_none() => return Some("nobody has answered"),
            Ok(_) if at_once && reads && arrived.is_some_and(|at| at + slack < now) => {
                return Some("the answer was here long before");
            }
            Ok(_) => {}
            Err(CallError::Closed { .. }) => {
                if at_once && ended.is_some_and(|at| at.max(self.since) + slack < now) {
                    return Some("the connection had ended long before");
                }
            }
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
            // It asked for parts and did not say so to its own layer.
            Err(CallError::Streamed | CallError::Ended) if self.body.parts > 0 => {}
            Err(_) if spoilt => {}
            Err(_) => return Some("this cannot be"),
        }
        self.lies(outcome.as_ref().err()?)
    }

    /// Whether what an error says of the connection and the request is true.
    fn lies<E>(&self, error: &CallError<Bytes, E>) -> Option<&'static str> {
        let shared = &self.shared;
        if let CallError::Closed { reason, .. } = error {
            if !is_possible(shared, self.body.end, reason) {
                return Some("no reason to close");
            }
            if !self.side().is_the_reason(reason) {
                return Some("others were given another reason");
            }
        }
        if self.is_spoilt() {
            return None;
        }
        let net = shared.net.borrow();
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
            self.side().books.borrow_mut().left += 1;
            self.shared.ledger.cancel(&self.body.name());
        }
    }
}

/// Whether this end can have ended like this, with what was planned for it.
pub(crate) fn is_possible(shared: &Shared, end: usize, reason: &CloseReason) -> bool {
    let limits = &shared.plan.ends[end].limits;
    match reason.cause() {
        Cause::Local | Cause::CloseTimeout | Cause::Dropped | Cause::Eof | Cause::Transport => true,
        // Parts too are strays when the last reply has overtaken them.
        Cause::Unmatched => !shared.plan.is_orderly(),
        Cause::Overflow => limits.overflow == Overflow::Close,
        Cause::Panicked => {
            let blown = shared.sides[end].fuse.has_blown();
            blown.is_some_and(|point| point.is_the_drivers())
        }
        _ => false,
    }
}
