//! What is sent and received.

use std::fmt;
use std::ops::Index;

use bytes::Bytes;
use serde_json::Value;

/// What a program sends and receives: JSON, unless it chose otherwise.
///
/// `Json` is packed and unpacked by the [`Settings`](crate::Settings); `Text`
/// and `Binary` go over the wire as they are, and are what comes in where
/// unpacking is off. `Debug` prints no payload.
#[derive(Clone, PartialEq, Eq)]
pub enum Data {
    /// To be packed, or unpacked.
    Json(Value),
    /// A text message as it is.
    Text(String),
    /// A binary message as it is.
    Binary(Bytes),
}

static NULL: Value = Value::Null;

impl Data {
    /// A text message that is not packed.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A binary message that is not packed.
    pub fn binary(bytes: impl Into<Bytes>) -> Self {
        Self::Binary(bytes.into())
    }

    /// The JSON, if it is some.
    #[must_use]
    pub fn as_json(&self) -> Option<&Value> {
        match self {
            Self::Json(value) => Some(value),
            Self::Text(_) | Self::Binary(_) => None,
        }
    }

    /// The JSON; else the data comes back.
    ///
    /// # Errors
    /// The data is raw.
    pub fn into_json(self) -> Result<Value, Self> {
        match self {
            Self::Json(value) => Ok(value),
            other => Err(other),
        }
    }

    /// About the bytes that it takes in memory.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Json(value) => weight(value),
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

/// Deep values do not occur: JSON is read to 128 levels.
pub(crate) fn weight(value: &Value) -> usize {
    let inside = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(items) => sum(items.iter().map(weight)),
        Value::Object(members) => sum(members.iter().map(|(name, value)| {
            // An entry of the map, and its place in the index.
            let entry = size_of::<(String, usize, usize)>();
            name.len()
                .saturating_add(entry)
                .saturating_add(weight(value))
        })),
    };
    inside.saturating_add(size_of::<Value>())
}

fn sum(sizes: impl Iterator<Item = usize>) -> usize {
    sizes.fold(0, usize::saturating_add)
}

impl From<Value> for Data {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}

impl From<Payload> for Data {
    fn from(payload: Payload) -> Self {
        match payload {
            Payload::Text(text) => Self::Text(text),
            Payload::Binary(bytes) => Self::Binary(bytes),
        }
    }
}

/// As with [`Value`]: what is not there is null.
impl Index<&str> for Data {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.as_json().map_or(&NULL, |value| &value[name])
    }
}

impl PartialEq<Value> for Data {
    fn eq(&self, other: &Value) -> bool {
        self.as_json() == Some(other)
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(_) => f.write_str("Json(..)"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Binary(bytes) => write!(f, "Binary({} bytes)", bytes.len()),
        }
    }
}

/// What a WebSocket message holds. `Debug` prints no payload.
#[derive(Clone, PartialEq, Eq)]
pub enum Payload {
    /// Of a text message.
    Text(String),
    /// Of a binary message.
    Binary(Bytes),
}

impl Payload {
    /// The bytes, of whichever kind.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it is that of a text message.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_text() { "Text" } else { "Binary" };
        write!(f, "{kind}({} bytes)", self.len())
    }
}
