//! Messages to frames and back.

use await_layer::{JsonFrame, Pack, Packer, PackerError, Unpack};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{ErrorObject, Failure, Method, Outcome, Received};
use crate::json_rpc;
use crate::object::{self, Object};

/// Packs a [`Method`], one [`InSession`] or an [`Outcome`]; unpacks the result
/// that a reply holds, or [`Received`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Messages;

/// A method in the session of this id, as `Target.attachToTarget` with
/// `"flatten": true` returned it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InSession<'a, M>(pub &'a str, pub M);

impl Packer for Messages {
    type Error = Failure;
}

fn complete<F: JsonFrame, P: Serialize>(
    start: Object,
    Method(method, params): &Method<'_, P>,
) -> Result<F, Failure> {
    let message = start.field("method", method)?;
    Ok(message.field_if_any("params", params)?.frame()?)
}

impl<F: JsonFrame, P: Serialize> Pack<F, Method<'_, P>> for Messages {
    fn pack(&self, method: &Method<'_, P>) -> Result<F, Failure> {
        complete(Object::new(), method)
    }
}

impl<F: JsonFrame, P: Serialize> Pack<F, InSession<'_, Method<'_, P>>> for Messages {
    fn pack(
        &self,
        InSession(session, method): &InSession<'_, Method<'_, P>>,
    ) -> Result<F, Failure> {
        complete(Object::new().field("sessionId", session)?, method)
    }
}

impl<F: JsonFrame, R: Serialize> Pack<F, Outcome<R>> for Messages {
    fn pack(&self, outcome: &Outcome<R>) -> Result<F, Failure> {
        let message = match outcome {
            Ok(result) => Object::new().field("result", result)?,
            Err(error) => Object::new().field("error", error)?,
        };
        Ok(message.frame()?)
    }
}

impl<F: JsonFrame> Unpack<F, Received> for Messages {
    fn unpack(&self, frame: F) -> Result<Received, Failure> {
        #[derive(Deserialize)]
        struct Message<'a> {
            #[serde(rename = "sessionId")]
            session: Option<String>,
            method: Option<String>,
            #[serde(borrow)]
            params: Option<&'a RawValue>,
            error: Option<ErrorObject>,
        }
        let message: Message<'_> = object::read(&frame)?;
        let Some(method) = message.method else {
            let body = Failure::Body(PackerError::WrongFrame);
            return Err(message.error.map_or(body, Failure::Remote));
        };
        Ok(Received {
            session: message.session,
            method,
            params: message.params.map(ToOwned::to_owned),
        })
    }
}

impl<F: JsonFrame, R: DeserializeOwned> Unpack<F, R> for Messages {
    fn unpack(&self, frame: F) -> Result<R, Failure> {
        // What there is to read in a reply is the same.
        json_rpc::Messages.unpack(frame)
    }
}
