//! The timer that needs no runtime.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_timer::Delay;

use super::alarm::{Alarm, Rearmed, nanos};
use super::{Sleep, Timer};

/// A timer for any executor: one helper thread per process serves all sleeps.
///
/// The thread starts at the first sleep that has to wait. Where the system
/// refuses that thread, such a sleep panics.
#[derive(Clone, Copy, Debug)]
pub struct DefaultTimer {
    start: Instant,
}

/// A sleep of the [`DefaultTimer`].
#[derive(Debug)]
pub struct DefaultSleep(Rearmed<HelperAlarm>);

#[derive(Debug)]
struct HelperAlarm {
    timer: DefaultTimer,
    delay: Option<Delay>,
}

impl DefaultTimer {
    /// A clock that starts now.
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Default for DefaultTimer {
    fn default() -> Self {
        Self::new()
    }
}

impl Timer for DefaultTimer {
    type Sleep = DefaultSleep;

    fn now(&self) -> u64 {
        nanos(self.start.elapsed())
    }

    fn sleep(&self) -> DefaultSleep {
        DefaultSleep(Rearmed::new(HelperAlarm {
            timer: *self,
            delay: None,
        }))
    }
}

impl Sleep for DefaultSleep {
    fn poll_until(&mut self, deadline: u64, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll_until(deadline, cx)
    }
}

impl Alarm for HelperAlarm {
    fn now(&self) -> u64 {
        self.timer.now()
    }

    fn set(&mut self, _at: u64, ahead: Duration) {
        match &mut self.delay {
            Some(delay) => delay.reset(ahead),
            None => self.delay = Some(Delay::new(ahead)),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.delay {
            Some(delay) => Pin::new(delay).poll(cx),
            None => Poll::Ready(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timer::check;

    #[test]
    fn a_real_clock_keeps_the_sleep_contract() {
        let timer = DefaultTimer::default();
        check::contract(&timer, check::real(&timer));
    }
}
