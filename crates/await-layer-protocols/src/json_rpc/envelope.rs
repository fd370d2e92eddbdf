//! The fields of a message that say what it is.

use std::borrow::Cow;

use await_layer::JsonFrame;
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
    /// `None` for what is no JSON object.
    pub(super) fn read<F: JsonFrame>(frame: &'a F) -> Option<Self> {
        let json = frame.json()?;
        // serde would read the fields out of an array too.
        if json.trim_ascii_start().first() != Some(&b'{') {
            return None;
        }
        match frame.json_str() {
            Some(text) => serde_json::from_str(text),
            None => serde_json::from_slice(json),
        }
        .ok()
    }

    /// The id, exactly as it stands on the wire.
    pub(super) fn id(&self) -> Option<&'a str> {
        self.id.map(RawValue::get)
    }
}
