//! How much of what is bad the connection bears, told naively.

use super::model::UNMATCHED;

#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
    /// Calls that were given up and whose replies may yet come.
    given_up: usize,
    ever: bool,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            left: UNMATCHED,
            given_up: 0,
            ever: false,
        }
    }
}

impl Budget {
    pub(super) fn give_up(&mut self) {
        self.given_up += 1;
        self.ever = true;
    }

    pub(super) fn gave_up(&self) -> bool {
        self.ever
    }

    pub(super) fn matched(&mut self) {
        if self.left < UNMATCHED {
            self.left += 1;
        }
    }

    /// Whether one more is borne.
    pub(super) fn bears(&mut self) -> bool {
        let from = match self.given_up {
            0 => &mut self.left,
            _ => &mut self.given_up,
        };
        let bears = *from > 0;
        *from -= usize::from(bears);
        bears
    }
}
