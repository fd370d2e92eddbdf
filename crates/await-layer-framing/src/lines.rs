//! One line, one frame.

use await_layer::SealError;
use bytes::{BufMut, Bytes, BytesMut};
use memchr::memchr;

use crate::framing::fits;
use crate::{Framing, FramingError};

/// What ends a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Newline {
    /// Writes LF; reads LF and CR LF alike. A line of ours that ends with CR
    /// is refused: the CR would be lost.
    #[default]
    Any,
    /// LF and nothing else: a CR before it belongs to the line.
    Lf,
    /// CR LF. A line of the peer's that ends with LF alone is an error.
    CrLf,
}

/// A frame is a line: JSON lines, say.
///
/// Lines may be empty and need not be UTF-8. A line of ours that has a newline
/// in it is refused; a last line of the peer's without one is an error, since
/// nobody can tell whether it is whole.
#[derive(Clone, Debug)]
pub struct Lines {
    max_line: usize,
    newline: Newline,
    /// Bytes at the front of the buffer that hold no newline.
    searched: usize,
}

impl Lines {
    /// Lines of at most 1 MiB that end with [`Newline::Any`].
    #[must_use]
    pub fn new() -> Self {
        Self {
            max_line: 1 << 20,
            newline: Newline::Any,
            searched: 0,
        }
    }

    /// Bytes of one line without what ends it, at most, either way. A longer
    /// one of the peer's ends the connection; a longer one of ours fails
    /// alone.
    #[must_use]
    pub fn max_line(mut self, bytes: usize) -> Self {
        self.max_line = bytes;
        self
    }

    /// What ends a line.
    #[must_use]
    pub fn newline(mut self, newline: Newline) -> Self {
        self.newline = newline;
        self
    }

    /// The length of a line that is there up to its LF.
    fn without_cr(&self, line: &[u8]) -> usize {
        let stripped = match self.newline {
            Newline::Lf => None,
            Newline::Any | Newline::CrLf => line.strip_suffix(b"\r"),
        };
        stripped.unwrap_or(line).len()
    }

    fn bounded(&self, length: usize) -> Result<(), FramingError> {
        let max = self.max_line;
        if length <= max {
            return Ok(());
        }
        let why = format!("the peer sent a line of {length} bytes or more; max_line allows {max}");
        Err(FramingError::too_large(why))
    }
}

impl Default for Lines {
    fn default() -> Self {
        Self::new()
    }
}

impl Framing for Lines {
    fn check(&self, frame: &[u8]) -> Result<(), SealError> {
        fits(frame, "max_line", self.max_line)?;
        if memchr(b'\n', frame).is_some() {
            let why = "the message has a line feed in it: write it on one line";
            return Err(SealError::new(why));
        }
        if self.newline == Newline::Any && frame.ends_with(b"\r") {
            let why = "the message ends with CR, which would be lost: take `Newline::Lf`";
            return Err(SealError::new(why));
        }
        Ok(())
    }

    fn encode(&mut self, frame: &[u8], wire: &mut BytesMut) -> Result<(), FramingError> {
        self.check(frame)?;
        let end: &[u8] = match self.newline {
            Newline::Any | Newline::Lf => b"\n",
            Newline::CrLf => b"\r\n",
        };
        wire.reserve(frame.len().saturating_add(end.len()));
        wire.put_slice(frame);
        wire.put_slice(end);
        Ok(())
    }

    fn decode(&mut self, wire: &mut BytesMut) -> Result<Option<Bytes>, FramingError> {
        let unsearched = wire.get(self.searched..).unwrap_or_default();
        let Some(found) = memchr(b'\n', unsearched) else {
            self.searched = wire.len();
            self.bounded(self.without_cr(wire))?;
            return Ok(None);
        };
        let whole = self.searched.saturating_add(found).saturating_add(1);
        self.searched = 0;
        let mut line = wire.split_to(whole);
        line.truncate(whole.saturating_sub(1));
        let length = self.without_cr(&line);
        self.bounded(length)?;
        if self.newline == Newline::CrLf && length == line.len() {
            let why = "a line ends with LF alone, and `Newline::CrLf` is set";
            return Err(FramingError::malformed(why));
        }
        line.truncate(length);
        Ok(Some(line.freeze()))
    }
}
