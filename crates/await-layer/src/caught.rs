//! What a panic of the user's code leaves when it is caught.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) type Payload = Box<dyn Any + Send>;

/// Drops what was thrown, which may throw again. What it throws then is kept: a
/// peer can make most code panic, but not code that is so made.
pub(crate) fn discard(payload: Payload) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}

/// Runs one of several things of which each must be done whatever the others
/// throw. `first` is the first panic, to be resumed when all are.
pub(crate) fn run(first: &mut Option<Payload>, each: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(each)) {
        match first {
            None => *first = Some(payload),
            Some(_) => discard(payload),
        }
    }
}
