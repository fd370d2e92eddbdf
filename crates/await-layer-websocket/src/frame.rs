//! What goes over a WebSocket.

use std::fmt;

use await_layer::{BinaryFrame, Json, JsonFrame, Pack, Packer, Unpack};
use bytes::Bytes;
use serde::Serialize;
use tungstenite::Message;

/// One WebSocket message: text, binary, ping or pong.
///
/// A connection yields text and binary ones only. Pings are answered and pongs
/// dropped by the transport, because a peer that pings must not fill the queue
/// of the messages.
///
/// As a value it packs as itself: `handle.send(&Frame::ping(b"still there?"))`.
/// `Debug` prints no payload.
#[derive(Clone)]
pub struct Frame(Body);

#[derive(Clone)]
enum Body {
    /// Text that is still ours alone: the text of a `Message` is shared, and
    /// what is to be shared and has room to grow takes another allocation.
    Own(String),
    Message(Message),
}

/// Bytes from which on a message is sooner shared than copied.
const SHARED: usize = 64 * 1024;

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
        Message::text(text.into()).into()
    }

    /// A binary message.
    pub fn binary(bytes: impl Into<Bytes>) -> Self {
        Message::binary(bytes).into()
    }

    /// A ping, which a live peer answers. At most 125 bytes.
    pub fn ping(bytes: impl Into<Bytes>) -> Self {
        Message::Ping(bytes.into()).into()
    }

    /// A pong that nobody asked for. At most 125 bytes.
    pub fn pong(bytes: impl Into<Bytes>) -> Self {
        Message::Pong(bytes.into()).into()
    }

    /// The same message with the opcode of a binary one, if it was text.
    #[must_use]
    pub fn into_binary(self) -> Self {
        match self.into_message() {
            Message::Text(text) => Message::Binary(text.into()).into(),
            other => other.into(),
        }
    }

    /// Whether it is a text message.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.as_text().is_some()
    }

    /// Whether it is a binary message.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        matches!(self.0, Body::Message(Message::Binary(_)))
    }

    /// The frame apart from the read buffer that it was cut out of, which it
    /// would keep alive for as long as somebody keeps it. Large ones are not
    /// copied: they are most of the buffer.
    pub(crate) fn detached(self) -> Self {
        match self.0 {
            Body::Message(Message::Text(text)) if text.len() < SHARED => {
                Self(Body::Own(text.as_str().to_owned()))
            }
            Body::Message(Message::Binary(bytes)) if bytes.len() < SHARED => {
                Self::binary(Bytes::copy_from_slice(&bytes))
            }
            other => Self(other),
        }
    }

    /// Makes clones cheap.
    pub(crate) fn share(&mut self) {
        if let Body::Own(text) = &mut self.0 {
            *self = Message::text(std::mem::take(text)).into();
        }
    }

    /// The text, where a clone copies it.
    pub(crate) fn own_text(&self) -> Option<&str> {
        match &self.0 {
            Body::Own(text) => Some(text),
            Body::Message(_) => None,
        }
    }

    pub(crate) fn is_control(&self) -> bool {
        matches!(self.0, Body::Message(Message::Ping(_) | Message::Pong(_)))
    }

    /// Bytes of payload.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Body::Own(text) => text.len(),
            Body::Message(message) => message.len(),
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
        match &self.0 {
            Body::Own(text) => Some(text),
            Body::Message(Message::Text(text)) => Some(text),
            Body::Message(_) => None,
        }
    }

    /// The message as tungstenite has it.
    #[must_use]
    pub fn into_message(self) -> Message {
        match self.0 {
            Body::Own(text) => Message::text(text),
            Body::Message(message) => message,
        }
    }
}

/// By kind and payload.
impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Body::Message(this), Body::Message(other)) => this == other,
            _ => self.as_text().is_some() && self.as_text() == other.as_text(),
        }
    }
}

impl Eq for Frame {}

/// A message of tungstenite's own making. A `Close` is not sent at once: it
/// becomes what this end says when it closes, see [`close`](crate::close). Raw
/// frames go out unchecked.
impl From<Message> for Frame {
    fn from(message: Message) -> Self {
        Self(Body::Message(message))
    }
}

impl JsonFrame for Frame {
    fn from_json(text: String) -> Self {
        Self(Body::Own(text))
    }

    fn set_json(&mut self, text: String) {
        *self = match self.is_binary() {
            true => Self::binary(text),
            false => Self::from_json(text),
        };
    }

    fn json(&self) -> Option<&[u8]> {
        match &self.0 {
            Body::Own(text) => Some(text.as_bytes()),
            Body::Message(Message::Text(text)) => Some(text.as_bytes()),
            Body::Message(Message::Binary(bytes)) => Some(bytes),
            Body::Message(_) => None,
        }
    }

    fn json_str(&self) -> Option<&str> {
        self.as_text()
    }

    fn json_mut(&mut self) -> Option<&mut String> {
        match &mut self.0 {
            Body::Own(text) => Some(text),
            Body::Message(_) => None,
        }
    }
}

impl BinaryFrame for Frame {
    fn from_binary(bytes: Vec<u8>) -> Self {
        Self::binary(bytes)
    }

    fn binary(&self) -> Option<&[u8]> {
        match &self.0 {
            Body::Message(Message::Binary(bytes)) => Some(bytes),
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
            Body::Own(_) | Body::Message(Message::Text(_)) => "Text",
            Body::Message(Message::Binary(_)) => "Binary",
            Body::Message(Message::Ping(_)) => "Ping",
            Body::Message(Message::Pong(_)) => "Pong",
            Body::Message(Message::Close(_)) => "Close",
            Body::Message(Message::Frame(_)) => "Raw",
        };
        write!(f, "{kind}({} bytes)", self.len())
    }
}
