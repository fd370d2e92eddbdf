//! The fields of a message that say what it is.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A message, as far as it has to be read to know what it is. `"id": null` is
/// no id: servers put it on errors that concern no request.
#[derive(Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow)]
    pub(super) id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) params: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    /// The id, exactly as it stands on the wire.
    pub(super) fn id(&self) -> Option<&'a str> {
        self.id.map(RawValue::get)
    }
}
