//! What the transport and its remote controls share.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::task::{Poll, Waker};

use super::Remote;

/// An operation of the sink, as the script names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// `poll_ready`.
    Ready,
    /// `start_send`. It can fail, but not be pending.
    Send,
    /// `poll_flush`.
    Flush,
    /// `poll_close`.
    Close,
}

/// `Send` whatever the frames are, so that the transport is what they are.
pub(super) type Answer<F, E> = Box<dyn FnMut(&F, &Remote<F, E>) + Send>;

pub(super) struct State<F, E> {
    pub(super) incoming: VecDeque<Result<F, E>>,
    pub(super) ended: bool,
    /// Frames that are still allowed; `None` is any number.
    pub(super) credit: Option<usize>,
    pub(super) unflushed: Vec<F>,
    pub(super) written: VecDeque<F>,
    pub(super) closed: bool,
    pub(super) dropped: bool,
    pub(super) on_send: Option<Answer<F, E>>,
    pub(super) on_flush: Option<Answer<F, E>>,
    /// Waits for something to read.
    pub(super) reader: Option<Waker>,
    /// The test, waiting for something to be written.
    pub(super) watcher: Option<Waker>,
    /// Shut, it has ended.
    pub(super) reading: Gate<E>,
    ready: Gate<E>,
    send: Gate<E>,
    flush: Gate<E>,
    close: Gate<E>,
}

/// What one operation is to do, call by call.
pub(super) struct Gate<E> {
    pub(super) calls: u64,
    /// Pending from this call on.
    pub(super) shut_from: Option<u64>,
    /// Each fails the first call of its number or later.
    pub(super) failures: BTreeMap<u64, E>,
    pub(super) waker: Option<Waker>,
}

impl<F, E> State<F, E> {
    pub(super) const fn new() -> Self {
        Self {
            incoming: VecDeque::new(),
            ended: false,
            credit: None,
            unflushed: Vec::new(),
            written: VecDeque::new(),
            closed: false,
            dropped: false,
            on_send: None,
            on_flush: None,
            reader: None,
            watcher: None,
            reading: Gate::new(),
            ready: Gate::new(),
            send: Gate::new(),
            flush: Gate::new(),
            close: Gate::new(),
        }
    }

    pub(super) const fn gate(&mut self, op: Op) -> &mut Gate<E> {
        match op {
            Op::Ready => &mut self.ready,
            Op::Send => &mut self.send,
            Op::Flush => &mut self.flush,
            Op::Close => &mut self.close,
        }
    }

    /// The transport's own wakers, not the test's.
    pub(super) fn take_wakers(&mut self) -> [Option<Waker>; 4] {
        [
            self.reader.take(),
            self.ready.waker.take(),
            self.flush.waker.take(),
            self.close.waker.take(),
        ]
    }
}

impl<E> Gate<E> {
    const fn new() -> Self {
        Self {
            calls: 0,
            shut_from: None,
            failures: BTreeMap::new(),
            waker: None,
        }
    }

    pub(super) fn poll(&mut self) -> Poll<Result<(), E>> {
        self.calls += 1;
        if let Some(due) = self.failures.first_entry() {
            if *due.key() <= self.calls {
                return Poll::Ready(Err(due.remove()));
            }
        }
        match self.shut_from {
            Some(call) if call <= self.calls => Poll::Pending,
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl<F, E> fmt::Debug for State<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("incoming", &self.incoming.len())
            .field("ended", &self.ended)
            .field("allowed", &self.credit)
            .field("unflushed", &self.unflushed.len())
            .field("written", &self.written.len())
            .field("closed", &self.closed)
            .field("dropped", &self.dropped)
            .finish_non_exhaustive()
    }
}

/// Keeps the waker and returns the one it replaced, to be dropped without the
/// lock.
pub(super) fn park(slot: &mut Option<Waker>, waker: &Waker) -> Option<Waker> {
    match slot {
        Some(parked) if parked.will_wake(waker) => None,
        _ => slot.replace(waker.clone()),
    }
}

pub(super) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
