//! An array, taken apart.

use std::fmt;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Messages of one array, at most: each is a frame that we hold and look at,
/// and half a million of them fit into 1 MiB.
pub(super) const MAX_MESSAGES: usize = 1000;

/// What a JSON array holds.
pub(super) enum Array<'a> {
    Messages(Vec<&'a RawValue>),
    /// More than [`MAX_MESSAGES`].
    TooLong,
}

impl<'de: 'a, 'a> Deserialize<'de> for Array<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Elements)
    }
}

struct Elements;

impl<'de> Visitor<'de> for Elements {
    type Value = Array<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Array<'de>, A::Error> {
        let mut messages = Vec::new();
        while messages.len() < MAX_MESSAGES {
            match elements.next_element()? {
                Some(message) => messages.push(message),
                None => return Ok(Array::Messages(messages)),
            }
        }
        // To its end, for it may be no JSON there.
        let mut more = false;
        while elements.next_element::<IgnoredAny>()?.is_some() {
            more = true;
        }
        Ok(match more {
            true => Array::TooLong,
            false => Array::Messages(messages),
        })
    }
}
