//! Abuse that is not an error until there is too much of it.

/// Bad traffic consumes, good traffic earns back.
#[derive(Debug)]
pub(crate) struct Budget {
    available: usize,
    max: usize,
}

impl Budget {
    pub(crate) const fn new(max: usize) -> Self {
        Self {
            available: max,
            max,
        }
    }

    /// `false` when there was nothing left.
    pub(crate) fn consume(&mut self) -> bool {
        match self.available.checked_sub(1) {
            Some(rest) => {
                self.available = rest;
                true
            }
            None => false,
        }
    }

    pub(crate) fn replenish(&mut self) {
        self.available = self.available.saturating_add(1).min(self.max);
    }
}
