//! A connection that is driven by hand, on a clock that is moved by hand.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use await_layer::memory::{self, Duplex};
use await_layer::{AwaitLayer, Call, Driver, Handle, Limits, Link, ManualTimer};
use await_layer_benches::layer::Echo;
use await_layer_testkit::wakers::CountingWaker;
use bytes::BytesMut;
use futures::{FutureExt, SinkExt, StreamExt};

type Wired = Link<Duplex<BytesMut>, Echo, ManualTimer>;
pub(crate) type Asked = Call<Wired, BytesMut>;

pub(crate) struct Rig {
    pub(crate) timer: ManualTimer,
    pub(crate) handle: Handle<Wired>,
    driver: Driver<Wired>,
    wakes: CountingWaker,
    far_end: Duplex<BytesMut>,
}

impl Rig {
    /// A transport that holds `capacity` frames, and a layer with permits for
    /// `in_flight` calls.
    pub(crate) fn new(capacity: usize, in_flight: usize) -> Self {
        let (io, far_end) = memory::pair(capacity);
        let timer = ManualTimer::new();
        let limits = Limits {
            max_in_flight: in_flight,
            ..Limits::default()
        };
        let layer = AwaitLayer::with(io, Echo, timer.clone(), limits);
        let handle = layer.handle();
        Self {
            driver: handle.driver(),
            timer,
            handle,
            wakes: CountingWaker::new(),
            far_end,
        }
    }

    /// Drives until nothing moves.
    pub(crate) fn drive(&mut self) {
        let waker = self.wakes.waker();
        loop {
            self.wakes.take();
            let polled = Pin::new(&mut self.driver).poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending(), "the connection lives");
            if self.wakes.wakes() == 0 {
                return;
            }
        }
    }

    /// What the far end reads next.
    pub(crate) fn read(&mut self) -> Option<BytesMut> {
        self.far_end.next().now_or_never()??.ok()
    }

    pub(crate) fn answer(&mut self, frame: BytesMut) {
        let sent = self.far_end.feed(frame).now_or_never();
        assert!(matches!(sent, Some(Ok(()))), "there is room");
    }
}

pub(crate) fn poll(call: &mut Asked) -> Poll<bool> {
    let cx = &mut Context::from_waker(Waker::noop());
    Pin::new(call).poll(cx).map(|reply| reply.is_ok())
}
