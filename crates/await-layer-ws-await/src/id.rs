//! Ids of requests.

use std::collections::{HashSet, VecDeque};
use std::fmt;

use await_layer::TextId;
use serde_json::Value;

use crate::HookError;
use crate::data::weight;

/// Bytes of an id. Copies of it are kept that no limit counts: while a request
/// waits to be answered or refused, say.
const MAX_ID: usize = 1024;

/// The id of a request: any JSON that JavaScript takes for true, a string as a
/// rule. `7`, `7.0` and `"7"` stay apart. At most 1,024 bytes of memory.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AwaitId(Inner);

// One id has one form: a string is always `Text`.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Inner {
    Text(TextId),
    Other(Value),
}

impl AwaitId {
    /// The text, if it is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.as_text().map(TextId::as_str)
    }

    /// The id as JSON.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match &self.0 {
            Inner::Text(text) => text.as_str().into(),
            Inner::Other(value) => value.clone(),
        }
    }

    /// Whether JavaScript takes it for false. Such an id is none at the peer.
    #[must_use]
    pub fn is_falsy(&self) -> bool {
        match &self.0 {
            Inner::Text(text) => text.as_bytes().is_empty(),
            Inner::Other(Value::Null | Value::Bool(false)) => true,
            Inner::Other(Value::Number(number)) => number.as_f64() == Some(0.0),
            Inner::Other(_) => false,
        }
    }

    /// Whether JavaScript gives it back as it is, where numbers are floats and
    /// are written without `.0`.
    pub(crate) fn comes_back(&self) -> bool {
        let Inner::Other(Value::Number(number)) = &self.0 else {
            return true;
        };
        if let Some(number) = number.as_i64() {
            return number.unsigned_abs() <= 1 << 53;
        }
        // What is whole and larger than an integer is read as a float.
        let is_float = |float: f64| float.fract() != 0.0 || float.abs() > u64::MAX as f64;
        number.is_f64() && number.as_f64().is_some_and(is_float)
    }

    /// The id, unless it takes too much memory.
    pub(crate) fn bounded(self) -> Result<Self, HookError> {
        let bytes = match &self.0 {
            Inner::Text(text) => text.as_bytes().len(),
            Inner::Other(value) => weight(value),
        };
        match bytes > MAX_ID {
            true => Err(format!("its id takes {bytes} bytes, and {MAX_ID} are allowed").into()),
            false => Ok(self),
        }
    }

    pub(crate) fn as_text(&self) -> Option<&TextId> {
        match &self.0 {
            Inner::Text(text) => Some(text),
            Inner::Other(_) => None,
        }
    }
}

impl From<TextId> for AwaitId {
    fn from(text: TextId) -> Self {
        Self(Inner::Text(text))
    }
}

impl From<&str> for AwaitId {
    fn from(text: &str) -> Self {
        Self(Inner::Text(text.into()))
    }
}

impl From<String> for AwaitId {
    fn from(text: String) -> Self {
        Self(Inner::Text(text.into()))
    }
}

impl From<u64> for AwaitId {
    fn from(number: u64) -> Self {
        Self(Inner::Other(number.into()))
    }
}

impl From<Value> for AwaitId {
    fn from(value: Value) -> Self {
        match value {
            Value::String(text) => text.into(),
            other => Self(Inner::Other(other)),
        }
    }
}

impl fmt::Debug for AwaitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As JSON.
impl fmt::Display for AwaitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_value().fmt(f)
    }
}

/// Ids of the user's own generator that were used last.
///
/// Such an id does not tell whether it was made here. While it is remembered, a
/// second reply to it is not taken for a request of the peer's.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    known: HashSet<AwaitId>,
    order: VecDeque<AwaitId>,
}

/// As many as calls in flight by default.
const REMEMBERED: usize = 1024;

impl Recent {
    pub(crate) fn remember(&mut self, id: &AwaitId) {
        if !self.known.insert(id.clone()) {
            return;
        }
        self.order.push_back(id.clone());
        if self.order.len() > REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }

    pub(crate) fn knows(&self, id: &AwaitId) -> bool {
        !self.known.is_empty() && self.known.contains(id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_javascript_takes_for_false_is_falsy() {
        for falsy in [json!(0), json!(-0.0), json!(""), json!(null), json!(false)] {
            assert!(AwaitId::from(falsy.clone()).is_falsy(), "{falsy}");
        }
        for truthy in [json!(7), json!("0"), json!(true), json!({}), json!(0.5)] {
            assert!(!AwaitId::from(truthy.clone()).is_falsy(), "{truthy}");
        }
        let all = [json!(7), json!(7.0), json!("7")].map(AwaitId::from);
        assert_eq!(all.into_iter().collect::<HashSet<_>>().len(), 3);
    }

    #[test]
    fn only_the_newest_ids_are_remembered() {
        let mut recent = Recent::default();
        for n in 1..=1025_u64 {
            recent.remember(&n.into());
            recent.remember(&n.into());
        }
        assert!(!recent.knows(&1.into()));
        assert!(recent.knows(&2.into()) && recent.knows(&1025.into()));
        assert_eq!(recent.known.len(), recent.order.len());
    }
}
