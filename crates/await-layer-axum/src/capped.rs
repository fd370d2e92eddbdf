//! Messages of ours that are too large, refused one by one.

use std::fmt;

use await_layer::{AwaitIdCodec, Head, JsonFrame, Peek, Protocol, Refusal, SealError};

use crate::Frame;

/// The protocol `P` with a limit on what it sends.
///
/// The transport can only end the connection over a message that does not fit,
/// and with it every call in flight. Here the one message is refused
/// ([`Refused::Seal`](await_layer::Refused::Seal)) and goes back to its sender.
#[derive(Clone, Debug)]
pub struct Capped<P> {
    protocol: P,
    cap: Cap,
}

/// The codec of a [`Capped`] protocol.
#[derive(Clone)]
pub struct CappedCodec<C> {
    codec: C,
    cap: Cap,
    /// What a small message was before its id was put in.
    text: String,
}

/// Up to so many bytes a message is sooner copied than shared.
const COPIED: usize = 1024;

/// The most that a message may have, and what says so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cap {
    pub(crate) bytes: usize,
    pub(crate) limit: &'static str,
}

/// Whatever the configuration.
const CONTROL: Cap = Cap {
    bytes: 125,
    limit: "the WebSocket protocol, for pings and pongs,",
};

impl<P> Capped<P> {
    pub(crate) fn new(protocol: P, cap: Cap) -> Self {
        Self { protocol, cap }
    }
}

impl<P: Protocol<Frame = Frame>> Protocol for Capped<P> {
    type Frame = Frame;
    type Packer = P::Packer;
    type Codec = CappedCodec<P::Codec>;
    type Ids = P::Ids;

    fn into_parts(self) -> (P::Packer, Self::Codec, P::Ids) {
        let (packer, codec, ids) = self.protocol.into_parts();
        let cap = self.cap;
        let codec = CappedCodec {
            codec,
            cap,
            text: String::new(),
        };
        (packer, codec, ids)
    }
}

/// Prints no payload.
impl<C: fmt::Debug> fmt::Debug for CappedCodec<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CappedCodec")
            .field("codec", &self.codec)
            .field("cap", &self.cap)
            .finish_non_exhaustive()
    }
}

impl<C: AwaitIdCodec<Frame>> AwaitIdCodec<Frame> for CappedCodec<C> {
    type Id = C::Id;
    type Ask = C::Ask;

    fn peek(&mut self, frame: &Frame) -> Peek<C::Id, C::Ask> {
        self.codec.peek(frame)
    }

    fn seal(&mut self, frame: &mut Frame, head: Head<'_, C::Id, C::Ask>) -> Result<(), SealError> {
        // In case it turns out too large.
        self.text.clear();
        let before = match frame.own_text() {
            Some(text) if text.len() <= COPIED => {
                self.text.push_str(text);
                None
            }
            _ => {
                frame.share();
                Some(frame.clone())
            }
        };
        self.codec.seal(frame, head)?;
        let Cap { bytes, limit } = match frame.is_control() {
            true => CONTROL,
            false => self.cap,
        };
        if frame.len() <= bytes {
            return Ok(());
        }
        let why = format!(
            "the message has {} bytes and {limit} allows {bytes}: send less at a time or raise it",
            frame.len()
        );
        self.codec.unseal(head);
        *frame = before.unwrap_or_else(|| Frame::from_json(self.text.clone()));
        Err(SealError::new(why))
    }

    fn unseal(&mut self, head: Head<'_, C::Id, C::Ask>) {
        self.codec.unseal(head);
    }

    fn strip(&mut self, frame: &mut Frame) {
        self.codec.strip(frame);
    }

    fn cancel(&mut self, id: &C::Id) -> Option<Frame> {
        self.codec.cancel(id)
    }

    fn refuse(&mut self, ask: &C::Ask, why: Refusal) -> Option<Frame> {
        self.codec.refuse(ask, why)
    }

    fn end(&mut self, ask: &C::Ask) -> Option<Frame> {
        self.codec.end(ask)
    }

    fn refuses(&self) -> bool {
        self.codec.refuses()
    }

    fn answers_cancelled(&self) -> bool {
        self.codec.answers_cancelled()
    }

    fn size(frame: &Frame) -> usize {
        frame.len()
    }
}
