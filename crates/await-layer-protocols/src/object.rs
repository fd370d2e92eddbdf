//! JSON objects as text: read in part, written field by field, and given an id
//! without being read at all.

use await_layer::{JsonFrame, PackerError, SealError};
use serde::ser::Error;
use serde::{Deserialize, Serialize};

/// What goes wrong with the body of a message.
pub(crate) type BodyError = PackerError<serde_json::Error>;

/// Room for the id, which is put in when the message is written.
const ID_ROOM: usize = 48;

/// An object that is not complete yet.
pub(crate) struct Object(Vec<u8>);

impl Object {
    pub(crate) fn new() -> Self {
        let mut text = Vec::with_capacity(128);
        text.push(b'{');
        Self(text)
    }

    /// Appends a field. Keys are ours: nothing in them needs an escape.
    pub(crate) fn field(
        mut self,
        key: &str,
        value: &(impl Serialize + ?Sized),
    ) -> Result<Self, BodyError> {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        self.0.push(b'"');
        self.0.extend_from_slice(key.as_bytes());
        self.0.extend_from_slice(b"\":");
        serde_json::to_writer(&mut self.0, value).map_err(PackerError::Pack)?;
        Ok(self)
    }

    /// Appends a field unless its value is null.
    pub(crate) fn field_if_any(
        self,
        key: &str,
        value: &(impl Serialize + ?Sized),
    ) -> Result<Self, BodyError> {
        let before = self.0.len();
        let mut object = self.field(key, value)?;
        let added = object.0.len().saturating_sub(before);
        if object.0.ends_with(b"\":null") && added.saturating_sub(key.len()) == 8 {
            object.0.truncate(before);
        }
        Ok(object)
    }

    pub(crate) fn frame<F: JsonFrame>(mut self) -> Result<F, BodyError> {
        self.0.reserve_exact(1 + ID_ROOM);
        self.0.push(b'}');
        let text = String::from_utf8(self.0);
        let text = text.map_err(|error| PackerError::Pack(serde_json::Error::custom(error)))?;
        Ok(F::from_json(text))
    }
}

/// Reads the fields of `T` out of the object in `frame`.
pub(crate) fn read<'a, T: Deserialize<'a>>(frame: &'a impl JsonFrame) -> Result<T, BodyError> {
    let json = frame.json().ok_or(PackerError::WrongFrame)?;
    // serde would read the fields out of an array too.
    if json.trim_ascii_start().first() != Some(&b'{') {
        return Err(PackerError::WrongFrame);
    }
    match frame.json_str() {
        Some(text) => serde_json::from_str(text),
        None => serde_json::from_slice(json),
    }
    .map_err(PackerError::Unpack)
}

/// Puts `fields`, each with a comma after it, first into the object in
/// `frame`, which must have fields already.
pub(crate) fn put_first(frame: &mut impl JsonFrame, fields: &str) -> Result<(), SealError> {
    let no_object = || SealError::new("no JSON object with fields: pack a message of the protocol");
    if !frame.json().is_some_and(|json| json.starts_with(b"{\"")) {
        return Err(no_object());
    }
    if let Some(text) = frame.json_mut() {
        text.insert_str(1, fields);
        return Ok(());
    }
    let rest = frame.json().and_then(|json| json.get(1..));
    let rest = rest.and_then(|rest| std::str::from_utf8(rest).ok());
    let text = ["{", fields, rest.ok_or_else(no_object)?].concat();
    frame.set_json(text);
    Ok(())
}
