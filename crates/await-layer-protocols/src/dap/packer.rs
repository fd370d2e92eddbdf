//! Messages to frames and back.

use await_layer::{JsonFrame, Pack, Packer, PackerError, Unpack};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Command, ErrorReply, Event, Happened, Outcome, Received};
use crate::object::{self, Object};

/// Packs a [`Command`], an [`Event`] or an [`Outcome`]; unpacks the body of a
/// reply, [`Received`] or [`Happened`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Messages;

/// Why a message did not pack or unpack, or what the peer answered instead.
pub type Failure = crate::Failure<ErrorReply, PackerError<serde_json::Error>>;

impl Packer for Messages {
    type Error = Failure;
}

impl<F: JsonFrame, A: Serialize> Pack<F, Command<'_, A>> for Messages {
    fn pack(&self, Command(command, arguments): &Command<'_, A>) -> Result<F, Failure> {
        let message = Object::new().field("command", command)?;
        Ok(message.field_if_any("arguments", arguments)?.frame()?)
    }
}

impl<F: JsonFrame, B: Serialize> Pack<F, Event<'_, B>> for Messages {
    fn pack(&self, Event(event, body): &Event<'_, B>) -> Result<F, Failure> {
        let message = Object::new().field("event", event)?;
        Ok(message.field_if_any("body", body)?.frame()?)
    }
}

impl<F: JsonFrame, B: Serialize> Pack<F, Outcome<B>> for Messages {
    fn pack(&self, outcome: &Outcome<B>) -> Result<F, Failure> {
        let success = Object::new().field("success", &outcome.is_ok())?;
        let message = match outcome {
            Ok(body) => success.field_if_any("body", body)?,
            Err(error) => {
                let message = success.field("message", &error.message)?;
                message.field_if_any("body", &error.body)?
            }
        };
        Ok(message.frame()?)
    }
}

impl<F: JsonFrame> Unpack<F, Received> for Messages {
    fn unpack(&self, frame: F) -> Result<Received, Failure> {
        #[derive(Deserialize)]
        struct Request<'a> {
            command: String,
            #[serde(borrow)]
            arguments: Option<&'a RawValue>,
        }
        let Request { command, arguments } = object::read(&frame)?;
        let arguments = arguments.map(ToOwned::to_owned);
        Ok(Received { command, arguments })
    }
}

impl<F: JsonFrame> Unpack<F, Happened> for Messages {
    fn unpack(&self, frame: F) -> Result<Happened, Failure> {
        #[derive(Deserialize)]
        struct Message {
            event: String,
            #[serde(default)]
            body: Value,
        }
        let Message { event, body } = object::read(&frame)?;
        Ok(Happened { event, body })
    }
}

impl<F: JsonFrame, B: DeserializeOwned> Unpack<F, B> for Messages {
    fn unpack(&self, frame: F) -> Result<B, Failure> {
        #[derive(Deserialize)]
        struct Reply<'a> {
            success: bool,
            #[serde(borrow)]
            body: Option<&'a RawValue>,
        }
        let Reply { success, body } = object::read(&frame)?;
        if !success {
            return Err(Failure::Remote(object::read(&frame)?));
        }
        let body = serde_json::from_str(body.map_or("null", RawValue::get));
        Ok(body.map_err(PackerError::Unpack)?)
    }
}
