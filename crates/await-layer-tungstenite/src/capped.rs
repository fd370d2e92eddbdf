//! Messages of ours that are too large, refused one by one.

use await_layer::{AwaitIdCodec, Head, Peek, Protocol, Refusal, SealError};

use crate::{Config, Frame};

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
#[derive(Clone, Debug)]
pub struct CappedCodec<C> {
    codec: C,
    cap: Cap,
}

#[derive(Clone, Copy, Debug)]
struct Cap {
    bytes: usize,
    limit: &'static str,
}

/// Whatever the configuration.
const CONTROL: Cap = Cap {
    bytes: 125,
    limit: "the WebSocket protocol, for pings and pongs,",
};

impl<P> Capped<P> {
    /// The protocol of `config`, obeying its limits.
    pub fn new(config: Config<P>) -> Self {
        let (bytes, limit) = config.largest_sent();
        Self {
            protocol: config.protocol,
            cap: Cap { bytes, limit },
        }
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
        (packer, CappedCodec { codec, cap }, ids)
    }
}

impl<C: AwaitIdCodec<Frame>> AwaitIdCodec<Frame> for CappedCodec<C> {
    type Id = C::Id;
    type Ask = C::Ask;

    fn peek(&mut self, frame: &Frame) -> Peek<C::Id, C::Ask> {
        self.codec.peek(frame)
    }

    fn seal(&mut self, frame: &mut Frame, head: Head<'_, C::Id, C::Ask>) -> Result<(), SealError> {
        // Shares the payload.
        let before = frame.clone();
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
        *frame = before;
        Err(SealError::new(why))
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

    fn answers_cancelled(&self) -> bool {
        self.codec.answers_cancelled()
    }

    fn size(frame: &Frame) -> usize {
        frame.len()
    }
}
