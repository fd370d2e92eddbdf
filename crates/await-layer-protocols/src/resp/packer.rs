//! Commands to frames, and frames to values.

use std::convert::Infallible;

use await_layer::{Pack, Packer, PackerError, Unpack};
use bytes::Bytes;

use super::framing::MAX_DEPTH;
use super::{RemoteError, Value};

/// Why a reply did not unpack, or the error that it is.
pub type Failure = crate::Failure<RemoteError, PackerError<Infallible>>;

/// Packs the words of a command, `["SET", "key", "value"]`, as an array or a
/// slice of text or bytes; unpacks a [`Value`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Commands;

impl Packer for Commands {
    type Error = Failure;
}

impl<W: AsRef<[u8]>> Pack<Bytes, [W]> for Commands {
    fn pack(&self, words: &[W]) -> Result<Bytes, Failure> {
        let mut command = format!("*{}\r\n", words.len()).into_bytes();
        for word in words.iter().map(AsRef::as_ref) {
            command.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            command.extend_from_slice(word);
            command.extend_from_slice(b"\r\n");
        }
        Ok(command.into())
    }
}

impl<W: AsRef<[u8]>, const N: usize> Pack<Bytes, [W; N]> for Commands {
    fn pack(&self, words: &[W; N]) -> Result<Bytes, Failure> {
        self.pack(words.as_slice())
    }
}

impl Unpack<Bytes, Value> for Commands {
    fn unpack(&self, mut frame: Bytes) -> Result<Value, Failure> {
        match Value::take(&mut frame, MAX_DEPTH) {
            None => Err(Failure::Body(PackerError::WrongFrame)),
            Some(_) if !frame.is_empty() => Err(Failure::Body(PackerError::Trailing)),
            Some(Value::Error(error)) => Err(Failure::Remote(error)),
            Some(value) => Ok(value),
        }
    }
}
