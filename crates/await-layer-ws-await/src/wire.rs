//! What a WebSocket library must offer to be sat on.

use await_layer_tungstenite::Frame;
use await_layer_tungstenite::tungstenite::Message;
use await_layer_tungstenite::tungstenite::protocol::frame::Frame as RawFrame;
use await_layer_tungstenite::tungstenite::protocol::frame::coding::{Data as Opcode, OpCode};
use bytes::Bytes;

use crate::{Goodbye, Payload, SendOptions};

/// The frame of a WebSocket transport: what it can carry, the facade can send.
///
/// What the transport cannot do with it at all is said in the
/// [`Capabilities`](crate::Capabilities); options that it cannot honour do not
/// come here.
pub trait WireFrame: Sized + From<Goodbye> {
    /// Hands `message` to `write`, in one frame or in several that belong
    /// together.
    fn message(message: Outgoing, write: &mut dyn FnMut(Self));

    /// A ping of at most 125 bytes.
    fn ping(payload: Bytes) -> Self;

    /// A pong of at most 125 bytes.
    fn pong(payload: Bytes) -> Self;

    /// What came; `None` is dropped. Pings are answered by the transport, which
    /// yields them, and pongs, if the events are to show them.
    fn received(self) -> Option<Received>;
}

/// A message to be sent.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outgoing {
    /// All of it, or the first fragment.
    pub payload: Payload,
    /// The other fragments, of the same kind.
    pub rest: Vec<Payload>,
    /// Of the first fragment. `binary` and `fin` are seen to already.
    pub options: SendOptions,
}

/// A message that came.
#[derive(Debug)]
#[non_exhaustive]
pub enum Received {
    /// Text or binary, whole.
    Message(Payload),
    /// Answered already.
    Ping(Bytes),
    /// Asked for or not.
    Pong(Bytes),
}

impl Outgoing {
    pub(crate) fn new(payload: Payload, rest: Vec<Payload>, options: SendOptions) -> Self {
        Self {
            payload,
            rest,
            options,
        }
    }
}

/// Without compression; fragments are frames of our own making, which
/// tungstenite masks as it must.
impl WireFrame for Frame {
    fn message(message: Outgoing, write: &mut dyn FnMut(Self)) {
        let Outgoing { payload, rest, .. } = message;
        if rest.is_empty() {
            return write(match payload {
                Payload::Text(text) => Self::text(text),
                Payload::Binary(bytes) => Self::binary(bytes),
            });
        }
        let mut opcode = match payload {
            Payload::Text(_) => Opcode::Text,
            Payload::Binary(_) => Opcode::Binary,
        };
        let mut left = rest.len();
        for payload in std::iter::once(payload).chain(rest) {
            let bytes = match payload {
                Payload::Text(text) => text.into(),
                Payload::Binary(bytes) => bytes,
            };
            let frame = RawFrame::message(bytes, OpCode::Data(opcode), left == 0);
            write(Message::Frame(frame).into());
            opcode = Opcode::Continue;
            left = left.saturating_sub(1);
        }
    }

    fn ping(payload: Bytes) -> Self {
        Self::ping(payload)
    }

    fn pong(payload: Bytes) -> Self {
        Self::pong(payload)
    }

    fn received(self) -> Option<Received> {
        received(self.into_message())
    }
}

pub(crate) fn received(message: Message) -> Option<Received> {
    Some(match message {
        Message::Text(text) => Received::Message(Payload::Text(text.as_str().to_owned())),
        Message::Binary(bytes) => Received::Message(Payload::Binary(bytes)),
        Message::Ping(payload) => Received::Ping(payload),
        Message::Pong(payload) => Received::Pong(payload),
        Message::Close(_) | Message::Frame(_) => return None,
    })
}
