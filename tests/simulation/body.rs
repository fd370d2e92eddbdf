//! What the two ends say to each other: who, what, and which.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum What {
    Ask,
    Answer,
    Plain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Body {
    pub(crate) what: What,
    /// The end that asks, also in the answer.
    pub(crate) end: usize,
    /// Counted for each end, calls and plain messages apart.
    pub(crate) number: u64,
    /// How many requests it is part of.
    pub(crate) depth: u8,
}

impl Body {
    pub(crate) fn ask(end: usize, number: u64, depth: u8) -> Self {
        Self {
            what: What::Ask,
            end,
            number,
            depth,
        }
    }

    pub(crate) fn plain(end: usize, number: u64) -> Self {
        Self {
            what: What::Plain,
            end,
            number,
            depth: 0,
        }
    }

    /// The only answer that this request may get.
    pub(crate) fn answer(self) -> Self {
        Self {
            what: What::Answer,
            ..self
        }
    }

    pub(crate) fn name(&self) -> Name {
        (self.end, self.number)
    }
}

/// A call: who asked, and its number there.
pub(crate) type Name = (usize, u64);
