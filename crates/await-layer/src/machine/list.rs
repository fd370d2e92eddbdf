//! Lists through slots that live elsewhere: a member brings its own links, so
//! that standing in a list costs no memory and leaving it no search.

use super::arena::NONE;

/// One member's neighbours in one list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Links {
    prev: u32,
    next: u32,
}

impl Links {
    pub(crate) const NONE: Self = Self {
        prev: NONE,
        next: NONE,
    };
}

/// Where the members are, and which of their links belong to this list.
pub(crate) trait Members {
    fn links(&mut self, index: u32) -> Option<&mut Links>;
}

/// The two ends of a list. Whether an index stands in it is known to its
/// owner: nothing here checks it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List {
    head: u32,
    tail: u32,
    len: u32,
}

impl List {
    pub(crate) const EMPTY: Self = Self {
        head: NONE,
        tail: NONE,
        len: 0,
    };

    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The oldest member.
    pub(crate) fn front(&self) -> Option<u32> {
        (self.head != NONE).then_some(self.head)
    }

    /// The newest member.
    pub(crate) fn back(&self) -> Option<u32> {
        (self.tail != NONE).then_some(self.tail)
    }

    /// The member that is one older than `index`.
    pub(crate) fn before(&self, members: &mut impl Members, index: u32) -> Option<u32> {
        let prev = members.links(index)?.prev;
        (prev != NONE).then_some(prev)
    }

    #[inline]
    pub(crate) fn push_back(&mut self, members: &mut impl Members, index: u32) {
        let Some(links) = members.links(index) else {
            return;
        };
        *links = Links {
            prev: self.tail,
            next: NONE,
        };
        match self.tail {
            NONE => self.head = index,
            tail => {
                if let Some(links) = members.links(tail) {
                    links.next = index;
                }
            }
        }
        self.tail = index;
        self.len += 1;
    }

    pub(crate) fn push_front(&mut self, members: &mut impl Members, index: u32) {
        self.insert_after(members, None, index);
    }

    /// Inserts behind `after`, or in front of all.
    pub(crate) fn insert_after(
        &mut self,
        members: &mut impl Members,
        after: Option<u32>,
        index: u32,
    ) {
        let prev = after.unwrap_or(NONE);
        let next = match after {
            None => self.head,
            Some(after) => members.links(after).map_or(NONE, |links| links.next),
        };
        let Some(links) = members.links(index) else {
            return;
        };
        *links = Links { prev, next };
        self.join(members, prev, index);
        self.join(members, index, next);
        self.len += 1;
    }

    /// Takes a member out, wherever it stands.
    #[inline]
    pub(crate) fn remove(&mut self, members: &mut impl Members, index: u32) {
        let Some(links) = members.links(index) else {
            return;
        };
        let Links { prev, next } = std::mem::replace(links, Links::NONE);
        self.join(members, prev, next);
        self.len -= 1;
    }

    pub(crate) fn pop_front(&mut self, members: &mut impl Members) -> Option<u32> {
        let index = self.front()?;
        self.remove(members, index);
        Some(index)
    }

    /// Makes two members neighbours; no member is the end of the list.
    fn join(&mut self, members: &mut impl Members, prev: u32, next: u32) {
        match prev {
            NONE => self.head = next,
            _ => {
                if let Some(links) = members.links(prev) {
                    links.next = next;
                }
            }
        }
        match next {
            NONE => self.tail = prev,
            _ => {
                if let Some(links) = members.links(next) {
                    links.prev = prev;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Members for Vec<Links> {
        fn links(&mut self, index: u32) -> Option<&mut Links> {
            self.get_mut(index as usize)
        }
    }

    fn drain(members: &mut Vec<Links>, list: &mut List) -> Vec<u32> {
        std::iter::from_fn(|| list.pop_front(members)).collect()
    }

    #[test]
    fn members_leave_from_the_middle_and_the_order_holds() {
        let (mut members, mut list) = (vec![Links::NONE; 10], List::EMPTY);
        for index in 0..5 {
            list.push_back(&mut members, index);
        }
        for index in [2, 0, 4] {
            list.remove(&mut members, index);
        }
        list.push_back(&mut members, 9);
        list.push_front(&mut members, 8);
        assert_eq!(list.len(), 4);
        assert_eq!(list.before(&mut members, 9), Some(3));
        assert_eq!(drain(&mut members, &mut list), [8, 1, 3, 9]);
        assert!(list.is_empty());
        assert_eq!((list.front(), list.back()), (None, None));
    }

    #[test]
    fn two_lists_share_their_members_storage_and_nothing_else() {
        let mut members = vec![Links::NONE; 10];
        let (mut a, mut b) = (List::EMPTY, List::EMPTY);
        for index in 0..3 {
            a.push_back(&mut members, index);
            b.push_back(&mut members, index + 5);
        }
        a.insert_after(&mut members, Some(0), 9);
        b.insert_after(&mut members, None, 8);
        assert_eq!(drain(&mut members, &mut a), [0, 9, 1, 2]);
        assert_eq!(drain(&mut members, &mut b), [8, 5, 6, 7]);
    }
}
