//! Pongs that wait for the network.

use std::task::Poll;

use await_layer_deflate::{Config, Role, WebSocket};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_test::{assert_pending, task};
use tokio_util::compat::TokioAsyncReadCompatExt;

#[tokio::test]
async fn a_pong_that_the_network_does_not_take_at_once_leaves_later() {
    let (here, there) = tokio::io::duplex(8);
    let config = Config::default();
    let read = bytes::BytesMut::new();
    let ours = WebSocket::new(here.compat(), Role::Server, None, read, &config);
    let mut ours = task::spawn(ours);
    let mut there = task::spawn(there);
    let mut room = [0; 8];
    // Pongs of six bytes: the second one does not fit.
    for ping in [b"\x89\x84\0\0\0\0one.", b"\x89\x84\0\0\0\0two.".as_slice()] {
        for half in [&ping[..5], &ping[5..]] {
            let written = there.enter(|cx, io| io.poll_write(cx, half));
            assert!(matches!(written, Poll::Ready(Ok(5))));
            assert_pending!(ours.poll_next());
        }
    }
    let mut pongs: Vec<u8> = Vec::new();
    for _ in 0..2 {
        let mut buffer = ReadBuf::new(&mut room);
        let read = there.enter(|cx, io| io.poll_read(cx, &mut buffer));
        assert!(matches!(read, Poll::Ready(Ok(()))));
        pongs.extend(buffer.filled());
        assert!(pongs.len() == 12 || ours.is_woken());
        assert_pending!(ours.poll_next());
    }
    assert_eq!(pongs, b"\x8A\x04one.\x8A\x04two.");
}
