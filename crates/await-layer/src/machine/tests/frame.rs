//! A frame that must not be dropped under the lock.

use std::cell::Cell;

use super::Subject;

thread_local! {
    static LOCKED: Cell<bool> = const { Cell::new(false) };
}

/// A frame by its number.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame(pub(super) u64);

impl Drop for Frame {
    fn drop(&mut self) {
        assert!(
            !LOCKED.get() || std::thread::panicking(),
            "frame {} is dropped under the lock",
            self.0
        );
    }
}

/// What the link does with the machine: what is discarded is dropped later.
pub(super) fn with<R>(subject: &mut Subject, change: impl FnOnce(&mut Subject) -> R) -> R {
    LOCKED.set(true);
    let result = change(subject);
    let any = subject.has_discarded();
    let discarded = subject.take_discarded();
    assert!(any != discarded.is_empty() && !subject.has_discarded());
    LOCKED.set(false);
    drop(discarded);
    result
}
