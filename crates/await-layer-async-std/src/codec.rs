//! Framings as asynchronous-codec has them.

use asynchronous_codec::{Decoder, Encoder};
use await_layer_framing::detached;
use bytes::{Bytes, BytesMut};

use crate::{Framing, FramingError};

/// A framing as a codec of asynchronous-codec.
#[derive(Clone, Debug)]
pub struct Codec<C>(C);

impl<C: Framing> Codec<C> {
    /// Frames as `framing` does.
    pub fn new(framing: C) -> Self {
        Self(framing)
    }
}

impl<C: Framing> Decoder for Codec<C> {
    type Item = Bytes;
    type Error = FramingError;

    fn decode(&mut self, wire: &mut BytesMut) -> Result<Option<Bytes>, FramingError> {
        Ok(self.0.decode(wire)?.map(detached))
    }

    fn decode_eof(&mut self, wire: &mut BytesMut) -> Result<Option<Bytes>, FramingError> {
        Ok(self.0.decode_end(wire)?.map(detached))
    }
}

impl<C: Framing> Encoder for Codec<C> {
    type Item<'a> = Bytes;
    type Error = FramingError;

    fn encode(&mut self, frame: Bytes, wire: &mut BytesMut) -> Result<(), FramingError> {
        self.0.encode(&frame, wire)
    }
}
