//! What a call takes that waits for its reply.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};

use await_layer::memory::{self, Duplex};
use await_layer::{Call, Link, TokioTimer};
use await_layer_benches::layer::{self, Echo};
use await_layer_benches::load::Load;
use await_layer_benches::wire::packed;
use await_layer_testkit::alloc::Region;
use bytes::BytesMut;
use futures::{FutureExt, StreamExt};

use crate::case;

const PENDING: usize = 100_000;

type Calls = Call<Link<Duplex<BytesMut>, Echo, TokioTimer>, BytesMut>;

/// Bytes on the heap per pending call that are the layer's own: the frames are
/// gone, and the calls are held by the caller.
pub(crate) fn per_call() -> f64 {
    // The timer's sleeps need one.
    let runtime = case::runtime().expect("a runtime");
    let _inside = runtime.enter();
    let (io, mut far_end) = memory::pair(1024);
    let load = Load {
        in_flight: PENDING,
        payload: 64,
        calls: PENDING,
        flushes: Default::default(),
    };
    let handle = layer::open(io, &load);
    let frame = packed(load.payload);
    let mut calls = Vec::<Calls>::with_capacity(PENDING);
    let mut driver = handle.driver();
    let cx = &mut Context::from_waker(Waker::noop());
    let region = Region::start();
    while calls.len() < PENDING {
        let mut call = handle.send_await(&frame);
        assert!(Pin::new(&mut call).poll(cx).is_pending());
        calls.push(call);
        assert!(Pin::new(&mut driver).poll(cx).is_pending());
        while let Some(Some(frame)) = far_end.next().now_or_never() {
            assert!(frame.is_ok());
        }
    }
    let bytes = region.change().live_bytes as f64 / PENDING as f64;
    assert_eq!(handle.in_flight(), PENDING);
    assert_eq!(handle.stats().written, PENDING as u64);
    bytes
}

/// What the caller's task holds.
pub(crate) fn sizes() -> [(&'static str, usize); 2] {
    [
        ("size of a Call", size_of::<Calls>()),
        (
            "size of a Call, WebSocket",
            size_of::<await_layer_tungstenite::Call<()>>(),
        ),
    ]
}
