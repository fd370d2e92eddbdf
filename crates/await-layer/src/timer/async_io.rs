//! The clock of smol and async-std.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::alarm::{Alarm, Rearmed, nanos};
use super::{Sleep, Timer};

/// A timer served by async-io's reactor, which smol and async-std use.
///
/// Works on any executor: async-io starts a thread of its own where nothing
/// else polls the reactor.
#[derive(Clone, Copy, Debug)]
pub struct AsyncIoTimer {
    start: Instant,
}

/// A sleep of the [`AsyncIoTimer`].
#[derive(Debug)]
pub struct AsyncIoSleep(Rearmed<ReactorAlarm>);

#[derive(Debug)]
struct ReactorAlarm {
    timer: AsyncIoTimer,
    alarm: async_io::Timer,
}

impl AsyncIoTimer {
    /// A clock that starts now.
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Default for AsyncIoTimer {
    fn default() -> Self {
        Self::new()
    }
}

impl Timer for AsyncIoTimer {
    type Sleep = AsyncIoSleep;

    fn now(&self) -> u64 {
        nanos(self.start.elapsed())
    }

    fn sleep(&self) -> AsyncIoSleep {
        AsyncIoSleep(Rearmed::new(ReactorAlarm {
            timer: *self,
            alarm: async_io::Timer::never(),
        }))
    }
}

impl Sleep for AsyncIoSleep {
    fn poll_until(&mut self, deadline: u64, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll_until(deadline, cx)
    }
}

impl Alarm for ReactorAlarm {
    fn now(&self) -> u64 {
        self.timer.now()
    }

    #[expect(
        clippy::arithmetic_side_effects,
        reason = "as far ahead as 64 bits of nanoseconds go there is an `Instant`"
    )]
    fn set(&mut self, at: u64, _ahead: Duration) {
        self.alarm
            .set_at(self.timer.start + Duration::from_nanos(at));
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.alarm).poll(cx).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timer::check;

    #[test]
    fn a_real_clock_keeps_the_sleep_contract() {
        let timer = AsyncIoTimer::default();
        check::contract(&timer, check::real(&timer));
    }
}
