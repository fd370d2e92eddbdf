//! What has come of a streamed reply and is not taken yet.

use std::collections::VecDeque;

use super::limits::{Limits, charge};

/// A bounded queue of parts.
pub(crate) struct Parts<F> {
    queue: VecDeque<(F, usize)>,
    bytes: usize,
    /// Bounds each gap between parts, in nanoseconds.
    pub(super) timeout: Option<u64>,
}

impl<F> Parts<F> {
    pub(super) const fn new(timeout: Option<u64>) -> Self {
        Self {
            queue: VecDeque::new(),
            bytes: 0,
            timeout,
        }
    }

    /// Gives the part back when the stream's limits are reached.
    pub(super) fn push(&mut self, frame: F, size: usize, limits: &Limits) -> Result<(), F> {
        let bytes = self.bytes.saturating_add(charge(size));
        // The first part always fits: a limit on what waits, not on its size.
        let fits = self.queue.is_empty()
            || (self.queue.len() < limits.max_parts && bytes <= limits.max_parts_bytes);
        if !fits {
            return Err(frame);
        }
        self.bytes = bytes;
        self.queue.push_back((frame, size));
        Ok(())
    }

    pub(super) fn pop(&mut self) -> Option<F> {
        let (frame, size) = self.queue.pop_front()?;
        self.bytes = self.bytes.saturating_sub(charge(size));
        Some(frame)
    }
}
