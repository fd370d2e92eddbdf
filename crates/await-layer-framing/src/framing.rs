//! What a framing is.

use await_layer::{Cause, CloseReason, SealError};
use bytes::{Bytes, BytesMut};

use crate::FramingError;

/// Puts frames into a stream of bytes and takes them out again.
///
/// It knows no I/O: an adapter reads into a buffer, asks for frames until there
/// is none, and reads again.
///
/// Leave what belongs to an unfinished frame in the buffer: that is how the
/// end of the stream inside a frame is told from its end between two. What you
/// remember between calls must be bounded.
pub trait Framing {
    /// Whether this framing can carry `frame`. A frame that it cannot carry
    /// goes back to its sender and the connection stays.
    ///
    /// # Errors
    /// What is wrong with the frame and which limit to change, without the
    /// payload.
    fn check(&self, frame: &[u8]) -> Result<(), SealError>;

    /// Appends `frame`, framed, to `wire`.
    ///
    /// # Errors
    /// As [`check`](Self::check); `wire` is as it was.
    fn encode(&mut self, frame: &[u8], wire: &mut BytesMut) -> Result<(), FramingError>;

    /// Takes the next frame off the front of `wire`; `None` while it is not
    /// all there.
    ///
    /// # Errors
    /// Bytes that are no frame, or too large a one. The stream is of no use
    /// any more.
    fn decode(&mut self, wire: &mut BytesMut) -> Result<Option<Bytes>, FramingError>;

    /// As [`decode`](Self::decode), of a stream that has ended. By default
    /// what remains unfinished is an error.
    ///
    /// # Errors
    /// As `decode`, and [`FramingError::CutOff`].
    fn decode_end(&mut self, wire: &mut BytesMut) -> Result<Option<Bytes>, FramingError> {
        match self.decode(wire)? {
            None if !wire.is_empty() => {
                let why = "the stream ended inside a frame";
                let reason = CloseReason::new(Cause::Eof, why);
                Err(FramingError::CutOff(reason))
            }
            decoded => Ok(decoded),
        }
    }
}

/// Bytes from which on a frame is sooner shared than copied.
const SHARED: usize = 64 * 1024;

/// `frame` apart from the read buffer that it was taken from. A slice keeps the
/// whole buffer alive for as long as somebody keeps the slice: twenty bytes
/// would hold on to thousands. What is copied lets the buffer be used again.
///
/// A frame of 64 KiB or more is not copied. It may hold on to as much as the
/// buffer has grown to, about twice the framing's limit.
#[must_use]
pub fn detached(frame: Bytes) -> Bytes {
    if frame.len() < SHARED {
        Bytes::copy_from_slice(&frame)
    } else {
        frame
    }
}

/// What the three framings say of a frame of ours that is too large.
pub(crate) fn fits(frame: &[u8], limit: &str, max: usize) -> Result<(), SealError> {
    let bytes = frame.len();
    if bytes <= max {
        return Ok(());
    }
    Err(SealError::new(format!(
        "the message has {bytes} bytes and {limit} allows {max}: send less at a time or raise it"
    )))
}
