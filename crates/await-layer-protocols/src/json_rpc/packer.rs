//! Messages to frames and back.

use std::fmt;

use await_layer::{JsonFrame, Pack, Packer, PackerError, Unpack};
use serde::de::DeserializeOwned;
use serde::ser::Error;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::envelope::Envelope;
use super::{ErrorObject, Method, Outcome, Received};

/// Packs a [`Method`] or an [`Outcome`]; unpacks what a reply holds, or
/// [`Received`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Messages;

/// Why a message did not pack or unpack, or what the peer answered instead.
#[derive(Debug)]
pub enum Failure {
    /// The peer answered with an error. Its code says what to do.
    Remote(ErrorObject),
    /// The value is no JSON, or the message not what was expected.
    Body(PackerError<serde_json::Error>),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remote(error) => write!(f, "the peer answers: {error}"),
            Self::Body(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Remote(error) => Some(error),
            Self::Body(error) => Some(error),
        }
    }
}

impl Packer for Messages {
    type Error = Failure;
}

/// Room for the id, which is put in when the message is written.
const ID_ROOM: usize = 32;

/// A message that is not complete yet: its fields are appended.
struct Text(Vec<u8>);

impl Text {
    fn new() -> Self {
        let mut text = Vec::with_capacity(128);
        text.extend_from_slice(br#"{"jsonrpc":"2.0""#);
        Self(text)
    }

    /// Appends a field, or nothing where `value` is null and `required` is not.
    fn field(
        mut self,
        key: &str,
        value: &(impl Serialize + ?Sized),
        required: bool,
    ) -> Result<Self, Failure> {
        let before = self.0.len();
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(key.as_bytes());
        self.0.extend_from_slice(b"\":");
        let start = self.0.len();
        serde_json::to_writer(&mut self.0, value).map_err(pack)?;
        if !required && self.0.get(start..) == Some(b"null") {
            self.0.truncate(before);
        }
        Ok(self)
    }

    fn frame<F: JsonFrame>(mut self) -> Result<F, Failure> {
        self.0.reserve_exact(1 + ID_ROOM);
        self.0.push(b'}');
        let text =
            String::from_utf8(self.0).map_err(|error| pack(serde_json::Error::custom(error)))?;
        Ok(F::from_json(text))
    }
}

fn pack(error: serde_json::Error) -> Failure {
    Failure::Body(PackerError::Pack(error))
}

fn unpack(error: serde_json::Error) -> Failure {
    Failure::Body(PackerError::Unpack(error))
}

impl<F: JsonFrame, P: Serialize> Pack<F, Method<'_, P>> for Messages {
    fn pack(&self, Method(method, params): &Method<'_, P>) -> Result<F, Failure> {
        Text::new()
            .field("method", method, true)?
            .field("params", params, false)?
            .frame()
    }
}

impl<F: JsonFrame, R: Serialize> Pack<F, Outcome<R>> for Messages {
    fn pack(&self, outcome: &Outcome<R>) -> Result<F, Failure> {
        match outcome {
            Ok(result) => Text::new().field("result", result, true)?.frame(),
            Err(error) => Text::new().field("error", error, true)?.frame(),
        }
    }
}

impl<F: JsonFrame> Unpack<F, Received> for Messages {
    fn unpack(&self, frame: F) -> Result<Received, Failure> {
        let envelope = Envelope::read(&frame).ok_or(Failure::Body(PackerError::WrongFrame))?;
        let method = envelope
            .method
            .ok_or(Failure::Body(PackerError::WrongFrame))?;
        Ok(Received {
            method: method.into_owned(),
            params: envelope.params.map(ToOwned::to_owned),
        })
    }
}

impl<F: JsonFrame, R: DeserializeOwned> Unpack<F, R> for Messages {
    fn unpack(&self, frame: F) -> Result<R, Failure> {
        #[derive(Deserialize)]
        struct Reply<'a> {
            #[serde(borrow)]
            result: Option<&'a RawValue>,
            error: Option<ErrorObject>,
        }
        let json = frame.json().ok_or(Failure::Body(PackerError::WrongFrame))?;
        let reply = match frame.json_str() {
            Some(text) => serde_json::from_str(text),
            None => serde_json::from_slice(json),
        };
        let Reply { result, error } = reply.map_err(unpack)?;
        match error {
            Some(error) => Err(Failure::Remote(error)),
            None => serde_json::from_str(result.map_or("null", RawValue::get)).map_err(unpack),
        }
    }
}
