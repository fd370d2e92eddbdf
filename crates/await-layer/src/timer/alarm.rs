//! What the runtimes' sleeps have in common: an alarm that may need setting
//! more than once before a deadline is reached.

use std::task::{Context, Poll, ready};
use std::time::Duration;

/// Runtimes overflow or round on times far ahead, so an alarm is never set
/// further than this; a later deadline sets it again.
const HORIZON: u64 = 30 * 24 * 3600 * 1_000_000_000;

/// A one-shot alarm of some runtime, on a clock in nanoseconds.
pub(super) trait Alarm {
    fn now(&self) -> u64;
    /// Sets or moves the alarm; `at` is ahead of `now`, by `ahead`.
    fn set(&mut self, at: u64, ahead: Duration);
    /// Polls an alarm that was set. After `Ready` it is set before it is
    /// polled again.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// An [`Alarm`] that remembers what it is set to.
#[derive(Debug)]
pub(super) struct Rearmed<A> {
    alarm: A,
    set_for: Option<u64>,
}

impl<A: Alarm> Rearmed<A> {
    pub(super) fn new(alarm: A) -> Self {
        Self {
            alarm,
            set_for: None,
        }
    }

    pub(super) fn poll_until(&mut self, deadline: u64, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let now = self.alarm.now();
            let ahead = match deadline.checked_sub(now) {
                None | Some(0) => return Poll::Ready(()),
                Some(ahead) => ahead.min(HORIZON),
            };
            if self.set_for != Some(deadline) {
                let at = now.saturating_add(ahead);
                self.alarm.set(at, Duration::from_nanos(ahead));
                self.set_for = Some(deadline);
            }
            ready!(self.alarm.poll(cx));
            // Fired at the deadline, at the horizon, or a rounding early: the
            // clock decides which.
            self.set_for = None;
        }
    }
}

/// Nanoseconds of a time that has passed; 584 years are out of reach.
pub(super) fn nanos(elapsed: Duration) -> u64 {
    // Without the 128-bit arithmetic of `as_nanos`: every call reads the clock.
    elapsed
        .as_secs()
        .saturating_mul(1_000_000_000)
        .saturating_add(u64::from(elapsed.subsec_nanos()))
}
