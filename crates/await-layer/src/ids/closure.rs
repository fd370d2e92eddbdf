//! Ids out of a closure.

use std::fmt;

use crate::{IdGenerator, Slot};

/// A closure as a generator. The layer finds its ids by a map, and takes none
/// for surely its own: see [`IdGenerator::tagged`].
#[derive(Clone)]
pub struct ClosureIds<C>(C);

impl<C, Id> ClosureIds<C>
where
    C: FnMut(Slot) -> Option<Id>,
{
    /// Calls `next` for each id; `None` fails that one call.
    pub fn new(next: C) -> Self {
        Self(next)
    }
}

impl<C, Id> IdGenerator for ClosureIds<C>
where
    C: FnMut(Slot) -> Option<Id>,
{
    type Id = Id;

    fn next(&mut self, slot: Slot) -> Option<Id> {
        (self.0)(slot)
    }
}

impl<C> fmt::Debug for ClosureIds<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClosureIds")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Locate;

    #[test]
    fn the_closure_sees_the_slot_and_may_run_out() {
        let mut left = 1;
        let mut ids = ClosureIds::new(move |slot: Slot| {
            left -= 1;
            (left >= 0).then(|| format!("{}-{}", slot.index, slot.turn))
        });
        let slot = Slot { index: 4, turn: 9 };
        assert_eq!(ids.next(slot).as_deref(), Some("4-9"));
        assert_eq!(ids.next(slot), None);
        assert_eq!(ids.locate(&"4-9".to_owned()), Locate::Map);
        assert!(!ids.tagged());
    }
}
