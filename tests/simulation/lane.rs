//! One direction of the link.

use std::collections::VecDeque;
use std::task::Waker;

use bytes::Bytes;

#[derive(Default)]
pub(crate) struct Lane {
    /// Handed over and not flushed.
    pub(crate) sent: VecDeque<Bytes>,
    /// Flushed, and when they arrive.
    pub(crate) flying: VecDeque<(u64, Bytes)>,
    /// The writer was closed or dropped.
    pub(crate) ended: bool,
    /// The reader was dropped.
    pub(crate) abandoned: bool,
    /// Frames vanish.
    pub(crate) silent: bool,
    pub(crate) reader: Option<Waker>,
    pub(crate) writer: Option<Waker>,
}

impl Lane {
    pub(crate) fn len(&self) -> usize {
        self.sent.len() + self.flying.len()
    }

    /// Puts a frame behind what flies already.
    pub(crate) fn fly(&mut self, at: u64, frame: Bytes) -> u64 {
        let last = self.flying.back().map_or(0, |(at, _)| *at);
        let at = at.max(last);
        self.flying.push_back((at, frame));
        at
    }

    /// The writer is gone: what it has not flushed is lost.
    pub(crate) fn end(&mut self) -> Option<Waker> {
        self.ended = true;
        self.sent.clear();
        self.writer = None;
        self.reader.take()
    }

    pub(crate) fn abandon(&mut self) -> Option<Waker> {
        self.abandoned = true;
        self.flying.clear();
        self.reader = None;
        self.writer.take()
    }
}

pub(crate) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
