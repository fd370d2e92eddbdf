//! One top-level field of a JSON object, found without building a tree.
//!
//! serde_json walks the object: it does not recurse into values that are
//! skipped, and it allocates nothing of the body. What comes before the point
//! where text stops being JSON is still seen, so that a damaged body fails the
//! one call that its id names.
//!
//! What peers write needs no walk: the field comes first, holds a plain string
//! and is not there again.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use memchr::memmem::Finder;
use memchr::{memchr, memchr2};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::plain::{is_plain, plain_len, quote, skip_space};

/// How a text loses a field.
pub(super) enum Cut {
    /// These bytes go.
    Bytes(Range<usize>),
    /// This is what is left.
    To(String),
}

/// The field where it comes first.
pub(super) struct First<'a> {
    /// What the string says, which has no escapes.
    pub(super) string: &'a str,
    /// The string as JSON.
    pub(super) json: &'a str,
    /// The field and its comma in the whole text.
    pub(super) bytes: Range<usize>,
}

/// A field by its name.
#[derive(Clone, Debug)]
pub(super) struct Field {
    name: String,
    /// The name as JSON text.
    quoted: String,
    /// How most messages that have the field begin, up to a string's contents.
    opening: String,
    /// Whether only a `\u` escape can write the name in another way.
    plain: bool,
    /// A byte of the name that JSON seldom has.
    rare: u8,
    /// For the quoted name.
    finder: Finder<'static>,
}

impl Field {
    pub(super) fn new(name: &str) -> Self {
        let quoted = quote(name);
        let rare = name.bytes().find(u8::is_ascii_uppercase);
        Self {
            name: name.to_owned(),
            plain: is_plain(name) && !name.contains('/'),
            rare: rare.or_else(|| name.bytes().next()).unwrap_or(b'"'),
            finder: Finder::new(&quoted).into_owned(),
            opening: format!("{{{quoted}:\""),
            quoted,
        }
    }

    /// The name as JSON text.
    pub(super) fn quoted(&self) -> &str {
        &self.quoted
    }

    /// What a member of a plain string begins with.
    pub(super) fn before_string(&self) -> &str {
        self.opening.get(1..).unwrap_or_default()
    }

    /// What a member begins with.
    pub(super) fn before_value(&self) -> &str {
        let before = self.before_string();
        before.strip_suffix('"').unwrap_or(before)
    }

    /// The field, if it comes first, is a plain string and is not there again:
    /// how every peer we know writes it.
    pub(super) fn only<'a>(&self, text: &'a str) -> Option<First<'a>> {
        let (first, rest) = self.first(text)?;
        (!self.may_be_in(rest)).then_some(first)
    }

    /// The field, if it comes first and is a plain string, and what follows.
    pub(super) fn first<'a>(&self, text: &'a str) -> Option<(First<'a>, &'a str)> {
        let (members, string) = match text.strip_prefix(self.opening.as_str()) {
            Some(string) => (text.get(1..)?, string),
            None => self.spaced(text)?,
        };
        let start = text.len().checked_sub(members.len())?;
        let open = text.len().checked_sub(string.len())?;
        let (string, rest) = string.split_at_checked(plain_len(string.as_bytes()))?;
        let rest = rest.strip_prefix('"')?;
        let json = text.get(open.checked_sub(1)?..text.len().checked_sub(rest.len())?)?;
        let after = skip_space(rest);
        let kept = after.strip_prefix(',').unwrap_or(after);
        let first = First {
            string,
            json,
            bytes: start..text.len().checked_sub(kept.len())?,
        };
        Some((first, rest))
    }

    /// The members of `text` and the contents of the first one, if that is
    /// ours, with white space between the tokens.
    fn spaced<'a>(&self, text: &'a str) -> Option<(&'a str, &'a str)> {
        let members = skip_space(text).strip_prefix('{')?;
        let rest = skip_space(members).strip_prefix(self.quoted())?;
        let value = skip_space(skip_space(rest).strip_prefix(':')?);
        Some((members, value.strip_prefix('"')?))
    }

    /// The JSON text of the field's value; of the last one, as `JSON.parse`
    /// has it, when there are several.
    pub(super) fn value<'a>(&self, text: &'a str) -> Option<&'a str> {
        if !self.may_be_in(text) {
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
        if let Some(first) = self.only(text) {
            return counts(first.json).then_some(Cut::Bytes(first.bytes));
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
            let start = (value.as_ptr() as usize).saturating_sub(base);
            let end = start.saturating_add(value.len());
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

    /// Cheap, and never wrong when it says no.
    fn may_be_in(&self, text: &str) -> bool {
        if !self.plain {
            return true;
        }
        let bytes = text.as_bytes();
        // One search that says no to most messages; two where it does not.
        if memchr2(self.rare, b'\\', bytes).is_none() {
            return false;
        }
        let escapes = memchr(b'\\', bytes).and_then(|first| text.get(first..));
        self.finder.find(bytes).is_some() || escapes.is_some_and(|text| text.contains("\\u"))
    }

    fn is(&self, key: &str) -> bool {
        key == self.quoted()
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
