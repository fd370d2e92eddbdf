//! Abuse that is not an error until there is too much of it.

/// Bad traffic consumes, good traffic earns back. What must be expected is
/// foreseen, and costs nothing.
#[derive(Debug)]
pub(crate) struct Budget {
    available: usize,
    max: usize,
    foreseen: u64,
    /// Something was foreseen once.
    gave_up: bool,
}

impl Budget {
    pub(crate) const fn new(max: usize) -> Self {
        Self {
            available: max,
            max,
            foreseen: 0,
            gave_up: false,
        }
    }

    /// One more of what is bad is to be expected.
    pub(crate) fn foresee(&mut self) {
        self.foreseen = self.foreseen.saturating_add(1);
        self.gave_up = true;
    }

    /// Whether parts of an answer are to be expected that nobody wants: once a
    /// call was given up, any number may be under way, and none of them is kept.
    pub(crate) const fn foresees_parts(&self) -> bool {
        self.gave_up
    }

    /// `false` when there was nothing left.
    pub(crate) fn consume(&mut self) -> bool {
        if let Some(rest) = self.foreseen.checked_sub(1) {
            self.foreseen = rest;
            return true;
        }
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
