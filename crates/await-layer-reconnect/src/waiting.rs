//! How many calls wait for a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A call's place among those that wait; given up when it is dropped.
#[derive(Debug)]
pub(crate) struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    /// One more, if no more than `most` wait then.
    pub(crate) fn begin(count: &Arc<AtomicUsize>, most: usize) -> Option<Self> {
        count
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
                (now < most).then(|| now.saturating_add(1))
            })
            .ok()?;
        Some(Self(count.clone()))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
