//! What the application has not taken yet.

use super::Machine;
use super::limits::{Overflow, charge};

/// Counts of what the peer makes us hold.
#[derive(Debug, Default)]
pub(super) struct Inbound {
    /// Plain messages queued, and their bytes.
    messages: usize,
    bytes: usize,
    /// Bytes of the requests that are not answered. They never stop reading:
    /// requests beyond the limit are refused.
    asked: usize,
    /// Nobody will ever take a message.
    forsaken: bool,
    /// Messages dropped since the last one that was queued.
    lagged: u64,
    /// Reading has stopped until there is room.
    paused: bool,
}

impl Inbound {
    /// Whether one more request may come, whatever its size: the transport
    /// limits that.
    pub(super) fn takes_requests(&self, max: usize) -> bool {
        self.asked == 0 || self.asked < max
    }

    pub(super) fn asked(&mut self, bytes: usize) {
        self.asked = self.asked.saturating_add(bytes);
    }

    pub(super) fn answered(&mut self, bytes: usize) {
        self.asked = self.asked.saturating_sub(bytes);
    }
}

/// What becomes of a plain message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Queue it, behind a note that this many before it were dropped.
    Queue {
        lagged: u64,
    },
    Drop,
    /// End the connection.
    Close,
}

impl<F, I, A> Machine<F, I, A> {
    /// One message is always taken in, and the one that passes the limit on
    /// bytes too: it is here already, and the transport limits its size.
    fn inbound_is_full(&self) -> bool {
        let Inbound {
            messages, bytes, ..
        } = self.inbound;
        messages > 0
            && (messages >= self.limits.max_inbound || bytes >= self.limits.max_inbound_bytes)
    }

    /// How many replies may be read before this is asked again: an application
    /// that takes nothing is waited for as soon as no call is pending.
    pub(crate) fn replies_at_once(&self, most: usize) -> usize {
        if self.inbound_is_full() { 1 } else { most }
    }

    /// Whether the next frame may be read. If not, taking a message says when.
    pub(crate) fn may_read(&mut self) -> bool {
        let full = self.inbound_is_full();
        self.inbound.paused = full
            && !self.inbound.forsaken
            && match self.limits.overflow {
                Overflow::Lag => self.in_flight == 0,
                Overflow::Backpressure => true,
                Overflow::Close => false,
            };
        !self.inbound.paused
    }

    /// A plain message came.
    pub(crate) fn admit(&mut self, size: usize) -> Admission {
        if self.inbound.forsaken {
            self.stats.dropped += 1;
            return Admission::Drop;
        }
        if self.inbound_is_full() {
            // A close that is under way ends well all the same.
            if self.limits.overflow == Overflow::Close && !self.is_draining() {
                return Admission::Close;
            }
            self.inbound.lagged += 1;
            self.stats.dropped += 1;
            return Admission::Drop;
        }
        self.inbound.messages += 1;
        self.inbound.bytes = self.inbound.bytes.saturating_add(charge(size));
        Admission::Queue {
            lagged: std::mem::take(&mut self.inbound.lagged),
        }
    }

    /// Whether messages were dropped behind everything that is queued.
    pub(crate) fn has_lagged(&self) -> bool {
        self.inbound.lagged > 0
    }

    /// Messages dropped behind everything that is queued.
    pub(crate) fn take_lagged(&mut self) -> u64 {
        std::mem::take(&mut self.inbound.lagged)
    }

    /// A message was taken. Whether reading may go on because of it.
    pub(crate) fn message_taken(&mut self, size: usize) -> bool {
        self.inbound.messages = self.inbound.messages.saturating_sub(1);
        self.inbound.bytes = self.inbound.bytes.saturating_sub(charge(size));
        self.inbound.paused && !self.inbound_is_full()
    }

    /// Nobody will take messages any more. Whether reading had stopped.
    pub(crate) fn forsake_messages(&mut self) -> bool {
        self.inbound.forsaken = true;
        std::mem::take(&mut self.inbound.paused)
    }
}
