//! What goes over a WebSocket.

use std::fmt;

use await_layer::{BinaryFrame, Json, JsonFrame, Pack, Packer, Unpack};
use await_layer_websocket::Goodbye;
use bytes::Bytes;
use serde::Serialize;
use tungstenite::Message;
use tungstenite::protocol::CloseFrame;

use crate::{SendOptions, With};

/// One WebSocket message: text, binary, ping or pong; or a fragment of one,
/// if its options say so.
///
/// A connection yields whole text and binary ones only. Pings are answered and
/// pongs dropped by the transport, because a peer that pings must not fill the
/// queue of the messages; see [`WebSocket::with_pings`](crate::WebSocket::with_pings).
///
/// As a value it packs as itself: `handle.send(&Frame::ping(b"still there?"))`.
/// `Debug` prints no payload.
#[derive(Clone)]
pub struct Frame {
    body: Body,
    options: SendOptions,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Body {
    Text(String),
    Binary(Bytes),
    Ping(Bytes),
    Pong(Bytes),
    /// Said when this end closes.
    Close(Option<CloseFrame>),
}

impl Frame {
    /// A text message.
    pub fn text(text: impl Into<String>) -> Self {
        Body::Text(text.into()).into()
    }

    /// A binary message.
    pub fn binary(bytes: impl Into<Bytes>) -> Self {
        Body::Binary(bytes.into()).into()
    }

    /// A ping, which a live peer answers. At most 125 bytes.
    pub fn ping(bytes: impl Into<Bytes>) -> Self {
        Body::Ping(bytes.into()).into()
    }

    /// A pong that nobody asked for. At most 125 bytes.
    pub fn pong(bytes: impl Into<Bytes>) -> Self {
        Body::Pong(bytes.into()).into()
    }

    /// The same message, sent like this. The options of pings and pongs are
    /// not looked at.
    #[must_use]
    pub fn with_options(self, options: SendOptions) -> Self {
        let body = match (self.body, options.binary) {
            (Body::Text(text), Some(true)) => Body::Binary(text.into()),
            (Body::Binary(bytes), Some(false)) => match String::from_utf8(bytes.into()) {
                Ok(text) => Body::Text(text),
                // Turned away when it is to be sent.
                Err(error) => Body::Binary(error.into_bytes().into()),
            },
            (body, _) => body,
        };
        Self { body, options }
    }

    /// How it is to be sent; nothing but `None`s for what was received.
    #[must_use]
    pub fn options(&self) -> SendOptions {
        self.options
    }

    /// Whether it is a text message.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(self.body, Body::Text(_))
    }

    /// Whether it is a binary message.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        matches!(self.body, Body::Binary(_))
    }

    /// Bytes of payload, before any compression.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.body {
            Body::Text(text) => text.len(),
            Body::Binary(bytes) | Body::Ping(bytes) | Body::Pong(bytes) => bytes.len(),
            Body::Close(None) => 0,
            Body::Close(Some(close)) => close.reason.len().saturating_add(2),
        }
    }

    /// Whether there is no payload.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text of a text message.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.body {
            Body::Text(text) => Some(text),
            _ => None,
        }
    }

    /// As tungstenite's message, without the options.
    #[must_use]
    pub fn into_message(self) -> Message {
        match self.body {
            Body::Text(text) => Message::text(text),
            Body::Binary(bytes) => Message::Binary(bytes),
            Body::Ping(bytes) => Message::Ping(bytes),
            Body::Pong(bytes) => Message::Pong(bytes),
            Body::Close(close) => Message::Close(close),
        }
    }

    pub(crate) fn is_control(&self) -> bool {
        !self.is_text() && !self.is_binary()
    }

    pub(crate) fn set_options(&mut self, options: SendOptions) {
        self.options = options;
    }

    pub(crate) fn into_parts(self) -> (Body, SendOptions) {
        (self.body, self.options)
    }
}

impl From<Body> for Frame {
    fn from(body: Body) -> Self {
        let options = SendOptions::default();
        Self { body, options }
    }
}

/// By kind and payload, not by options.
impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        self.body == other.body
    }
}

impl Eq for Frame {}

impl JsonFrame for Frame {
    fn from_json(text: String) -> Self {
        Self::text(text)
    }

    fn set_json(&mut self, text: String) {
        self.body = match self.body {
            Body::Binary(_) => Body::Binary(text.into()),
            _ => Body::Text(text),
        };
    }

    fn json(&self) -> Option<&[u8]> {
        match &self.body {
            Body::Text(text) => Some(text.as_bytes()),
            Body::Binary(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn json_str(&self) -> Option<&str> {
        self.as_text()
    }

    fn json_mut(&mut self) -> Option<&mut String> {
        match &mut self.body {
            Body::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl BinaryFrame for Frame {
    fn from_binary(bytes: Vec<u8>) -> Self {
        Self::binary(bytes)
    }

    fn binary(&self) -> Option<&[u8]> {
        match &self.body {
            Body::Binary(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl<T: Serialize> Pack<Frame, With<T>> for Json {
    fn pack(&self, value: &With<T>) -> Result<Frame, <Self as Packer>::Error> {
        let With(value, options) = value;
        let frame = Pack::<Frame, T>::pack(self, value)?;
        Ok(frame.with_options(*options))
    }
}

impl Pack<Frame, Frame> for Json {
    fn pack(&self, frame: &Frame) -> Result<Frame, <Self as Packer>::Error> {
        Ok(frame.clone())
    }
}

impl Unpack<Frame, Frame> for Json {
    fn unpack(&self, frame: Frame) -> Result<Frame, <Self as Packer>::Error> {
        Ok(frame)
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.body {
            Body::Text(_) => "Text",
            Body::Binary(_) => "Binary",
            Body::Ping(_) => "Ping",
            Body::Pong(_) => "Pong",
            Body::Close(_) => "Close",
        };
        write!(f, "{kind}({} bytes)", self.len())
    }
}

/// What this end says when it closes, in place of code 1000. Sending it closes
/// nothing: see [`close`](crate::close).
impl From<Goodbye> for Frame {
    fn from(goodbye: Goodbye) -> Self {
        Body::Close(Some(goodbye.into())).into()
    }
}
