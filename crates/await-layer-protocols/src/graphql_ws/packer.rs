//! Values to messages and back.

use await_layer::{Pack, Packer, PackerError, Unpack};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::{ErrorObject, Errors, Kind, Message, Operation, Outcome, Received, Response};

/// Packs an [`Operation`], an [`Outcome`], a [`Response`] or a [`Ping`];
/// unpacks the data of a result, a [`Response`], or [`Received`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Messages;

/// Asks whether the peer is still there; the session drops its answer. As a
/// client's first message it begins the handshake without an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ping;

/// Why a value did not pack or unpack, or what the peer answered instead.
pub type Failure = crate::Failure<Errors, PackerError<serde_json::Error>>;

impl Packer for Messages {
    type Error = Failure;
}

pub(super) fn unwritable(error: serde_json::Error) -> Failure {
    Failure::Body(PackerError::Pack(error))
}

fn unreadable(error: serde_json::Error) -> Failure {
    Failure::Body(PackerError::Unpack(error))
}

fn message(kind: Kind, payload: &impl Serialize) -> Result<Message, Failure> {
    let payload = to_raw_value(payload).map_err(unwritable)?;
    Ok(Message::new(kind, Some(payload)))
}

fn read<'a, T: Deserialize<'a>>(message: &'a Message, kind: Kind) -> Result<T, Failure> {
    let payload = message.payload().filter(|_| message.kind == kind);
    let payload = payload.ok_or(Failure::Body(PackerError::WrongFrame))?;
    serde_json::from_str(payload).map_err(unreadable)
}

impl Pack<Message, Ping> for Messages {
    fn pack(&self, _: &Ping) -> Result<Message, Failure> {
        Ok(Message::new(Kind::Ping, None))
    }
}

impl<V: Serialize> Pack<Message, Operation<'_, V>> for Messages {
    fn pack(&self, operation: &Operation<'_, V>) -> Result<Message, Failure> {
        let mut message = message(Kind::Subscribe, operation)?;
        message.single = operation.single;
        Ok(message)
    }
}

impl<D: Serialize> Pack<Message, Outcome<D>> for Messages {
    fn pack(&self, outcome: &Outcome<D>) -> Result<Message, Failure> {
        match outcome {
            Ok(data) => self.pack(&Response {
                data: Some(data),
                errors: Vec::new(),
                extensions: Value::Null,
            }),
            Err(errors) => message(Kind::Error, errors),
        }
    }
}

impl<D: Serialize> Pack<Message, Response<D>> for Messages {
    fn pack(&self, response: &Response<D>) -> Result<Message, Failure> {
        message(Kind::Next, response)
    }
}

impl Unpack<Message, Received> for Messages {
    fn unpack(&self, message: Message) -> Result<Received, Failure> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Subscribe {
            query: String,
            operation_name: Option<String>,
            variables: Option<Box<RawValue>>,
        }
        let subscribe: Subscribe = read(&message, Kind::Subscribe)?;
        Ok(Received {
            query: subscribe.query,
            name: subscribe.operation_name,
            variables: subscribe.variables,
        })
    }
}

impl<D: DeserializeOwned> Unpack<Message, Response<D>> for Messages {
    fn unpack(&self, message: Message) -> Result<Response<D>, Failure> {
        #[derive(Deserialize)]
        struct Next<'a> {
            #[serde(borrow)]
            data: Option<&'a RawValue>,
            errors: Option<Vec<ErrorObject>>,
            #[serde(default)]
            extensions: Value,
        }
        if message.kind == Kind::Error {
            return Err(Failure::Remote(read(&message, Kind::Error)?));
        }
        let next: Next<'_> = read(&message, Kind::Next)?;
        let data = next.data.map(|data| serde_json::from_str(data.get()));
        Ok(Response {
            data: data.transpose().map_err(unreadable)?,
            errors: next.errors.unwrap_or_default(),
            extensions: next.extensions,
        })
    }
}

impl<D: DeserializeOwned> Unpack<Message, D> for Messages {
    fn unpack(&self, message: Message) -> Result<D, Failure> {
        // Not as a `D` at once: fields that failed are null.
        let response: Response<Box<RawValue>> = self.unpack(message)?;
        if !response.errors.is_empty() {
            return Err(Failure::Remote(Errors(response.errors)));
        }
        let data = response.data.as_deref().map_or("null", RawValue::get);
        serde_json::from_str(data).map_err(unreadable)
    }
}
