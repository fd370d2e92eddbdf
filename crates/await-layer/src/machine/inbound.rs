//! What the application has not taken yet.

use super::Machine;
use super::limits::{Overflow, charge};

/// Counts of what the peer makes us hold.
#[derive(Debug, Default)]
pub(super) struct Inbound {
    /// Plain messages queued, and the bytes of them and of open requests.
    messages: usize,
    bytes: usize,
    /// Messages dropped since the last one that was queued.
    lagged: u64,
    /// Reading has stopped until there is room.
    paused: bool,
}

impl Inbound {
    pub(super) fn fits(&self, bytes: usize, max: usize) -> bool {
        // One frame always fits: the transport limits its size.
        self.bytes == 0 || self.bytes.saturating_add(bytes) <= max
    }

    pub(super) fn charge(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
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
    fn inbound_is_full(&self) -> bool {
        self.inbound.messages >= self.limits.max_inbound
            || self.inbound.bytes >= self.limits.max_inbound_bytes
    }

    /// Whether the next frame may be read. If not, taking a message says when.
    pub(crate) fn may_read(&mut self) -> bool {
        let full = self.inbound_is_full();
        self.inbound.paused = full
            && match self.limits.overflow {
                Overflow::Lag => self.in_flight == 0,
                Overflow::Backpressure => true,
                Overflow::Close => false,
            };
        !self.inbound.paused
    }

    /// Whether reading has stopped for want of room.
    pub(crate) fn is_paused(&self) -> bool {
        self.inbound.paused
    }

    /// A plain message came, and somebody takes messages.
    pub(crate) fn admit(&mut self, size: usize) -> Admission {
        let bytes = charge(size);
        if self.inbound_is_full() || !self.inbound.fits(bytes, self.limits.max_inbound_bytes) {
            if self.limits.overflow == Overflow::Close {
                return Admission::Close;
            }
            self.inbound.lagged += 1;
            self.stats.dropped += 1;
            return Admission::Drop;
        }
        self.inbound.messages += 1;
        self.inbound.charge(bytes);
        Admission::Queue {
            lagged: std::mem::take(&mut self.inbound.lagged),
        }
    }

    /// A plain message came that nobody will ever take.
    pub(crate) fn drop_message(&mut self) {
        self.stats.dropped += 1;
    }

    /// Messages dropped behind everything that is queued.
    pub(crate) fn take_lagged(&mut self) -> u64 {
        std::mem::take(&mut self.inbound.lagged)
    }

    /// A message was taken. Whether reading may go on because of it.
    pub(crate) fn message_taken(&mut self, size: usize) -> bool {
        self.inbound.messages = self.inbound.messages.saturating_sub(1);
        self.release_inbound(charge(size))
    }

    pub(super) fn release_inbound(&mut self, bytes: usize) -> bool {
        self.inbound.bytes = self.inbound.bytes.saturating_sub(bytes);
        self.inbound.paused && !self.inbound_is_full()
    }
}
