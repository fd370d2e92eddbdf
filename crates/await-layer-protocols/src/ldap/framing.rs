//! Where messages end in a stream.

use await_layer::SealError;
use await_layer_framing::{Framing, FramingError};
use bytes::{BufMut, Bytes, BytesMut};

use super::ber;
use crate::measured::Measured;

/// Cuts messages out of a stream of bytes.
#[derive(Clone, Debug)]
pub struct LdapFraming(Measured);

impl LdapFraming {
    /// Messages of at most 1 MiB.
    #[must_use]
    pub fn new() -> Self {
        Self(Measured::by(length))
    }

    /// Bytes of one message, at most, either way. A larger one from the peer
    /// ends the connection; a larger one of ours fails alone.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.0.max_message = bytes;
        self
    }
}

impl Default for LdapFraming {
    fn default() -> Self {
        Self::new()
    }
}

fn length(wire: &[u8]) -> Result<Option<usize>, &'static str> {
    match wire.first() {
        None | Some(&ber::SEQUENCE) => {}
        Some(_) => return Err("a message does not begin as LDAP's do: is this TLS?"),
    }
    let header = ber::header(wire)?;
    Ok(header.map(|(start, length)| length.saturating_add(start)))
}

impl Framing for LdapFraming {
    fn check(&self, frame: &[u8]) -> Result<(), SealError> {
        self.0.check(frame)
    }

    fn encode(&mut self, frame: &[u8], wire: &mut BytesMut) -> Result<(), FramingError> {
        self.check(frame)?;
        wire.put_slice(frame);
        Ok(())
    }

    fn decode(&mut self, wire: &mut BytesMut) -> Result<Option<Bytes>, FramingError> {
        self.0.take(wire)
    }
}
