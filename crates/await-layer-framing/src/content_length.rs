//! Headers, an empty line, then so many bytes: the base protocol of language
//! servers.

mod header;

use std::fmt::Write;

use await_layer::SealError;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use memchr::memchr;

use crate::framing::fits;
use crate::{Framing, FramingError};
use header::Field;

/// The framing of language servers (LSP, DAP): `Content-Length: 2`, an empty
/// line, `{}`.
///
/// Of the peer's headers it takes any, in any order and any case, up to
/// [`max_header`](Self::max_header) bytes; every line must end with CR LF.
/// `Content-Length` must be there once, as plain digits. A `Content-Type` may
/// name no charset but UTF-8. Writes `Content-Length` alone.
#[derive(Clone, Debug)]
pub struct ContentLength {
    max_content: usize,
    max_header: usize,
    head: Head,
}

/// What is known of the header block at the front of the buffer.
#[derive(Clone, Debug, Default)]
struct Head {
    /// Bytes of it that are read; all of it, if `whole`.
    read: usize,
    /// Bytes after those which hold no end of a line.
    searched: usize,
    length: Option<usize>,
    whole: bool,
}

impl ContentLength {
    /// Frames of at most 1 MiB, header blocks of at most 4 KiB.
    #[must_use]
    pub fn new() -> Self {
        Self {
            max_content: 1 << 20,
            max_header: 4096,
            head: Head::default(),
        }
    }

    /// Bytes of one frame, at most, either way. A larger one from the peer
    /// ends the connection as soon as it is announced; a larger one of ours
    /// fails alone.
    #[must_use]
    pub fn max_content(mut self, bytes: usize) -> Self {
        self.max_content = bytes;
        self
    }

    /// Bytes of the peer's header block with its empty line, at most. A larger
    /// one ends the connection.
    #[must_use]
    pub fn max_header(mut self, bytes: usize) -> Self {
        self.max_header = bytes;
        self
    }

    /// Reads header lines until the block is whole; `false` if it is not.
    fn read_head(&mut self, wire: &[u8]) -> Result<bool, FramingError> {
        while !self.head.whole {
            let rest = wire.get(self.head.read..).unwrap_or_default();
            let unseen = rest.get(self.head.searched..).unwrap_or_default();
            let Some(end) = memchr(b'\n', unseen) else {
                self.head.searched = rest.len();
                return match wire.len() < self.max_header {
                    true => Ok(false),
                    false => Err(self.header_too_large()),
                };
            };
            let end = self.head.searched.saturating_add(end);
            self.head.searched = 0;
            let read = self.head.read.saturating_add(end).saturating_add(1);
            if read > self.max_header {
                return Err(self.header_too_large());
            }
            let line = rest.get(..end).unwrap_or_default();
            let Some(line) = line.strip_suffix(b"\r") else {
                let why = "a header line ends with LF alone; it must end with CR LF";
                return Err(FramingError::malformed(why));
            };
            self.head.read = read;
            if line.is_empty() {
                self.head.whole = true;
            } else if let Field::Length(length) = header::read(line, self.max_content)? {
                if self.head.length.replace(length).is_some() {
                    return Err(FramingError::malformed("Content-Length is there twice"));
                }
            }
        }
        Ok(true)
    }

    fn header_too_large(&self) -> FramingError {
        let max = self.max_header;
        let why =
            format!("the peer sent a header of more than {max} bytes; max_header allows {max}");
        FramingError::too_large(why)
    }
}

impl Default for ContentLength {
    fn default() -> Self {
        Self::new()
    }
}

impl Framing for ContentLength {
    fn check(&self, frame: &[u8]) -> Result<(), SealError> {
        fits(frame, "max_content", self.max_content)
    }

    fn encode(&mut self, frame: &[u8], wire: &mut BytesMut) -> Result<(), FramingError> {
        self.check(frame)?;
        // Writing to memory cannot fail.
        let _ = write!(wire, "Content-Length: {}\r\n\r\n", frame.len());
        wire.put_slice(frame);
        Ok(())
    }

    fn decode(&mut self, wire: &mut BytesMut) -> Result<Option<Bytes>, FramingError> {
        if !self.read_head(wire)? {
            return Ok(None);
        }
        let Some(length) = self.head.length else {
            return Err(FramingError::malformed("Content-Length is absent"));
        };
        if wire.len() < self.head.read.saturating_add(length) {
            return Ok(None);
        }
        wire.advance(self.head.read);
        self.head = Head::default();
        Ok(Some(wire.split_to(length).freeze()))
    }
}
