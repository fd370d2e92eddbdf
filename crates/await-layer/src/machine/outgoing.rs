//! One queue for everything that leaves, in the order in which it was made.

use super::arena::Key;
use super::chain::{Chain, Chains};
use super::limits::charge;
use super::{BeginError, Machine};
use crate::Refusal;

/// What an answer to the peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplyKind {
    /// The last or only one.
    Last,
    /// One of several.
    Part,
    /// No more, and no data.
    End,
}

#[derive(Debug)]
pub(crate) enum Item<I, A> {
    Request {
        call: Key,
        chosen: Option<I>,
    },
    Plain {
        send: Option<Key>,
    },
    Reply {
        ask: Key,
        kind: ReplyKind,
        send: Key,
    },
    Cancel {
        call: Key,
    },
    Decline {
        ask: Key,
        why: Refusal,
    },
    Refuse {
        ask: A,
        why: Refusal,
    },
}

/// The next thing to write, frames included.
pub(crate) enum Write<F, I, A> {
    Request {
        call: Key,
        chosen: Option<I>,
        frame: F,
    },
    Plain {
        send: Option<Key>,
        frame: F,
    },
    Reply {
        ask: Key,
        kind: ReplyKind,
        send: Key,
        frame: Option<F>,
    },
    Cancel {
        call: Key,
    },
    Decline {
        ask: Key,
        why: Refusal,
    },
    Refuse {
        ask: A,
        why: Refusal,
    },
}

/// A queue entry that was taken out: whatever must be dropped outside the lock.
pub(crate) struct Entry<F, I, A> {
    pub(super) item: Item<I, A>,
    pub(super) frame: Option<F>,
    size: usize,
}

impl<F, I, A> Entry<F, I, A> {
    /// Whether dropping it drops a value of the user's besides its frame.
    pub(super) fn holds_an_id(&self) -> bool {
        matches!(
            self.item,
            Item::Request {
                chosen: Some(_),
                ..
            } | Item::Refuse { .. }
        )
    }
}

pub(super) struct Outgoing<F, I, A> {
    entries: Chains<Entry<F, I, A>>,
    /// What leaves next.
    queue: Chain,
    /// Requests that wait for a permit.
    permits: Chain,
    /// Of the frames in `queue`, those that nobody waits for.
    loose: usize,
    loose_bytes: usize,
    refusals: usize,
}

impl<F, I, A> Outgoing<F, I, A> {
    pub(super) const fn new() -> Self {
        Self {
            entries: Chains::new(),
            queue: Chain::EMPTY,
            permits: Chain::EMPTY,
            loose: 0,
            loose_bytes: 0,
            refusals: 0,
        }
    }

    pub(super) fn push(&mut self, item: Item<I, A>, frame: Option<F>, size: usize) -> Option<Key> {
        let loose = matches!(item, Item::Plain { send: None });
        let refusal = matches!(item, Item::Refuse { .. });
        let entry = Entry { item, frame, size };
        let key = self.entries.push_back(&mut self.queue, entry).ok()?;
        if loose {
            self.loose += 1;
            self.loose_bytes = self.loose_bytes.saturating_add(charge(size));
        }
        self.refusals += usize::from(refusal);
        Some(key)
    }

    /// Queues a request behind those that wait for a permit.
    pub(super) fn push_waiting(&mut self, item: Item<I, A>, frame: F) -> Option<Key> {
        let entry = Entry {
            item,
            frame: Some(frame),
            size: 0,
        };
        self.entries.push_back(&mut self.permits, entry).ok()
    }

    /// The call that has waited longest for a permit moves to the queue.
    pub(super) fn promote(&mut self) -> Option<(Key, Key)> {
        let entry = self.entries.pop_front(&mut self.permits)?;
        let Item::Request { call, .. } = entry.item else {
            return None;
        };
        let key = self.entries.push_back(&mut self.queue, entry).ok()?;
        Some((call, key))
    }

    pub(super) fn remove_waiting(&mut self, key: Key) -> Option<Entry<F, I, A>> {
        self.entries.remove(&mut self.permits, key)
    }

