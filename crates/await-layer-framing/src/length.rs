//! A length, then so many bytes.

use await_layer::SealError;
use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::framing::fits;
use crate::{Framing, FramingError};

const PREFIX: usize = size_of::<u32>();

/// Four bytes of length, big end first, then the frame: the wire of
/// tokio-util's `LengthDelimitedCodec` as it comes, but no memory is reserved
/// for a length whose bytes have not arrived.
#[derive(Clone, Debug)]
pub struct LengthDelimited {
    max_frame: usize,
}

impl LengthDelimited {
    /// Frames of at most 1 MiB.
    #[must_use]
    pub fn new() -> Self {
        Self { max_frame: 1 << 20 }
    }

    /// Bytes of one frame, at most, either way; more than 4 GiB - 1 counts as
    /// that. A larger one from the peer ends the connection; a larger one of
    /// ours fails alone.
    #[must_use]
    pub fn max_frame(mut self, bytes: usize) -> Self {
        self.max_frame = bytes.min(u32::MAX as usize);
        self
    }
}

impl Default for LengthDelimited {
    fn default() -> Self {
        Self::new()
    }
}

impl Framing for LengthDelimited {
    fn check(&self, frame: &[u8]) -> Result<(), SealError> {
        fits(frame, "max_frame", self.max_frame)
    }

    fn encode(&mut self, frame: &[u8], wire: &mut BytesMut) -> Result<(), FramingError> {
        self.check(frame)?;
        let length = u32::try_from(frame.len()).unwrap_or(u32::MAX);
        wire.reserve(frame.len().saturating_add(PREFIX));
        wire.put_u32(length);
        wire.put_slice(frame);
        Ok(())
    }

    fn decode(&mut self, wire: &mut BytesMut) -> Result<Option<Bytes>, FramingError> {
        let Some(prefix) = wire.first_chunk() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*prefix) as usize;
        let max = self.max_frame;
        if length > max {
            let why =
                format!("the peer announces a frame of {length} bytes; max_frame allows {max}");
            return Err(FramingError::too_large(why));
        }
        if wire.len() < length.saturating_add(PREFIX) {
            return Ok(None);
        }
        wire.advance(PREFIX);
        Ok(Some(wire.split_to(length).freeze()))
    }
}
