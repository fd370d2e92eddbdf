//! Wakers, to be woken or dropped once no lock is held.

use std::collections::VecDeque;
use std::task::Waker;

use crate::caught;

/// Collected under a lock; [`wake`](Self::wake) is called without.
#[derive(Default)]
pub(crate) struct Wakers {
    /// Most turns wake one party, and a list would have to be kept for it.
    first: Option<Waker>,
    more: Option<VecDeque<Waker>>,
    /// That of a runner that has what it waited for; others are rare.
    dropped: Option<Waker>,
    dropped_more: Vec<Waker>,
}

impl Wakers {
    #[inline]
    pub(crate) fn wake_later(&mut self, waker: Option<Waker>) {
        if self.first.is_none() {
            self.first = waker;
        } else if let Some(waker) = waker {
            self.more.get_or_insert_default().push_back(waker);
        }
    }

    pub(crate) fn drop_later(&mut self, waker: Option<Waker>) {
        if waker.is_some() {
            let first = std::mem::replace(&mut self.dropped, waker);
            self.dropped_more.extend(first);
        }
    }

    /// Takes the room of an empty list, so that none is allocated.
    pub(crate) fn borrow(&mut self, room: &mut Option<VecDeque<Waker>>) {
        if self.more.is_none() {
            self.more = room.take();
        }
    }

    /// The room, once all are woken, if there is any.
    pub(crate) fn room(&mut self) -> Option<VecDeque<Waker>> {
        self.more.take()
    }

    /// Wakes them all, even if one panics. The first panic goes to `panic`.
    pub(crate) fn wake(&mut self, panic: &mut Option<caught::Payload>) {
        // Whoever panics is gone from the list: the rest are woken.
        while !self.is_empty() {
            caught::run(panic, || self.wake_some());
        }
    }

    fn is_empty(&self) -> bool {
        self.first.is_none()
            && self.more.as_ref().is_none_or(VecDeque::is_empty)
            && self.dropped.is_none()
            && self.dropped_more.is_empty()
    }

    fn wake_some(&mut self) {
        if let Some(first) = self.first.take() {
            first.wake();
        }
        if let Some(more) = &mut self.more {
            while let Some(waker) = more.pop_front() {
                waker.wake();
            }
        }
        self.dropped = None;
        self.dropped_more.clear();
    }
}
