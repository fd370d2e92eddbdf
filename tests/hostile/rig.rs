//! A layer on a hose: its peer is made up as it goes, and polls are by hand.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use await_layer::{AwaitLayer, PackedBy, Unpack};
use await_layer::{Call, CloseReason, Driver, Handle, Incoming, Limits, ManualTimer, Protocol};

use crate::hose::{Hose, LinkOf, Reader, Source, poll};
use crate::peak::Peak;

/// More turns than any figure takes.
const MOST: usize = 1_000_000;

pub(crate) struct Rig<P: Protocol> {
    pub(crate) handle: Handle<LinkOf<P>>,
    pub(crate) incoming: Incoming<LinkOf<P>>,
    pub(crate) timer: ManualTimer,
    pub(crate) peak: Peak,
    /// What the peer has read.
    pub(crate) written: Rc<RefCell<VecDeque<P::Frame>>>,
    source: Rc<RefCell<Source<P::Frame>>>,
    reader: Reader,
    driver: Driver<LinkOf<P>>,
}

impl<P> Rig<P>
where
    P: Protocol<Frame: 'static>,
{
    /// A peer that reads.
    pub(crate) fn new(protocol: P, limits: Limits) -> Self {
        Self::with(protocol, limits, true)
    }

    /// A peer that never reads.
    pub(crate) fn stuck(protocol: P, limits: Limits) -> Self {
        Self::with(protocol, limits, false)
    }

    fn with(protocol: P, limits: Limits, reads: bool) -> Self {
        let peak = Peak::new();
        let written: Rc<RefCell<VecDeque<_>>> = Rc::default();
        let source: Rc<RefCell<Source<_>>> = Rc::new(RefCell::new(Box::new(|| None)));
        let (read, made) = (written.clone(), source.clone());
        let make = move || made.borrow_mut()();
        let reader = Reader::default();
        let hose = match reads {
            true => Hose::new(&peak, &reader, make, move |frame| {
                read.borrow_mut().push_back(frame)
            }),
            false => Hose::stuck(&peak, &reader, make),
        };
        let timer = ManualTimer::new();
        let layer = AwaitLayer::with(hose, protocol, timer.clone(), limits);
        let (handle, incoming) = layer.split();
        Self {
            driver: handle.driver(),
            handle,
            incoming,
            timer,
            peak,
            written,
            source,
            reader,
        }
    }

    /// From now on the peer sends these.
    pub(crate) fn make(&self, source: impl FnMut() -> Option<P::Frame> + 'static) {
        *self.source.borrow_mut() = Box::new(source);
        self.wake();
    }

    /// The peer may have frames.
    fn wake(&self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    /// One turn; the reason once it has ended.
    pub(crate) fn turn(&mut self) -> Option<CloseReason> {
        self.wake();
        match poll(&mut self.driver) {
            std::task::Poll::Ready(reason) => Some(reason),
            std::task::Poll::Pending => None,
        }
    }

    /// Turns until `done`; how many.
    ///
    /// # Panics
    /// If it ends before that, and if it never comes.
    pub(crate) fn turns(&mut self, mut done: impl FnMut(&mut Self) -> bool) -> usize {
        let mut turns = 0;
        while !done(self) {
            turns += 1;
            assert!(turns < MOST, "nothing moves: {:?}", self.handle.stats());
            if let Some(reason) = self.turn() {
                panic!("it ends: {reason}");
            }
        }
        turns
    }

    pub(crate) fn read(&self) -> u64 {
        self.handle.stats().read
    }

    /// So many calls, all written.
    pub(crate) fn calls<R>(
        &mut self,
        count: usize,
        body: &impl PackedBy<P::Frame, P::Packer>,
    ) -> Vec<Call<LinkOf<P>, R>>
    where
        P::Packer: Unpack<P::Frame, R>,
    {
        let mut calls: Vec<_> = (0..count).map(|_| self.handle.send_await(body)).collect();
        let all = self.handle.stats().written + count as u64;
        for call in &mut calls {
            assert!(poll(call).is_pending());
        }
        self.turns(|rig| rig.handle.stats().written == all);
        calls
    }
}
