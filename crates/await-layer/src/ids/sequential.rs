//! Ids that count up.

use crate::{IdGenerator, Locate, Slot};

/// `u64` ids that count up from a given start. After `u64::MAX` there is none
/// to give: it never starts over.
#[derive(Clone, Debug)]
pub struct Sequential {
    start: u64,
    next: Option<u64>,
}

impl Sequential {
    /// The first id is `start`.
    pub const fn starting_at(start: u64) -> Self {
        Self {
            start,
            next: Some(start),
        }
    }
}

impl Default for Sequential {
    /// Starts at 1: many wires read 0 as "no id".
    fn default() -> Self {
        Self::starting_at(1)
    }
}

impl IdGenerator for Sequential {
    type Id = u64;

    fn next(&mut self, _slot: Slot) -> Option<u64> {
        let id = self.next?;
        self.next = id.checked_add(1);
        Some(id)
    }

    fn locate(&self, id: &u64) -> Locate {
        if *id >= self.start && self.next.is_none_or(|next| *id < next) {
            Locate::Map
        } else {
            Locate::Foreign
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOT: Slot = Slot { index: 0, turn: 0 };

    #[test]
    fn counts_up_and_knows_what_it_gave() {
        let mut ids = Sequential::default();
        assert_eq!(ids.locate(&1), Locate::Foreign);
        assert_eq!((ids.next(SLOT), ids.next(SLOT)), (Some(1), Some(2)));
        assert_eq!(ids.locate(&2), Locate::Map);
        assert_eq!(ids.locate(&0), Locate::Foreign);
        assert_eq!(ids.locate(&3), Locate::Foreign);
    }

    #[test]
    fn ends_instead_of_starting_over() {
        let mut ids = Sequential::starting_at(u64::MAX);
        assert_eq!(ids.next(SLOT), Some(u64::MAX));
        assert_eq!((ids.next(SLOT), ids.next(SLOT)), (None, None));
        assert_eq!(ids.locate(&u64::MAX), Locate::Map);
    }
}
