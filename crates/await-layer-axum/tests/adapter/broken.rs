//! Writing fails while reading still has something to say.

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use await_layer::{CallError, Cause};
use await_layer_axum::{Layer, Sockets};
use axum::serve::Listener;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::server::handing_out;

const REQUEST: &[u8] = b"GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n\r\n";
// Masked with zeros.
const MESSAGE: &[u8] = b"\x81\x82\0\0\0\0{}";
const CLOSE: &[u8] = b"\x88\x88\0\0\0\0\x0f\xa1enough";

/// Gives these bytes and then stays open and silent; takes the answer to the
/// upgrade and nothing after it.
struct Broken {
    unread: VecDeque<u8>,
    upgraded: bool,
}

impl AsyncRead for Broken {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let unread = &mut self.get_mut().unread;
        if unread.is_empty() {
            return Poll::Pending;
        }
        let count = unread.len().min(buffer.remaining());
        buffer.put_slice(&unread.drain(..count).collect::<Vec<_>>());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Broken {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if std::mem::replace(&mut this.upgraded, true) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        assert!(
            bytes.ends_with(b"\r\n\r\n"),
            "the answer comes in one piece"
        );
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Accepts that one connection.
struct Once(Option<Broken>);

impl Listener for Once {
    type Io = Broken;
    type Addr = ();

    async fn accept(&mut self) -> (Broken, ()) {
        match self.0.take() {
            Some(io) => (io, ()),
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}

/// The layer of a socket whose peer has said this.
async fn layer(said: &[u8]) -> Layer {
    let unread = [REQUEST, said].concat().into();
    let upgraded = false;
    let listener = Once(Some(Broken { unread, upgraded }));
    let (app, mut layers) = handing_out(Sockets::default());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    layers.recv().await.unwrap()
}

#[tokio::test]
async fn the_close_frame_behind_many_messages_gives_the_reason() {
    // More than one turn reads.
    let layer = layer(&[&MESSAGE.repeat(300), CLOSE].concat()).await;
    let result = layer.send_await::<Value>(&json!({})).await;
    let Err(CallError::Closed { reason, .. }) = result else {
        panic!("{result:?}");
    };
    assert_eq!((reason.cause(), reason.code()), (Cause::Eof, Some(4001)));
    assert_eq!(reason.text(), "enough");
}

#[tokio::test]
async fn without_one_the_failure_itself_is_the_reason() {
    let layer = layer(b"").await;
    let result = layer.send_await::<Value>(&json!({})).await;
    let Err(CallError::Closed { reason, .. }) = result else {
        panic!("{result:?}");
    };
    assert_eq!(reason.cause(), Cause::Transport);
    assert!(reason.text().contains("broken pipe"), "{reason}");
}
