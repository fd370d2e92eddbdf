//! Where messages end in a stream of bytes.

use await_layer::SealError;
use await_layer_framing::{Framing, FramingError};
use bytes::{Bytes, BytesMut};

use crate::nesting::Nesting;

/// As deep as the decoder follows.
const MAX_DEPTH: usize = 128;

/// The framing of MessagePack-RPC: messages back to back, each an array that
/// says itself where it ends.
///
/// Each byte is looked at once, however the stream is cut into pieces. A stream
/// in which a message begins with anything but an array, such as the words of a
/// program that prints where it should not, is refused at once.
#[derive(Clone, Debug)]
pub struct SelfDelimited {
    max_message: usize,
    /// Where the message at the front of the buffer goes on; it may not have
    /// arrived yet.
    next: usize,
    /// No value of it follows there: it ends.
    whole: bool,
    nesting: Nesting,
}

impl SelfDelimited {
    /// Messages of at most 1 MiB, nested at most 128 deep.
    #[must_use]
    pub fn new() -> Self {
        Self {
            max_message: 1 << 20,
            next: 0,
            whole: false,
            nesting: Nesting::new(MAX_DEPTH),
        }
    }

    /// Bytes of one message, at most, either way. A larger one from the peer
    /// ends the connection as soon as its lengths say so; a larger one of ours
    /// fails alone.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// Levels of arrays and maps in one message of the peer's, at most 128. A
    /// deeper one ends the connection.
    #[must_use]
    pub fn max_depth(mut self, levels: usize) -> Self {
        self.nesting = Nesting::new(levels.min(MAX_DEPTH));
        self
    }
}

impl Default for SelfDelimited {
    fn default() -> Self {
        Self::new()
    }
}

/// The bytes of the value in front, without those of the values it holds, and
/// how many it holds; `None` while its length is not all there.
fn measure(wire: &[u8]) -> Option<(usize, usize)> {
    let (first, rest) = wire.split_first()?;
    let length = |bytes: usize| {
        let digits = rest.get(..bytes)?.iter();
        Some(digits.fold(0_usize, |sum, digit| sum << 8 | usize::from(*digit)))
    };
    // Of most kinds there are several widths, each twice the one before.
    let width = |narrowest: u8, bytes: usize| bytes << first.saturating_sub(narrowest).min(4);
    let with = |narrowest: u8, more: usize| {
        let width = width(narrowest, 1);
        Some(length(width)?.saturating_add(width).saturating_add(more))
    };
    let (more, holds) = match *first {
        map @ 0x80..=0x8f => (0, 2 * usize::from(map & 0xf)),
        array @ 0x90..=0x9f => (0, usize::from(array & 0xf)),
        text @ 0xa0..=0xbf => (usize::from(text & 0x1f), 0),
        0xc4..=0xc6 => (with(0xc4, 0)?, 0),
        0xc7..=0xc9 => (with(0xc7, 1)?, 0),
        0xca..=0xcb => (width(0xca, 4), 0),
        0xcc..=0xcf => (width(0xcc, 1), 0),
        0xd0..=0xd3 => (width(0xd0, 1), 0),
        0xd4..=0xd8 => (width(0xd4, 1).saturating_add(1), 0),
        0xd9..=0xdb => (with(0xd9, 0)?, 0),
        0xdc..=0xdd => (width(0xdc, 2), length(width(0xdc, 2))?),
        0xde..=0xdf => {
            let pairs = length(width(0xde, 2))?;
            (width(0xde, 2), pairs.saturating_mul(2))
        }
        _ => (0, 0),
    };
    Some((more.saturating_add(1), holds))
}

fn is_array(first: u8) -> bool {
    matches!(first, 0x90..=0x9f | 0xdc | 0xdd)
}

impl Framing for SelfDelimited {
    /// Of the content only the first byte is looked at: what the packer makes
    /// is a message.
    fn check(&self, frame: &[u8]) -> Result<(), SealError> {
        let (bytes, max) = (frame.len(), self.max_message);
        if bytes > max {
            let why = format!(
                "the message has {bytes} bytes and max_message allows {max}: send less or raise it"
            );
            return Err(SealError::new(why));
        }
        match frame.first() {
            Some(first) if is_array(*first) => Ok(()),
            _ => Err(SealError::new("no MessagePack array: pack a message")),
        }
    }

    fn encode(&mut self, frame: &[u8], wire: &mut BytesMut) -> Result<(), FramingError> {
        self.check(frame)?;
        wire.extend_from_slice(frame);
        Ok(())
    }

    fn decode(&mut self, wire: &mut BytesMut) -> Result<Option<Bytes>, FramingError> {
        while !self.whole {
            let rest = wire.get(self.next..).unwrap_or_default();
            let Some(first) = rest.first() else {
                return Ok(None);
            };
            if *first == 0xc1 || (self.next == 0 && !is_array(*first)) {
                let why = format!("a byte {first:#04x} where a MessagePack-RPC message goes on");
                return Err(FramingError::malformed(why));
            }
            let Some((bytes, holds)) = measure(rest) else {
                return Ok(None);
            };
            self.next = self.next.saturating_add(bytes);
            // Each value that is announced has one byte at least.
            let least = self.next.saturating_add(holds);
            let max = self.max_message;
            if least > max {
                let why = format!(
                    "the peer sends a message of {least} bytes or more; max_message allows {max}"
                );
                return Err(FramingError::too_large(why));
            }
            self.whole = self.nesting.meet(holds)?;
        }
        if wire.len() < self.next {
            return Ok(None);
        }
        let message = wire.split_to(self.next).freeze();
        (self.next, self.whole) = (0, false);
        Ok(Some(message))
    }
}
