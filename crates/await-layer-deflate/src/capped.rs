//! Messages of ours that cannot go as they are, refused one by one.

use std::fmt;

use await_layer::{AwaitIdCodec, Head, Peek, Protocol, Refusal, SealError, Timer};
use futures_io::{AsyncRead, AsyncWrite};

use crate::rules::Rules;
use crate::{Config, Frame, WebSocket};

/// The protocol `P` with a limit on what it sends, and options that are
/// checked.
///
/// The transport can only end the connection over a message that does not fit,
/// and with it every call in flight. Here the one message is refused
/// ([`Refused::Seal`](await_layer::Refused::Seal)) and goes back to its sender.
#[derive(Clone, Debug)]
pub struct Capped<P> {
    protocol: P,
    rules: Rules,
}

/// The codec of a [`Capped`] protocol.
#[derive(Clone)]
pub struct CappedCodec<C> {
    codec: C,
    rules: Rules,
}

impl<P> Capped<P> {
    /// The protocol of `config` for this connection.
    pub fn new<T, M>(config: Config<P>, websocket: &WebSocket<T, M>) -> Self
    where
        T: AsyncRead + AsyncWrite + Unpin,
        M: Timer,
    {
        let rules = Rules::new(&config, websocket.role(), websocket.agreed().is_some());
        Self {
            protocol: config.protocol,
            rules,
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
        let rules = self.rules;
        (packer, CappedCodec { codec, rules }, ids)
    }
}

/// Prints no payload.
impl<C: fmt::Debug> fmt::Debug for CappedCodec<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CappedCodec")
            .field("codec", &self.codec)
            .field("rules", &self.rules)
            .finish()
    }
}

impl<C: AwaitIdCodec<Frame>> AwaitIdCodec<Frame> for CappedCodec<C> {
    type Id = C::Id;
    type Ask = C::Ask;

    fn peek(&mut self, frame: &Frame) -> Peek<C::Id, C::Ask> {
        self.codec.peek(frame)
    }

    fn seal(&mut self, frame: &mut Frame, head: Head<'_, C::Id, C::Ask>) -> Result<(), SealError> {
        let allowed = self.rules.options(frame)?;
        self.rules.size(frame)?;
        // In case its id makes it too large.
        let before = self.rules.is_near(frame).then(|| frame.clone());
        self.codec.seal(frame, head)?;
        match (self.rules.size(frame), before) {
            (Err(why), Some(before)) => {
                self.codec.unseal(head);
                *frame = before;
                Err(why)
            }
            // An id of kilobytes is its caller's own doing.
            _ => {
                self.rules.admit(frame, allowed);
                Ok(())
            }
        }
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
