//! Messages of ours that a framing cannot carry, refused one by one.

use std::fmt;

use await_layer::{AwaitIdCodec, Head, Peek, Protocol, Refusal, SealError};
use bytes::Bytes;

use crate::Framing;

/// The protocol `P`, sending only what the framing `C` can carry.
///
/// A transport can only end the connection over a message that does not fit,
/// and with it every call in flight. Here the one message is refused
/// ([`Refused::Seal`](await_layer::Refused::Seal)) and goes back to its sender.
#[derive(Clone, Debug)]
pub struct Checked<P, C> {
    protocol: P,
    framing: C,
}

/// The codec of a [`Checked`] protocol.
#[derive(Clone)]
pub struct CheckedCodec<D, C> {
    codec: D,
    framing: C,
    /// What a small message was before its id was put in.
    before: Vec<u8>,
}

/// Up to so many bytes a message is sooner copied than shared.
const COPIED: usize = 1024;

impl<P, C> Checked<P, C> {
    /// Checks with `framing`, which frames nothing here.
    pub fn new(protocol: P, framing: C) -> Self {
        Self { protocol, framing }
    }
}

impl<P: Protocol<Frame = Bytes>, C: Framing> Protocol for Checked<P, C> {
    type Frame = Bytes;
    type Packer = P::Packer;
    type Codec = CheckedCodec<P::Codec, C>;
    type Ids = P::Ids;

    fn into_parts(self) -> (P::Packer, Self::Codec, P::Ids) {
        let (packer, codec, ids) = self.protocol.into_parts();
        let codec = CheckedCodec {
            codec,
            framing: self.framing,
            before: Vec::new(),
        };
        (packer, codec, ids)
    }
}

/// Prints no payload.
impl<D: fmt::Debug, C: fmt::Debug> fmt::Debug for CheckedCodec<D, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckedCodec")
            .field("codec", &self.codec)
            .field("framing", &self.framing)
            .finish_non_exhaustive()
    }
}

impl<D: AwaitIdCodec<Bytes>, C: Framing> AwaitIdCodec<Bytes> for CheckedCodec<D, C> {
    type Id = D::Id;
    type Ask = D::Ask;

    fn peek(&mut self, frame: &Bytes) -> Peek<D::Id, D::Ask> {
        self.codec.peek(frame)
    }

    fn seal(&mut self, frame: &mut Bytes, head: Head<'_, D::Id, D::Ask>) -> Result<(), SealError> {
        // In case it turns out not to fit.
        self.before.clear();
        let before = if frame.len() <= COPIED {
            self.before.extend_from_slice(frame);
            None
        } else {
            Some(frame.clone())
        };
        self.codec.seal(frame, head)?;
        self.framing.check(frame).inspect_err(|_| {
            self.codec.unseal(head);
            *frame = before.unwrap_or_else(|| Bytes::copy_from_slice(&self.before));
        })
    }

    fn unseal(&mut self, head: Head<'_, D::Id, D::Ask>) {
        self.codec.unseal(head);
    }

    fn strip(&mut self, frame: &mut Bytes) {
        self.codec.strip(frame);
    }

    fn cancel(&mut self, id: &D::Id) -> Option<Bytes> {
        self.codec.cancel(id)
    }

    fn refuse(&mut self, ask: &D::Ask, why: Refusal) -> Option<Bytes> {
        self.codec.refuse(ask, why)
    }

    fn end(&mut self, ask: &D::Ask) -> Option<Bytes> {
        self.codec.end(ask)
    }

    fn refuses(&self) -> bool {
        self.codec.refuses()
    }

    fn answers_cancelled(&self) -> bool {
        self.codec.answers_cancelled()
    }

    fn size(frame: &Bytes) -> usize {
        D::size(frame)
    }
}
