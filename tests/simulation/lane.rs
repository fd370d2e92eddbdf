//! One direction of the link.

use std::collections::VecDeque;
use std::task::Waker;

use bytes::Bytes;

use crate::body::{Body, What};
use crate::wire::Sort;

/// A frame, and what the link can read in it.
#[derive(Clone)]
pub(crate) struct Parcel {
    pub(crate) frame: Bytes,
    pub(crate) sort: Sort,
    pub(crate) body: Option<Body>,
}

impl Parcel {
    /// Whether its place among others means something: parts are a sequence,
    /// and what ends it belongs behind them.
    fn is_of_a_stream(&self) -> bool {
        let ends = |body: Body| body.parts > 0 && body.what == What::Answer;
        matches!(self.sort, Sort::Part | Sort::End) || self.body.is_some_and(ends)
    }

    /// Whether it may come twice: parts have no number on the wire.
    pub(crate) fn may_repeat(&self) -> bool {
        !self.is_of_a_stream()
    }
}

#[derive(Default)]
pub(crate) struct Lane {
    /// Handed over and not flushed.
    pub(crate) sent: VecDeque<Parcel>,
    /// Flushed, and when they arrive: the next one first.
    pub(crate) flying: VecDeque<(u64, Parcel)>,
    /// When the last part arrives that is under way.
    streamed: u64,
    /// The writer was closed or dropped.
    pub(crate) ended: bool,
    /// The reader was dropped.
    pub(crate) abandoned: bool,
    /// Frames vanish.
    pub(crate) silent: bool,
    /// The reader reads no more.
    pub(crate) stuck: bool,
    pub(crate) reader: Option<Waker>,
    pub(crate) writer: Option<Waker>,
}

impl Lane {
    pub(crate) fn len(&self) -> usize {
        self.sent.len() + self.flying.len()
    }

    /// Puts a frame behind what flies already, by so much.
    pub(crate) fn fly(&mut self, at: u64, pace: u64, parcel: Parcel) -> u64 {
        let last = self.flying.back().map_or(0, |(at, _)| *at + pace);
        self.fly_freely(at.max(last), parcel)
    }

    /// Puts a frame among what flies already; it may overtake.
    pub(crate) fn fly_freely(&mut self, mut at: u64, parcel: Parcel) -> u64 {
        if parcel.is_of_a_stream() {
            at = at.max(self.streamed);
            self.streamed = at;
        }
        let place = self.flying.partition_point(|(other, _)| *other <= at);
        self.flying.insert(place, (at, parcel));
        at
    }

    /// Whether what is sent now reaches somebody.
    pub(crate) fn carries(&self) -> bool {
        !(self.silent || self.stuck || self.abandoned || self.ended)
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
