//! What goes over a WebSocket.

use std::fmt;

use await_layer::{BinaryFrame, Json, JsonFrame, Pack, Packer, Unpack};
use bytes::Bytes;
use serde::Serialize;
use tokio_tungstenite::tungstenite::Message;

/// One WebSocket message: text, binary, ping or pong.
///
/// A connection yields text and binary ones only. Pings are answered and pongs
/// dropped by the transport, because a peer that pings must not fill the queue
/// of the messages.
///
/// As a value it packs as itself: `handle.send(&Frame::ping(b"still there?"))`.
/// `Debug` prints no payload.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame(pub(crate) Message);

/// A value whose JSON goes in a binary message instead of a text one, as the
/// option `{binary: true}` of ws-await has it:
/// `handle.send_await(&Binary(&request))`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Binary<T>(pub T);

/// Prints no payload.
impl<T> fmt::Debug for Binary<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Binary(..)")
    }
}

impl Frame {
    /// A text message.
    pub fn text(text: impl Into<String>) -> Self {
        Self(Message::text(text.into()))
    }

    /// A binary message.
    pub fn binary(bytes: impl Into<Bytes>) -> Self {
        Self(Message::binary(bytes))
    }

    /// A ping, which a live peer answers. At most 125 bytes.
    pub fn ping(bytes: impl Into<Bytes>) -> Self {
        Self(Message::Ping(bytes.into()))
    }

    /// A pong that nobody asked for. At most 125 bytes.
    pub fn pong(bytes: impl Into<Bytes>) -> Self {
        Self(Message::Pong(bytes.into()))
    }

    /// The same message with the opcode of a binary one, if it was text.
    #[must_use]
    pub fn into_binary(self) -> Self {
        match self.0 {
            Message::Text(text) => Self(Message::Binary(text.into())),
            other => Self(other),
        }
    }

    /// Whether it is a text message.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.0.is_text()
    }

    /// Whether it is a binary message.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        self.0.is_binary()
    }

    pub(crate) fn is_control(&self) -> bool {
        matches!(self.0, Message::Ping(_) | Message::Pong(_))
    }

    /// Bytes of payload.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no payload.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text of a text message.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.0 {
            Message::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The message as tungstenite has it.
    #[must_use]
    pub fn into_message(self) -> Message {
        self.0
    }
}

/// A message of tungstenite's own making. A `Close` is not sent at once: it
/// becomes what this end says when it closes, see [`close`](crate::close). Raw
/// frames go out unchecked.
impl From<Message> for Frame {
    fn from(message: Message) -> Self {
        Self(message)
    }
}

impl JsonFrame for Frame {
    fn from_json(text: String) -> Self {
        Self::text(text)
    }

    fn set_json(&mut self, text: String) {
        self.0 = match self.0 {
            Message::Binary(_) => Message::binary(text),
            _ => Message::text(text),
        };
    }

    fn json(&self) -> Option<&[u8]> {
        match &self.0 {
            Message::Text(text) => Some(text.as_bytes()),
            Message::Binary(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn json_str(&self) -> Option<&str> {
        self.as_text()
    }
}

impl BinaryFrame for Frame {
    fn from_binary(bytes: Vec<u8>) -> Self {
        Self::binary(bytes)
    }

    fn binary(&self) -> Option<&[u8]> {
        match &self.0 {
            Message::Binary(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl<T: Serialize> Pack<Frame, Binary<T>> for Json {
    fn pack(&self, value: &Binary<T>) -> Result<Frame, <Self as Packer>::Error> {
        Pack::<Frame, T>::pack(self, &value.0).map(Frame::into_binary)
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
        let kind = match &self.0 {
            Message::Text(_) => "Text",
            Message::Binary(_) => "Binary",
            Message::Ping(_) => "Ping",
            Message::Pong(_) => "Pong",
            Message::Close(_) => "Close",
            Message::Frame(_) => "Raw",
        };
        write!(f, "{kind}({} bytes)", self.len())
    }
}
