//! Where values end in a stream of bytes.

use await_layer::SealError;
use await_layer_framing::{Framing, FramingError};
use bytes::{Bytes, BytesMut};
use memchr::memchr;

use super::header::{Rest, is_kind, rest};
use crate::nesting::Nesting;

/// The framing of RESP: values back to back. Each byte is looked at once,
/// however the stream is cut into pieces.
///
/// It limits what the server sends. What a command of ours may be is the
/// server's to say: 512 MB for a word, in Redis.
#[derive(Clone, Debug)]
pub struct Values {
    max_value: usize,
    /// Where the value at the front of the buffer goes on; it may not have
    /// arrived yet.
    next: usize,
    /// Bytes after that which hold no end of a line.
    searched: usize,
    /// Nothing of it follows there: it ends.
    whole: bool,
    nesting: Nesting,
}

/// As deep as values are read.
pub(super) const MAX_DEPTH: usize = 128;

/// The shortest value: `_`, and the end of its line.
const SHORTEST: usize = 3;

impl Values {
    /// Values of at most 16 MiB, nested at most 128 deep.
    #[must_use]
    pub fn new() -> Self {
        Self {
            max_value: 16 << 20,
            next: 0,
            searched: 0,
            whole: false,
            nesting: Nesting::new(MAX_DEPTH),
        }
    }

    /// Bytes of one reply or push, at most, with all that it holds. A larger
    /// one ends the connection as soon as its lengths say so.
    #[must_use]
    pub fn max_value(mut self, bytes: usize) -> Self {
        self.max_value = bytes;
        self
    }

    fn bounded(&self, least: usize) -> Result<(), FramingError> {
        let max = self.max_value;
        if least <= max {
            return Ok(());
        }
        let why =
            format!("the peer sends a value of {least} bytes or more; max_value allows {max}");
        Err(FramingError::too_large(why))
    }
}

impl Default for Values {
    fn default() -> Self {
        Self::new()
    }
}

impl Framing for Values {
    /// Never refuses: what a command may be is the server's to say.
    fn check(&self, _: &[u8]) -> Result<(), SealError> {
        Ok(())
    }

    fn encode(&mut self, frame: &[u8], wire: &mut BytesMut) -> Result<(), FramingError> {
        wire.extend_from_slice(frame);
        Ok(())
    }

    fn decode(&mut self, wire: &mut BytesMut) -> Result<Option<Bytes>, FramingError> {
        while !self.whole {
            let value = wire.get(self.next..).unwrap_or_default();
            let Some((kind, line)) = value.split_first() else {
                return Ok(None);
            };
            if !is_kind(*kind) {
                let why = format!("a byte {kind:#04x} where a RESP value begins");
                return Err(FramingError::malformed(why));
            }
            let Some(end) = memchr(b'\n', line.get(self.searched..).unwrap_or_default()) else {
                self.searched = line.len();
                self.bounded(wire.len())?;
                return Ok(None);
            };
            let end = self.searched.saturating_add(end);
            let line = line.get(..end).and_then(|line| line.strip_suffix(b"\r"));
            let Some(rest) = line.and_then(|line| rest(*kind, line)) else {
                let kind = char::from(*kind);
                let why = format!("a line that begins with {kind} is no RESP value");
                return Err(FramingError::malformed(why));
            };
            let (bytes, holds) = match rest {
                Rest::Nothing => (0, 0),
                Rest::Bytes(bytes) => (bytes.saturating_add(2), 0),
                Rest::Values(values) => (0, values),
            };
            // The kind, the line and its end.
            let head = end.saturating_add(2);
            self.next = self.next.saturating_add(head).saturating_add(bytes);
            self.searched = 0;
            self.bounded(self.next.saturating_add(holds.saturating_mul(SHORTEST)))?;
            self.whole = self.nesting.meet(holds)?;
        }
        if wire.len() < self.next {
            return Ok(None);
        }
        let value = wire.split_to(self.next).freeze();
        (self.next, self.whole) = (0, false);
        Ok(Some(value))
    }
}
