//! Writing fails while reading still has something to say.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use await_layer::{CallError, Cause};
use await_layer_tungstenite::tungstenite::protocol::Role;
use await_layer_tungstenite::{Config, Frame, WebSocket, WebSocketError, WebSocketStream, layer};
use futures::Sink;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_test::{assert_ready_ok, task};

const MESSAGE: &[u8] = b"\x81\x02{}";
const CLOSE: &[u8] = b"\x88\x08\x0f\xa1enough";

/// Gives these bytes and then stays open and silent; takes none.
struct Broken(VecDeque<u8>);

impl AsyncRead for Broken {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let unread = &mut self.get_mut().0;
        if unread.is_empty() {
            return Poll::Pending;
        }
        let count = unread.len().min(buffer.remaining());
        buffer.put_slice(&unread.drain(..count).collect::<Vec<_>>());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Broken {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

async fn stream(unread: Vec<u8>) -> WebSocketStream<Broken> {
    let io = Broken(unread.into());
    WebSocketStream::from_raw_socket(io, Role::Client, None).await
}

#[tokio::test]
async fn the_close_frame_behind_many_messages_gives_the_reason() {
    // More than one turn reads.
    let unread = [&MESSAGE.repeat(300), CLOSE].concat();
    let layer = layer(stream(unread).await, Config::default());
    let result = layer.send_await::<Value>(&json!({})).await;
    let Err(CallError::Closed { reason, .. }) = result else {
        panic!("{result:?}");
    };
    assert_eq!((reason.cause(), reason.code()), (Cause::Eof, Some(4001)));
    assert_eq!(reason.text(), "enough");
}

#[tokio::test]
async fn without_one_the_failure_itself_is_the_reason() {
    let layer = layer(stream(Vec::new()).await, Config::default());
    let result = layer.send_await::<Value>(&json!({})).await;
    let Err(CallError::Closed { reason, .. }) = result else {
        panic!("{result:?}");
    };
    assert_eq!(reason.cause(), Cause::Transport);
    assert!(reason.text().contains("broken pipe"), "{reason}");
}

#[tokio::test]
async fn a_sink_that_nobody_reads_fails_after_a_few_polls() {
    let mut ours = task::spawn(WebSocket::new(stream(Vec::new()).await));
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
    assert!(matches!(error, WebSocketError::Failed(..)), "{error:?}");
    assert_eq!(error.reason().cause(), Cause::Transport);
    assert!(polls <= 4, "{polls}");
}
