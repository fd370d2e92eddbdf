//! JSON as serde_json reads it: the reference, slow and with a tree.

use std::fmt;

use serde_json::Value;
use serde_json::de::Deserializer;
use serde_json::value::RawValue;

/// The members of an object: names as text, values as they stand.
pub type Members<'a> = Vec<(String, &'a str)>;

/// The members of the object that `text` is, in order, with all that are there
/// twice. Looks into no value, so that it may nest as deep as it likes and
/// hold what Rust has no room for: `1e999`, half a surrogate pair.
pub fn members(text: &str) -> Option<Members<'_>> {
    serde_json::from_str::<Object<'_>>(text).ok().map(|it| it.0)
}

/// The tree.
pub fn value(text: &str) -> Option<Value> {
    let mut json = Deserializer::from_str(text);
    json.disable_recursion_limit();
    let value = serde::Deserialize::deserialize(&mut json).ok()?;
    json.end().ok().map(|()| value)
}

/// The text of a member that must not be there twice. `Err` if it is.
pub fn only<'a>(members: &Members<'a>, name: &str) -> Result<Option<&'a str>, Repeated> {
    let mut found = members.iter().filter(|(other, _)| other == name);
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(Repeated),
        (found, None) => Ok(found.map(|(_, value)| *value)),
    }
}

/// The last member of that name, as `JSON.parse` has it.
pub fn last<'a>(members: &Members<'a>, name: &str) -> Option<&'a str> {
    let mut found = members.iter().filter(|(other, _)| other == name);
    found.next_back().map(|(_, value)| *value)
}

/// The string that the JSON text `value` is, if it is one that Rust can hold.
pub fn string(value: &str) -> Option<String> {
    serde_json::from_str(value).ok()
}

/// A field that says twice what it says once.
#[derive(Debug)]
pub struct Repeated;

struct Object<'a>(Members<'a>);

impl<'de> serde::Deserialize<'de> for Object<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(Visitor)
    }
}

struct Visitor;

impl<'de> serde::de::Visitor<'de> for Visitor {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            members.push((name, value.get()));
        }
        Ok(Object(members))
    }
}
