//! One top-level field of a JSON object, found without building a tree.
//!
//! serde_json walks the object: it does not recurse into values that are
//! skipped, and it allocates nothing of the body. What comes before the point
//! where text stops being JSON is still seen, so that a damaged body fails the
//! one call that its id names.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use memchr::memmem::Finder;
use memchr::{memchr, memchr2};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How a text loses a field.
pub(super) enum Cut {
    /// These bytes go.
    Bytes(Range<usize>),
    /// This is what is left.
    To(String),
}

/// A field by its name.
#[derive(Clone, Debug)]
pub(super) struct Field {
    name: String,
    /// The name as JSON text.
    quoted: String,
    /// Whether only a `\u` escape can write the name in another way.
    plain: bool,
    /// For the quoted name.
    finder: Finder<'static>,
}

impl Field {
    pub(super) fn new(name: &str) -> Self {
        let quoted = quote(name);
        let plain = quoted.len() == name.len() + 2 && !name.contains('/');
        Self {
            name: name.to_owned(),
            finder: Finder::new(&quoted).into_owned(),
            quoted,
            plain,
        }
    }

    /// The name as JSON text.
    pub(super) fn quoted(&self) -> &str {
        &self.quoted
    }

    /// The JSON text of the field's value; of the last one, as `JSON.parse`
    /// has it, when there are several.
    pub(super) fn value<'a>(&self, text: &'a str) -> Option<&'a str> {
        if let Some((value, rest)) = self.first(text) {
            if !self.may_be_in(rest) {
                return Some(value);
            }
        } else if !self.may_be_in(text) {
            return None;
        }
        let mut found = None;
        // Damaged JSON keeps what was found before the damage.
        let _ = self.each(text, |ours, value| {
            if ours {
                found = Some(value);
            }
        });
        found
    }

    /// Whether the object `text` has the field.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.value(text).is_some()
    }

    /// How to take the field and its comma out of `text`; `None` when its value
    /// does not count, and when damage hides where a field ends.
    pub(super) fn cut(&self, text: &str, counts: impl Fn(&str) -> bool) -> Option<Cut> {
        if let Some((value, rest)) = self.first(text) {
            if !self.may_be_in(rest) {
                let rest = skip_space(rest);
                let kept = rest.strip_prefix(',').unwrap_or(rest);
                let start = text.find('{')?.checked_add(1)?;
                let end = text.len().checked_sub(kept.len())?;
                return counts(value).then_some(Cut::Bytes(start..end));
            }
        }
        self.value(text).filter(|value| counts(value))?;
        self.rest(text).map(Cut::To)
    }

    /// `text` without the field, wherever and however often it is there; the
    /// rest byte for byte.
    fn rest(&self, text: &str) -> Option<String> {
        let base = text.as_ptr() as usize;
        let mut kept = String::with_capacity(text.len());
        kept.push_str(text.split_inclusive('{').next()?);
        let mut done = kept.len();
        let mut empty = true;
        self.each(text, |ours, value| {
            // A member is what lies between two values' ends.
            let end = value.as_ptr() as usize - base + value.len();
            let member = text.get(done..end).unwrap_or_default();
            done = end;
            if !ours {
                let bare = skip_space(member);
                match bare.strip_prefix(',') {
                    Some(first) if empty => kept.push_str(first),
                    _ => kept.push_str(member),
                }
                empty = false;
            }
        })?;
        kept.push_str(text.get(done..)?);
        Some(kept)
    }

    /// The value of the field, if it comes first and is a plain string, and
    /// what follows: how every peer we know writes it.
    fn first<'a>(&self, text: &'a str) -> Option<(&'a str, &'a str)> {
        let rest = skip_space(text).strip_prefix('{')?;
        let rest = skip_space(rest).strip_prefix(self.quoted.as_str())?;
        let value = skip_space(skip_space(rest).strip_prefix(':')?);
        let inner = value.strip_prefix('"')?;
        let len = memchr2(b'"', b'\\', inner.as_bytes())?;
        let (value, rest) = value.split_at_checked(len.checked_add(2)?)?;
        (value.ends_with('"') && !has_controls(value)).then_some((value, rest))
    }

    /// Cheap, and never wrong when it says no.
    fn may_be_in(&self, text: &str) -> bool {
        if !self.plain {
            return true;
        }
        let bytes = text.as_bytes();
        let escapes = memchr(b'\\', bytes).and_then(|first| text.get(first..));
        self.finder.find(bytes).is_some() || escapes.is_some_and(|text| text.contains("\\u"))
    }

    fn is(&self, key: &str) -> bool {
        key == self.quoted
            || (key.contains('\\')
                && serde_json::from_str::<Cow<'_, str>>(key).is_ok_and(|key| key == self.name))
    }

    /// Calls `member(is it this field, its value)` for each member in order;
    /// `None` when the text is no JSON object to its end.
    fn each<'a>(&self, text: &'a str, member: impl FnMut(bool, &'a str)) -> Option<()> {
        let mut json = serde_json::Deserializer::from_str(text);
        let walk = Walk {
            field: self,
            member,
        };
        walk.deserialize(&mut json).ok()?;
        json.end().ok()
    }
}

/// Whether `text` in quotes is its own JSON.
pub(super) fn is_plain(text: &str) -> bool {
    memchr2(b'"', b'\\', text.as_bytes()).is_none() && !has_controls(text)
}

fn has_controls(text: &str) -> bool {
    // No early return: so the compiler can take many bytes at a time.
    text.bytes()
        .fold(false, |found, byte| found | (byte < b' '))
}

/// `text` as JSON.
pub(super) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `text` behind the white space of JSON.
pub(super) fn skip_space(text: &str) -> &str {
    match text.as_bytes().first() {
        Some(b' ' | b'\t' | b'\n' | b'\r') => text.trim_start_matches([' ', '\t', '\n', '\r']),
        _ => text,
    }
}

struct Walk<'f, M> {
    field: &'f Field,
    member: M,
}

impl<'de, M: FnMut(bool, &'de str)> DeserializeSeed<'de> for Walk<'_, M> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, M: FnMut(bool, &'de str)> Visitor<'de> for Walk<'_, M> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        // Raw keys: JSON.parse takes lone surrogates, which a str cannot hold.
        while let Some(key) = map.next_key::<&'de RawValue>()? {
            let value = map.next_value::<&'de RawValue>()?;
            (self.member)(self.field.is(key.get()), value.get());
        }
        Ok(())
    }
}