    pub(super) fn remove(&mut self, key: Key) -> Option<Entry<F, I, A>> {
        let entry = self.entries.remove(&mut self.queue, key)?;
        self.uncount(&entry);
        Some(entry)
    }

    pub(super) fn pop(&mut self) -> Option<Entry<F, I, A>> {
        let entry = self.entries.pop_front(&mut self.queue)?;
        self.uncount(&entry);
        Some(entry)
    }

    pub(super) fn pop_waiting(&mut self) -> Option<Entry<F, I, A>> {
        self.entries.pop_front(&mut self.permits)
    }

    fn uncount(&mut self, entry: &Entry<F, I, A>) {
        match entry.item {
            Item::Plain { send: None } => {
                self.loose -= 1;
                self.loose_bytes = self.loose_bytes.saturating_sub(charge(entry.size));
            }
            Item::Refuse { .. } => self.refusals -= 1,
            _ => {}
        }
    }
}

impl<F, I, A> Machine<F, I, A> {
    /// Whether there is anything to write.
    pub(crate) fn has_outgoing(&self) -> bool {
        !self.outgoing.queue.is_empty()
    }

    /// Whether a frame that nobody waits for may be queued.
    pub(crate) fn has_room(&self) -> bool {
        let Outgoing {
            loose, loose_bytes, ..
        } = self.outgoing;
        loose == 0
            || (loose < self.limits.max_outbound && loose_bytes < self.limits.max_outbound_bytes)
    }

    /// Whether all frames that nobody waits for are written and flushed.
    pub(crate) fn is_flushed(&self) -> bool {
        self.outgoing.loose == 0 && !self.unflushed()
    }

    /// Who is woken when either of these changes.
    pub(crate) fn set_sink_party(&mut self, party: Key) {
        self.sink_party = party;
    }

    /// Queues a plain frame that nobody waits for.
    pub(crate) fn push_loose(&mut self, frame: F, size: usize) -> Result<(), (BeginError, F)> {
        if let Err(error) = self.admits() {
            return Err((error, frame));
        }
        self.outgoing
            .push(Item::Plain { send: None }, Some(frame), size);
        Ok(())
    }

    /// Refuses a request that was never delivered.
    pub(crate) fn refuse(&mut self, ask: A, why: Refusal) -> Option<A> {
        self.stats.refused += 1;
        if self.outgoing.refusals >= self.limits.max_refusals {
            self.stats.refusals_dropped += 1;
            return Some(ask);
        }
        self.outgoing.push(Item::Refuse { ask, why }, None, 0);
        None
    }

    /// The next thing to write, if the transport is ready for it.
    pub(crate) fn next_write(&mut self) -> Option<Write<F, I, A>> {
        loop {
            let Entry { item, frame, .. } = self.outgoing.pop()?;
            if matches!(item, Item::Plain { send: None }) {
                self.woken.push(self.sink_party);
            }
            return Some(match (item, frame) {
                (Item::Request { call, chosen }, Some(frame)) => {
                    self.call_is_writing(call);
                    Write::Request {
                        call,
                        chosen,
                        frame,
                    }
                }
                (Item::Plain { send }, Some(frame)) => {
                    self.send_is_writing(send);
                    Write::Plain { send, frame }
                }
                (Item::Reply { ask, kind, send }, frame) => {
                    self.send_is_writing(Some(send));
                    Write::Reply {
                        ask,
                        kind,
                        send,
                        frame,
                    }
                }
                (Item::Cancel { call }, _) => Write::Cancel { call },
                (Item::Decline { ask, why }, _) => Write::Decline { ask, why },
                (Item::Refuse { ask, why }, _) => Write::Refuse { ask, why },
                // A request or a plain message always has its frame.
                (Item::Request { .. } | Item::Plain { .. }, None) => continue,
            });
        }
    }

    /// A frame went to the transport; `send` is settled by the next flush.
    pub(crate) fn wrote(&mut self, send: Option<Key>) {
        self.written += 1;
        self.stats.written += 1;
        if let Some(send) = send {
            self.send_is_flushing(send);
        }
    }
}
