//! Messages whose first bytes tell how long they are, as frames of a stream.

use await_layer::SealError;
use await_layer_framing::FramingError;
use bytes::{Bytes, BytesMut};

/// Bytes of the message that begins here, `None` while that cannot be told, or
/// why it is no message.
type Measure = fn(&[u8]) -> Result<Option<usize>, &'static str>;

/// How long messages are, and how long they may be.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    measure: Measure,
    pub(crate) max_message: usize,
}

impl Measured {
    /// Messages of at most 1 MiB.
    pub(crate) fn by(measure: Measure) -> Self {
        let max_message = 1 << 20;
        Self {
            measure,
            max_message,
        }
    }

    /// Whether `frame` is one message and not too long.
    pub(crate) fn check(&self, frame: &[u8]) -> Result<(), SealError> {
        let (bytes, max) = (frame.len(), self.max_message);
        if bytes > max {
            return Err(SealError::new(format!(
                "the message has {bytes} bytes and max_message allows {max}: send less or raise it"
            )));
        }
        match (self.measure)(frame) {
            Ok(Some(length)) if length == bytes => Ok(()),
            _ => Err(SealError::new("the bytes are no message: pack one")),
        }
    }

    /// Takes the next message off the front of `wire`.
    pub(crate) fn take(&self, wire: &mut BytesMut) -> Result<Option<Bytes>, FramingError> {
        let measured = (self.measure)(wire).map_err(FramingError::malformed)?;
        let (Some(length), max) = (measured, self.max_message) else {
            return Ok(None);
        };
        if length > max {
            let why =
                format!("the peer announces a message of {length} bytes; max_message allows {max}");
            return Err(FramingError::too_large(why));
        }
        Ok((wire.len() >= length).then(|| wire.split_to(length).freeze()))
    }
}
