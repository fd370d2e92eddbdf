//! Where messages end in a stream, and the lines before the first.

use await_layer::SealError;
use await_layer_framing::{Framing, FramingError};
use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::header;
use crate::measured::Measured;

/// Asks the bus to take us for whom the socket says we are, and begins. All at
/// once: a bus reads on after each line, and there is no other way that we
/// could go on.
const GREETING: &[u8] = b"\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";

/// Bytes of one line of the bus's, at most: more than any has.
const MAX_LINE: usize = 1024;

/// Cuts messages out of a stream of bytes.
///
/// [`external`](Self::external) begins as a bus wants it: its lines leave with
/// the first message, and what the bus says to them is taken off the front of
/// what comes, with any bytes of messages that come along left where they are.
/// Call `Hello` first. A bus that refuses ends the connection.
#[derive(Clone, Debug)]
pub struct DBusFraming {
    messages: Measured,
    /// Our lines have left.
    said: bool,
    /// The bus has let us in.
    heard: bool,
}

impl DBusFraming {
    /// Messages from the first byte, of at most 1 MiB: for a stream on which
    /// another authentication, or none, has been done.
    #[must_use]
    pub fn new() -> Self {
        Self {
            messages: Measured::by(header::length),
            said: true,
            heard: true,
        }
    }

    /// The same after authenticating as the user whom the operating system
    /// says is at our end of a Unix socket.
    #[must_use]
    pub fn external() -> Self {
        Self {
            said: false,
            heard: false,
            ..Self::new()
        }
    }

    /// Bytes of one message, at most, either way. A larger one from the peer
    /// ends the connection; a larger one of ours fails alone.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.messages.max_message = bytes;
        self
    }

    /// Takes the lines of the bus; whether messages may follow.
    fn listen(&mut self, wire: &mut BytesMut) -> Result<bool, FramingError> {
        while !self.heard {
            let Some(end) = wire.iter().take(MAX_LINE).position(|byte| *byte == b'\n') else {
                if wire.len() >= MAX_LINE {
                    return Err(FramingError::malformed(
                        "no D-Bus peer: its line has no end",
                    ));
                }
                return Ok(false);
            };
            self.heard = wire.starts_with(b"OK ");
            if !self.heard && !wire.starts_with(b"DATA") {
                let why = "the bus lets nobody in by EXTERNAL: look at its configuration";
                return Err(FramingError::malformed(why));
            }
            wire.advance(end.saturating_add(1));
        }
        Ok(true)
    }
}

impl Default for DBusFraming {
    fn default() -> Self {
        Self::new()
    }
}

impl Framing for DBusFraming {
    fn check(&self, frame: &[u8]) -> Result<(), SealError> {
        self.messages.check(frame)
    }

    fn encode(&mut self, frame: &[u8], wire: &mut BytesMut) -> Result<(), FramingError> {
        self.check(frame)?;
        if !std::mem::replace(&mut self.said, true) {
            wire.put_slice(GREETING);
        }
        wire.put_slice(frame);
        Ok(())
    }

    fn decode(&mut self, wire: &mut BytesMut) -> Result<Option<Bytes>, FramingError> {
        match self.listen(wire)? {
            true => self.messages.take(wire),
            false => Ok(None),
        }
    }
}
