//! Messages to frames and back.

use await_layer::{JsonFrame, Pack, Packer, PackerError, Unpack};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::envelope::Envelope;
use super::{ErrorObject, Method, Outcome, Received};
use crate::object::{self, BodyError, Object};

/// Packs a [`Method`] or an [`Outcome`]; unpacks what a reply holds, or
/// [`Received`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Messages;

/// Why a message did not pack or unpack, or what the peer answered instead.
pub type Failure = crate::Failure<ErrorObject, PackerError<serde_json::Error>>;

impl Packer for Messages {
    type Error = Failure;
}

/// What every message begins with.
fn message() -> Result<Object, BodyError> {
    Object::new().field("jsonrpc", "2.0")
}

impl<F: JsonFrame, P: Serialize> Pack<F, Method<'_, P>> for Messages {
    fn pack(&self, Method(method, params): &Method<'_, P>) -> Result<F, Failure> {
        let message = message()?.field("method", method)?;
        Ok(message.field_if_any("params", params)?.frame()?)
    }
}

impl<F: JsonFrame, R: Serialize> Pack<F, Outcome<R>> for Messages {
    fn pack(&self, outcome: &Outcome<R>) -> Result<F, Failure> {
        let message = match outcome {
            Ok(result) => message()?.field("result", result)?,
            Err(error) => message()?.field("error", error)?,
        };
        Ok(message.frame()?)
    }
}

impl<F: JsonFrame> Unpack<F, Received> for Messages {
    fn unpack(&self, frame: F) -> Result<Received, Failure> {
        let envelope: Envelope<'_> = object::read(&frame)?;
        let method = envelope.method.ok_or(PackerError::WrongFrame)?;
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
        let Reply { result, error } = object::read(&frame)?;
        if let Some(error) = error {
            return Err(Failure::Remote(error));
        }
        let result = serde_json::from_str(result.map_or("null", RawValue::get));
        Ok(result.map_err(PackerError::Unpack)?)
    }
}
