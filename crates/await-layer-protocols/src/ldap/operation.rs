//! Operations as an application sees them.

use std::fmt;

use super::ber::{Ber, ENUMERATED, INTEGER, SEQUENCE, SET, TEXT};
use super::tag;

/// A request or a response, of whatever kind.
///
/// The functions make what clients ask for most. All others are a tag of RFC
/// 4511 and the values behind it: compare is `0x6e`, say.
#[derive(Clone, PartialEq, Eq)]
pub struct Operation {
    /// What it is: class, form and number in one byte.
    pub tag: u8,
    /// Its values, or its one value's bytes.
    pub content: Ber,
    /// What [`control`](Self::control) adds, or what came.
    pub controls: Ber,
}

impl Operation {
    /// Of any kind.
    #[must_use]
    pub fn new(tag: u8, content: Ber) -> Self {
        let controls = Ber::new();
        Self {
            tag,
            content,
            controls,
        }
    }

    /// Logs in with a password; as nobody, if both are empty.
    #[must_use]
    pub fn bind(dn: &str, password: &str) -> Self {
        let content = Ber::new().integer(INTEGER, 3).bytes(TEXT, dn);
        Self::new(tag::BIND, content.bytes(0x80, password))
    }

    /// Says goodbye: to be [sent](await_layer::Handle::send), for there is no
    /// answer.
    #[must_use]
    pub fn unbind() -> Self {
        Self::new(tag::UNBIND, Ber::new())
    }

    /// Looks for entries. No `attributes` are all of them.
    #[must_use]
    pub fn search(base: &str, scope: Scope, filter: &Filter, attributes: &[&str]) -> Self {
        let names = attributes.iter();
        let names = names.fold(Ber::new(), |names, name| names.bytes(TEXT, name));
        let mut content = Ber::new()
            .bytes(TEXT, base)
            .integer(ENUMERATED, scope as i32)
            // Aliases are not followed; no limits; values, not only names.
            .integer(ENUMERATED, 0)
            .integer(INTEGER, 0)
            .integer(INTEGER, 0)
            .bytes(0x01, [0]);
        content.0.extend_from_slice(&filter.0.0);
        Self::new(tag::SEARCH, content.nested(SEQUENCE, &names))
    }

    /// Adds an entry.
    #[must_use]
    pub fn add(entry: &Entry) -> Self {
        Self::new(tag::ADD, entry.encode())
    }

    /// Changes an attribute of an entry.
    #[must_use]
    pub fn modify(dn: &str, change: Change, name: &str, values: &[&[u8]]) -> Self {
        let change = Ber::new()
            .integer(ENUMERATED, change as i32)
            .nested(SEQUENCE, &attribute(name, values));
        let changes = Ber::new().nested(SEQUENCE, &change);
        let content = Ber::new().bytes(TEXT, dn);
        Self::new(tag::MODIFY, content.nested(SEQUENCE, &changes))
    }

    /// Deletes an entry.
    #[must_use]
    pub fn delete(dn: &str) -> Self {
        Self::new(tag::DELETE, Ber(dn.into()))
    }

    /// Does what `oid` stands for.
    #[must_use]
    pub fn extended(oid: &str, value: Option<&[u8]>) -> Self {
        let content = Ber::new().bytes(0x80, oid);
        let content = match value {
            Some(value) => content.bytes(0x81, value),
            None => content,
        };
        Self::new(tag::EXTENDED, content)
    }

    /// One of the entries that answer a search.
    #[must_use]
    pub fn found(entry: &Entry) -> Self {
        Self::new(tag::FOUND, entry.encode())
    }

    /// The same with a control: paged results, say.
    #[must_use]
    pub fn control(mut self, oid: &str, critical: bool, value: &[u8]) -> Self {
        let mut control = Ber::new().bytes(TEXT, oid);
        if critical {
            control = control.bytes(0x01, [0xff]);
        }
        self.controls = self.controls.nested(SEQUENCE, &control.bytes(TEXT, value));
        self
    }
}

/// Prints no values.
impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation")
            .field("tag", &self.tag)
            .finish_non_exhaustive()
    }
}

/// How deep a search goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The base alone.
    Base = 0,
    /// What is right below it.
    OneLevel = 1,
    /// It and all that is below.
    Subtree = 2,
}

/// What becomes of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// They are added.
    Add = 0,
    /// They are deleted; none are all.
    Delete = 1,
    /// They take the place of all that is there.
    Replace = 2,
}

/// What a search looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(Ber);

impl Filter {
    /// Entries that have this attribute; `objectClass` is in all.
    #[must_use]
    pub fn present(name: &str) -> Self {
        Self(Ber::new().bytes(0x87, name))
    }

    /// Entries whose attribute has this value.
    #[must_use]
    pub fn equal(name: &str, value: impl AsRef<[u8]>) -> Self {
        let both = Ber::new().bytes(TEXT, name).bytes(TEXT, value);
        Self::encoded(Ber::new().nested(0xa3, &both))
    }

    /// Any other filter of RFC 4511, which is not checked.
    #[must_use]
    pub fn encoded(filter: Ber) -> Self {
        Self(filter)
    }
}

/// A name in the directory and what is known about it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its distinguished name.
    pub dn: String,
    /// Attributes and their values.
    pub attributes: Vec<(String, Vec<Vec<u8>>)>,
}

fn attribute(name: &str, values: &[impl AsRef<[u8]>]) -> Ber {
    let values = values.iter();
    let values = values.fold(Ber::new(), |all, value| all.bytes(TEXT, value));
    Ber::new().bytes(TEXT, name).nested(SET, &values)
}

impl Entry {
    /// Without attributes.
    #[must_use]
    pub fn new(dn: &str) -> Self {
        Self {
            dn: dn.to_owned(),
            attributes: Vec::new(),
        }
    }

    /// The same with one more attribute.
    #[must_use]
    pub fn with(mut self, name: &str, values: &[&str]) -> Self {
        let values = values.iter().map(|value| value.as_bytes().to_vec());
        self.attributes.push((name.to_owned(), values.collect()));
        self
    }

    /// The first value of an attribute.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        let mut attributes = self.attributes.iter();
        let found = attributes.find(|(other, _)| other.eq_ignore_ascii_case(name));
        found?.1.first().map(Vec::as_slice)
    }

    fn encode(&self) -> Ber {
        let attributes = self.attributes.iter();
        let attributes = attributes.fold(Ber::new(), |all, (name, values)| {
            all.nested(SEQUENCE, &attribute(name, values))
        });
        let content = Ber::new().bytes(TEXT, &self.dn);
        content.nested(SEQUENCE, &attributes)
    }

    /// What an operation to [add](Operation::add) holds, or one that was
    /// [found](Operation::found).
    #[must_use]
    pub fn decode(content: &Ber) -> Option<Self> {
        let mut content = content.values();
        let mut entry = Self::new(content.text(TEXT)?);
        let mut attributes = content.nested(SEQUENCE)?;
        while !attributes.is_empty() {
            let mut attribute = attributes.nested(SEQUENCE)?;
            let name = attribute.text(TEXT)?.to_owned();
            let mut set = attribute.nested(SET)?;
            let mut values = Vec::new();
            while !set.is_empty() {
                values.push(set.bytes(TEXT)?.to_vec());
            }
            entry.attributes.push((name, values));
        }
        Some(entry)
    }
}

/// Prints no attributes.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").finish_non_exhaustive()
    }
}
