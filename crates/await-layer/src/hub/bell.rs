//! The wakers of the two sleeps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;

use super::Hub;

/// Which of the two sleeps a waker belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alarm {
    /// The next deadline, or the tick if that is sooner.
    Tick,
    Watchdog,
}

/// The waker of a sleep.
pub(crate) struct Bell {
    hub: Arc<Hub>,
    alarm: Alarm,
    rung: AtomicBool,
}

impl Bell {
    pub(crate) fn new(hub: &Arc<Hub>, alarm: Alarm) -> Arc<Self> {
        Arc::new(Self {
            hub: hub.clone(),
            alarm,
            rung: AtomicBool::new(false),
        })
    }

    /// Whether the sleep has woken its waker since the last time this was asked.
    pub(crate) fn take_rung(&self) -> bool {
        self.rung.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        match self.alarm {
            Alarm::Tick => self.hub.tick(),
            Alarm::Watchdog => self.hub.watch(),
        }
    }
}
