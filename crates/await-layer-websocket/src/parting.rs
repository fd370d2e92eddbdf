//! The code that an end closes with if it was given none.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

/// What a [`WebSocket`](crate::WebSocket) says when it closes and nobody has
/// said what: 1000 at first. Clones are of the same connection, and may change
/// it from anywhere: a server that goes away wants 1001.
#[derive(Clone, Debug)]
pub struct Parting(Arc<AtomicU16>);

impl Parting {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU16::new(1000)))
    }

    /// From now on it is `code`, which must be one that may go over the wire.
    pub fn set(&self, code: u16) {
        self.0.store(code, Ordering::Relaxed);
    }

    pub(crate) fn code(&self) -> u16 {
        self.0.load(Ordering::Relaxed)
    }
}
