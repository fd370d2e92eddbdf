//! The one place that says which locks we use, so that a model checker can
//! put its own in.

#[cfg(await_layer_loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard};
#[cfg(not(await_layer_loom))]
pub(crate) use std::sync::{Mutex, MutexGuard};

/// Locks. No user code runs under our locks, so a poisoned one is intact.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
