//! Writing fails while reading still has something to say.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use await_layer::{CallError, Cause, TokioTimer};
use await_layer_deflate::{Config, Frame, Layer, Role, WebSocket, WebSocketError, layer};
use bytes::BytesMut;
use futures::{AsyncRead, AsyncWrite, Sink};
use serde_json::{Value, json};
use tokio_test::{assert_ready_ok, task};

const MESSAGE: &[u8] = b"\x81\x02{}";
const CLOSE: &[u8] = b"\x88\x08\x0f\xa1enough";

/// Gives these bytes and then stays open and silent; takes none.
struct Broken(VecDeque<u8>);

impl AsyncRead for Broken {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let unread = &mut self.get_mut().0;
        if unread.is_empty() {
            return Poll::Pending;
        }
        Poll::Ready(io::Read::read(unread, buffer))
    }
}

impl AsyncWrite for Broken {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn websocket(unread: Vec<u8>) -> WebSocket<Broken> {
    let io = Broken(unread.into());
    let read = BytesMut::new();
    WebSocket::new(io, Role::Client, None, read, &Config::default())
}

fn client(unread: Vec<u8>) -> Layer<Broken> {
    let timer = TokioTimer::new();
    layer(websocket(unread), Config::default(), timer)
}

#[tokio::test]
async fn the_close_frame_behind_many_messages_gives_the_reason() {
    // More than one turn reads.
    let unread = [&MESSAGE.repeat(300), CLOSE].concat();
    let layer = client(unread);
    let result = layer.send_await::<Value>(&json!({})).await;
    let Err(CallError::Closed { reason, .. }) = result else {
        panic!("{result:?}");
    };
    assert_eq!((reason.cause(), reason.code()), (Cause::Eof, Some(4001)));
    assert_eq!(reason.text(), "enough");
}

#[tokio::test]
async fn without_one_the_failure_itself_is_the_reason() {
    let layer = client(Vec::new());
    let result = layer.send_await::<Value>(&json!({})).await;
    let Err(CallError::Closed { reason, .. }) = result else {
        panic!("{result:?}");
    };
    assert_eq!(reason.cause(), Cause::Transport);
    assert!(reason.text().contains("broken pipe"), "{reason}");
}

#[tokio::test]
async fn a_sink_that_nobody_reads_fails_after_a_few_polls() {
    let mut ours = task::spawn(websocket(Vec::new()));
    assert_ready_ok!(ours.enter(|cx, ours| Sink::poll_ready(ours, cx)));
    ours.enter(|_, ours| ours.start_send(Frame::text("x")))
        .unwrap();
    let mut polls = 0;
    let error = loop {
        match ours.enter(|cx, ours| Sink::poll_flush(ours, cx)) {
            Poll::Ready(result) => break result.unwrap_err(),
            Poll::Pending => assert!(ours.is_woken()),
        }
        polls += 1;
    };
    assert!(matches!(error, WebSocketError::Failed(_)), "{error:?}");
    assert_eq!(error.reason().cause(), Cause::Transport);
    assert!(polls <= 4, "{polls}");
}
