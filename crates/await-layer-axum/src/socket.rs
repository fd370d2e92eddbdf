//! axum's socket as a stream of tungstenite's messages.

use std::error::Error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use await_layer_websocket::tungstenite::protocol::CloseFrame;
use await_layer_websocket::tungstenite::{Bytes, Message, Utf8Bytes};
use await_layer_websocket::{Fault, FaultKind};
use axum::extract::ws;
use futures_core::Stream;
use futures_sink::Sink;

/// axum hides the tungstenite that it is made of, which is of another version
/// than ours: so messages are taken out of the one and put into the other.
/// Payloads are not copied; text is checked again, for neither hands out that
/// it was.
#[derive(Debug)]
pub struct Socket(ws::WebSocket);

impl Socket {
    /// Wraps a socket that nobody has used yet.
    pub fn new(socket: ws::WebSocket) -> Self {
        Self(socket)
    }
}

/// What axum's socket fails with: see [`kind`](Fault::kind) for what it means.
pub struct SocketError(axum::Error);

impl Fault for SocketError {
    /// axum's error holds one of tungstenite, of a version that axum may change
    /// at any time: asking for its type would fail silently then. Its words
    /// have been the same for years, and the tests of the close codes tell if
    /// they change.
    fn kind(&self) -> FaultKind {
        if let Some(error) = io_error(&self.0) {
            return FaultKind::of_network(error);
        }
        let said = self.0.to_string();
        [
            (
                "WebSocket protocol error: Connection reset",
                FaultKind::Vanished,
            ),
            ("WebSocket protocol error", FaultKind::Protocol),
            ("Space limit exceeded", FaultKind::TooLarge(None)),
            ("Write buffer is full", FaultKind::BufferFull),
            ("UTF-8 encoding error", FaultKind::Utf8),
        ]
        .into_iter()
        .find(|(words, _)| said.starts_with(words))
        .map_or(FaultKind::Other, |(_, kind)| kind)
    }
}

/// The network's error, if it is one.
fn io_error(error: &axum::Error) -> Option<&io::Error> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref() {
            return Some(error);
        }
        next = error.source();
    }
    None
}

impl fmt::Display for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// As axum prints it: it may hold a payload.
impl fmt::Debug for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Error for SocketError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// The text in `bytes`, which was text on the other side too.
fn text(bytes: Bytes) -> Result<Utf8Bytes, SocketError> {
    Utf8Bytes::try_from(bytes).map_err(|error| SocketError(axum::Error::new(error)))
}

/// A message of axum's as one of ours.
fn ours(message: ws::Message) -> Result<Message, SocketError> {
    Ok(match message {
        ws::Message::Text(said) => Message::Text(text(said.into())?),
        ws::Message::Binary(bytes) => Message::Binary(bytes),
        ws::Message::Ping(bytes) => Message::Ping(bytes),
        ws::Message::Pong(bytes) => Message::Pong(bytes),
        ws::Message::Close(None) => Message::Close(None),
        ws::Message::Close(Some(frame)) => Message::Close(Some(CloseFrame {
            code: frame.code.into(),
            reason: text(frame.reason.into())?,
        })),
    })
}

/// A message of ours as one of axum's.
fn theirs(message: Message) -> Result<ws::Message, SocketError> {
    let text = |said: Utf8Bytes| {
        let text = ws::Utf8Bytes::try_from(Bytes::from(said));
        text.map_err(|error| SocketError(axum::Error::new(error)))
    };
    Ok(match message {
        Message::Text(said) => ws::Message::Text(text(said)?),
        Message::Binary(bytes) => ws::Message::Binary(bytes),
        Message::Ping(bytes) => ws::Message::Ping(bytes),
        Message::Pong(bytes) => ws::Message::Pong(bytes),
        Message::Close(None) => ws::Message::Close(None),
        Message::Close(Some(frame)) => ws::Message::Close(Some(ws::CloseFrame {
            code: frame.code.into(),
            reason: text(frame.reason)?,
        })),
        Message::Frame(_) => {
            let why = "axum sends no raw frames: send a message";
            return Err(SocketError(axum::Error::new(io::Error::new(
                io::ErrorKind::Unsupported,
                why,
            ))));
        }
    })
}

impl Stream for Socket {
    type Item = Result<Message, SocketError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0)
            .poll_next(cx)
            .map(|next| next.map(|message| ours(message.map_err(SocketError)?)))
    }
}

impl Sink<Message> for Socket {
    type Error = SocketError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        Pin::new(&mut self.0).poll_ready(cx).map_err(SocketError)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), SocketError> {
        Pin::new(&mut self.0)
            .start_send(theirs(message)?)
            .map_err(SocketError)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        Pin::new(&mut self.0).poll_flush(cx).map_err(SocketError)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        Pin::new(&mut self.0).poll_close(cx).map_err(SocketError)
    }
}
