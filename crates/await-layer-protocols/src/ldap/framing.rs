//! Where messages end in a stream.

use await_layer::SealError;
use await_layer_framing::{Framing, FramingError};
use bytes::{BufMut, Bytes, BytesMut};

use super::ber;

/// Cuts messages out of a stream of bytes.
#[derive(Clone, Debug)]
pub struct LdapFraming {
    max_message: usize,
}

impl LdapFraming {
    /// Messages of at most 1 MiB.
    #[must_use]
    pub fn new() -> Self {
        Self {
            max_message: 1 << 20,
        }
    }

    /// Bytes of one message, at most, either way. A larger one from the peer
    /// ends the connection; a larger one of ours fails alone.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }
}

impl Default for LdapFraming {
    fn default() -> Self {
        Self::new()
    }
}

/// Bytes of the whole message that begins here.
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
        let (bytes, max) = (frame.len(), self.max_message);
        if bytes > max {
            return Err(SealError::new(format!(
                "the message has {bytes} bytes and max_message allows {max}: send less or raise it"
            )));
        }
        if length(frame) != Ok(Some(bytes)) {
            return Err(SealError::new("the bytes are no message: pack one"));
        }
        Ok(())
    }

    fn encode(&mut self, frame: &[u8], wire: &mut BytesMut) -> Result<(), FramingError> {
        self.check(frame)?;
        wire.put_slice(frame);
        Ok(())
    }

    fn decode(&mut self, wire: &mut BytesMut) -> Result<Option<Bytes>, FramingError> {
        let Some(length) = length(wire).map_err(FramingError::malformed)? else {
            return Ok(None);
        };
        let max = self.max_message;
        if length > max {
            let why =
                format!("the peer announces a message of {length} bytes; max_message allows {max}");
            return Err(FramingError::too_large(why));
        }
        Ok((wire.len() >= length).then(|| wire.split_to(length).freeze()))
    }
}
