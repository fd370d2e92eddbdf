//! Tokio's clock.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use super::alarm::{Alarm, Rearmed, nanos};
use super::{Sleep, Timer};

/// A timer on tokio's clock, which tests may pause.
///
/// It may be made and read anywhere. The first sleep that has to wait needs a
/// tokio runtime with time enabled and panics without one. Use one timer
/// inside one runtime: a paused clock and the real one do not agree.
#[derive(Clone, Copy, Debug)]
pub struct TokioTimer {
    start: Instant,
}

/// A sleep of the [`TokioTimer`].
#[derive(Debug)]
pub struct TokioSleep(Rearmed<TokioAlarm>);

#[derive(Debug)]
struct TokioAlarm {
    timer: TokioTimer,
    // Made at the first wait: making it needs the runtime.
    sleep: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl TokioTimer {
    /// A clock that starts now.
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Default for TokioTimer {
    fn default() -> Self {
        Self::new()
    }
}

impl Timer for TokioTimer {
    type Sleep = TokioSleep;

    fn now(&self) -> u64 {
        nanos(Instant::now().saturating_duration_since(self.start))
    }

    fn sleep(&self) -> TokioSleep {
        TokioSleep(Rearmed::new(TokioAlarm {
            timer: *self,
            sleep: None,
        }))
    }
}

impl Sleep for TokioSleep {
    fn poll_until(&mut self, deadline: u64, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll_until(deadline, cx)
    }
}

impl Alarm for TokioAlarm {
    fn now(&self) -> u64 {
        self.timer.now()
    }

    #[expect(
        clippy::arithmetic_side_effects,
        reason = "as far ahead as 64 bits of nanoseconds go there is an `Instant`"
    )]
    fn set(&mut self, at: u64, _ahead: Duration) {
        let at = self.timer.start + Duration::from_nanos(at);
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().reset(at),
            None => self.sleep = Some(Box::pin(tokio::time::sleep_until(at))),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().poll(cx),
            None => Poll::Ready(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timer::check;

    fn paused() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
    }

    #[test]
    fn a_paused_clock_keeps_the_sleep_contract() {
        let runtime = paused();
        let _inside = runtime.enter();
        let timer = TokioTimer::new();
        check::contract(&timer, |by| {
            runtime.block_on(tokio::time::advance(by));
        });
    }

    #[test]
    fn outside_a_runtime_only_a_real_wait_fails() {
        let timer = TokioTimer::default();
        let mut sleep = timer.sleep();
        let woken = check::Woken::new();
        assert!(sleep.poll_until(0, &mut woken.context()).is_ready());
        let before = timer.now();
        assert!(timer.now() >= before);
    }

    #[test]
    fn a_day_passes_at_once_when_the_clock_is_paused() {
        let day = 24 * 3600 * 1_000_000_000;
        paused().block_on(async {
            let timer = TokioTimer::new();
            let mut sleep = timer.sleep();
            std::future::poll_fn(|cx| sleep.poll_until(400 * day, cx)).await;
            assert!(timer.now() >= 400 * day);
        });
    }
}
