//! One counter for every message that leaves.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{IdGenerator, Slot};

/// A counter from 1 that a generator and its codec share, for wires where
/// every message takes a number (DAP, D-Bus).
///
/// Clones count together: give one to the protocol as its generator and keep
/// one in the codec for replies and plain messages. `i64` ends after
/// `i64::MAX`; `u32` starts over at 1, never 0, and the layer passes over ids
/// that are still live.
#[derive(Debug)]
pub struct SharedCounter<Id> {
    taken: Arc<AtomicU64>,
    id: PhantomData<fn() -> Id>,
}

impl<Id> SharedCounter<Id> {
    /// A counter whose first number is 1.
    pub fn new() -> Self {
        Self {
            taken: Arc::default(),
            id: PhantomData,
        }
    }

    /// How many were taken before this one.
    fn count(&self) -> u64 {
        self.taken.fetch_add(1, Ordering::Relaxed)
    }
}

impl SharedCounter<u32> {
    /// Takes the next number.
    pub fn take(&self) -> Option<u32> {
        let before = self.count().checked_rem(u64::from(u32::MAX))?;
        u32::try_from(before.checked_add(1)?).ok()
    }
}

impl SharedCounter<i64> {
    /// Takes the next number, or `None` when they are used up.
    pub fn take(&self) -> Option<i64> {
        i64::try_from(self.count().checked_add(1)?).ok()
    }
}

impl<Id> Clone for SharedCounter<Id> {
    fn clone(&self) -> Self {
        Self {
            taken: Arc::clone(&self.taken),
            id: PhantomData,
        }
    }
}

impl<Id> Default for SharedCounter<Id> {
    fn default() -> Self {
        Self::new()
    }
}

impl IdGenerator for SharedCounter<u32> {
    type Id = u32;

    fn next(&mut self, _slot: Slot) -> Option<u32> {
        self.take()
    }
}

impl IdGenerator for SharedCounter<i64> {
    type Id = i64;

    fn next(&mut self, _slot: Slot) -> Option<i64> {
        self.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOT: Slot = Slot { index: 0, turn: 0 };

    #[test]
    fn clones_count_together() {
        let codec = SharedCounter::<i64>::new();
        let mut ids = codec.clone();
        assert_eq!(ids.next(SLOT), Some(1));
        assert_eq!(codec.take(), Some(2));
        assert_eq!(ids.next(SLOT), Some(3));
    }

    #[test]
    fn u32_passes_over_zero_when_it_starts_over() {
        let counter = SharedCounter::<u32>::default();
        let last = u64::from(u32::MAX) - 1;
        counter.taken.store(last, Ordering::Relaxed);
        assert_eq!(counter.take(), Some(u32::MAX));
        assert_eq!(counter.take(), Some(1));
    }

    #[test]
    fn i64_ends() {
        let counter = SharedCounter::<i64>::new();
        let last = u64::try_from(i64::MAX).unwrap() - 1;
        counter.taken.store(last, Ordering::Relaxed);
        assert_eq!(counter.take(), Some(i64::MAX));
        assert_eq!((counter.take(), counter.take()), (None, None));
    }
}
