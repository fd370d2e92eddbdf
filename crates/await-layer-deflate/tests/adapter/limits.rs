//! What a peer that does not read makes us keep.

use std::future::poll_fn;

use await_layer_deflate::{Config, Frame, Role, WebSocket};
use bytes::BytesMut;
use futures::Sink;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_test::task;
use tokio_util::compat::TokioAsyncReadCompatExt;

#[tokio::test]
async fn a_peer_that_does_not_read_makes_us_keep_little() {
    let (here, mut there) = duplex(1000);
    let config = Config::default();
    let read = BytesMut::new();
    let ours = WebSocket::new(here.compat(), Role::Server, None, read, &config);
    let mut ours = task::spawn(ours);
    let mut sent = 0;
    while ours.enter(|cx, ours| ours.poll_ready(cx)).is_ready() {
        let frame = Frame::text("x".repeat(10_000));
        ours.enter(|_, ours| ours.start_send(frame)).unwrap();
        sent += 1;
    }
    // 64 KiB and the message that went beyond, beside what the pipe took.
    assert_eq!(sent, 7);
    // Of the pings only the last one is answered, when there is room.
    for number in 0..50_u8 {
        there
            .write_all(&[0x89, 0x81, 0, 0, 0, 0, number])
            .await
            .unwrap();
        assert!(ours.poll_next().is_pending());
    }
    let mut rest = vec![0; sent * 10_004 + 3];
    let flush = poll_fn(|cx| ours.enter(|_, ours| ours.poll_flush(cx)));
    let (flushed, read) = tokio::join!(flush, there.read_exact(&mut rest));
    flushed.unwrap();
    read.unwrap();
    assert!(
        rest.ends_with(&[0x8A, 1, 49]),
        "{:?}",
        rest.last_chunk::<3>()
    );
}
