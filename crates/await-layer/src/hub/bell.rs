//! The wakers of the two sleeps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;

use super::Hub;

/// The waker of a sleep.
pub(crate) struct Bell {
    hub: Arc<Hub>,
    rung: AtomicBool,
}

impl Bell {
    pub(crate) fn new(hub: &Arc<Hub>) -> Arc<Self> {
        Arc::new(Self {
            hub: hub.clone(),
            rung: AtomicBool::new(false),
        })
    }

    /// Whether the sleep has woken its waker since it was last taken.
    pub(crate) fn has_rung(&self) -> bool {
        self.rung.load(Ordering::Acquire)
    }

    /// The same, and forgets it.
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
        self.hub.ring();
    }
}
