//! One timer per connection: the next deadline, or the tick, and a watchdog.
//!
//! The clock is read only when a sleep has rung or one must be armed: most
//! turns need neither.

use std::sync::Arc;
use std::task::{Context, Waker};

use crate::hub::{Bell, Hub};
use crate::timer::{Sleep, Timer};

/// Half of how long a waiting party may have to wait for a designee that does
/// not come: first the tick, then the watchdog. Short enough to go unnoticed in
/// a call over a network, long enough to cost little: some 50 us of a processor
/// per second and connection with two parties that wait.
const HALF: u64 = 50_000_000;

struct Armed<S> {
    sleep: S,
    bell: Arc<Bell>,
    waker: Waker,
    at: Option<u64>,
}

impl<S: Sleep> Armed<S> {
    fn new(sleep: S, hub: &Arc<Hub>) -> Self {
        let bell = Bell::new(hub);
        Self {
            sleep,
            waker: bell.clone().into(),
            bell,
            at: None,
        }
    }

    /// Forgets an alarm that is over, and keeps one that rang early.
    fn check(&mut self, now: u64) {
        let rung = self.bell.take_rung();
        if let Some(at) = self.at {
            if at <= now {
                self.at = None;
            } else if rung {
                self.arm(at);
            }
        }
    }

    /// `false` if it is time already.
    fn arm(&mut self, at: u64) -> bool {
        let ready = self
            .sleep
            .poll_until(at, &mut Context::from_waker(&self.waker))
            .is_ready();
        self.at = (!ready).then_some(at);
        !ready
    }
}

pub(super) struct Alarms<S> {
    main: Armed<S>,
    watchdog: Armed<S>,
    /// The main one was armed for the tick, or for sooner.
    ticks: bool,
    /// It was time already when one was to be armed.
    due: bool,
}

impl<S: Sleep> Alarms<S> {
    pub(super) fn new(timer: &impl Timer<Sleep = S>, hub: &Arc<Hub>) -> Self {
        Self {
            main: Armed::new(timer.sleep(), hub),
            watchdog: Armed::new(timer.sleep(), hub),
            ticks: false,
            due: false,
        }
    }

    /// Whether it is time for something since the last
    /// [`check`](Self::check).
    pub(super) fn has_rung(&self) -> bool {
        self.due || self.main.bell.has_rung() || self.watchdog.bell.has_rung()
    }

    pub(super) fn check(&mut self, now: u64) {
        self.due = false;
        self.main.check(now);
        self.watchdog.check(now);
    }

    /// Whether [`arm`](Self::arm) has something to do. An alarm that is armed
    /// for earlier than it need be is left as it is: ringing early is harmless,
    /// re-arming is not free.
    pub(super) fn must_be_armed(&self, deadline: Option<u64>, shared: bool) -> bool {
        let late = |deadline| self.main.at.is_none_or(|armed| armed > deadline);
        deadline.is_some_and(late) || (shared && !self.is_ticking())
    }

    /// Makes sure that the timer rings for the next `deadline`, and in time
    /// for the tick if the connection is `shared`. Returns whether it is time
    /// already.
    pub(super) fn arm(&mut self, now: u64, deadline: Option<u64>, shared: bool) -> bool {
        let tick = now.saturating_add(HALF);
        let at = match (deadline, shared) {
            (Some(at), true) => Some(at.min(tick)),
            (Some(at), false) => Some(at),
            (None, true) => Some(tick),
            (None, false) => None,
        };
        let mut due = false;
        if let Some(at) = at {
            if self.main.at.is_none_or(|armed| armed > at) {
                due = !self.main.arm(at);
            }
        }
        self.ticks = self.main.at.is_some_and(|at| at <= tick);
        if shared {
            // Always behind the tick: one that rings before it finds nobody
            // late, and the tick would then have no watchdog.
            let at = self.main.at.unwrap_or(now).saturating_add(HALF);
            if self.watchdog.at != Some(at) {
                due |= !self.watchdog.arm(at);
            }
        }
        self.due |= due;
        due
    }

    /// Whether tick and watchdog are armed.
    pub(super) fn is_ticking(&self) -> bool {
        let behind = |at: u64| self.watchdog.at == Some(at.saturating_add(HALF));
        self.ticks && self.main.at.is_some_and(behind)
    }
}
