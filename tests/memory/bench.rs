//! A layer, a peer played by hand, and polls by hand.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use await_layer::memory::{self, Duplex};
use await_layer::{AwaitLayer, Handle, Limits, Link, Protocol};
use futures::{FutureExt, SinkExt, StreamExt};

use await_layer_testkit::words::{Word, Words};

use crate::still::Still;

pub(crate) type LinkOf<P> = Link<Duplex<<P as Protocol>::Frame>, P, Still>;
pub(crate) type LayerOf<P> = AwaitLayer<Duplex<<P as Protocol>::Frame>, P, Still>;

/// More frames than are ever under way.
pub(crate) const ROOM: usize = 1 << 15;

pub(crate) struct Bench<P: Protocol> {
    pub(crate) handle: Handle<LinkOf<P>>,
    pub(crate) peer: Duplex<P::Frame>,
}

impl<P: Protocol> Bench<P> {
    pub(crate) fn new(protocol: P) -> Self {
        Self::with_room(ROOM, protocol)
    }

    /// A transport that holds `room` frames.
    pub(crate) fn with_room(room: usize, protocol: P) -> Self {
        let (near, peer) = memory::pair(room);
        let limits = Limits {
            max_in_flight: ROOM,
            ..Limits::default()
        };
        let layer = AwaitLayer::with(near, protocol, Still, limits);
        Self {
            handle: layer.handle(),
            peer,
        }
    }

    /// The peer reads all there is, and sends back what `answer` makes of it.
    pub(crate) fn answer(&mut self, mut answer: impl FnMut(P::Frame) -> Option<P::Frame>) {
        while let Some(Some(Ok(frame))) = self.peer.next().now_or_never() {
            if let Some(frame) = answer(frame) {
                let sent = self.peer.feed(frame).now_or_never();
                assert!(matches!(sent, Some(Ok(()))), "there is room");
            }
        }
    }
}

/// A layer with the usual limits.
pub(crate) fn layer(transport: Duplex<Word>) -> LayerOf<Words> {
    AwaitLayer::with(transport, Words::new(), Still, Limits::default())
}

pub(crate) fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}
