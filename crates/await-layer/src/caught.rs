//! What a panic of the user's code leaves when it is caught.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Drops what was thrown, which may throw again. What it throws then is kept: a
/// peer can make most code panic, but not code that is so made.
pub(crate) fn discard(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}
