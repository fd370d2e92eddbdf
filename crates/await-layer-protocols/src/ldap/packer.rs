//! Operations to frames and back.

use std::fmt;

use await_layer::{Pack, Packer, Unpack};
use bytes::Bytes;

use super::ber::{Ber, ENUMERATED, TEXT};
use super::{Entry, Operation, codec, tag};
use crate::Malformed;

/// Packs an [`Operation`] or an [`Outcome`]; unpacks either of the two, or
/// what a search has [`Found`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Operations;

/// How an operation ended.
#[derive(Clone, PartialEq, Eq)]
pub struct Outcome {
    /// 0 is success; RFC 4511 lists the others.
    pub code: i32,
    /// Where the name was still known, for errors about names.
    pub matched: String,
    /// For people.
    pub text: String,
}

impl Outcome {
    /// An end of this kind.
    #[must_use]
    pub fn new(code: i32, text: &str) -> Self {
        Self {
            code,
            matched: String::new(),
            text: text.to_owned(),
        }
    }

    /// Whether that fails the call: not success (0), an answer to compare (5
    /// and 6), or a login that goes on (14).
    #[must_use]
    pub fn is_error(&self) -> bool {
        !matches!(self.code, 0 | 5 | 6 | 14)
    }

    pub(super) fn operation(&self) -> Operation {
        let content = Ber::new()
            .integer(ENUMERATED, self.code)
            .bytes(TEXT, &self.matched)
            .bytes(TEXT, &self.text);
        // The codec knows which operation is answered.
        Operation::new(tag::DONE, content)
    }

    fn read(content: &Ber) -> Option<Self> {
        let mut values = content.values();
        let code = values.integer(ENUMERATED)?;
        // Texts are for people, the code is not: it counts whatever they hold.
        let mut text = || {
            let text = values.bytes(TEXT)?;
            Some(String::from_utf8_lossy(text).into_owned())
        };
        Some(Self {
            code,
            matched: text()?,
            text: text()?,
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "code {}: {}", self.code, self.text)
    }
}

/// Prints no names and no text.
impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcome")
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Outcome {}

/// One answer to a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// An entry.
    Entry(Entry),
    /// Where else to search, as URLs.
    Elsewhere(Vec<String>),
    /// That was all.
    Done(Outcome),
}

/// Why a message did not pack or unpack, or what the peer answered instead.
pub type Failure = crate::Failure<Outcome, Malformed>;

impl Packer for Operations {
    type Error = Failure;
}

impl Pack<Bytes, Operation> for Operations {
    fn pack(&self, operation: &Operation) -> Result<Bytes, Failure> {
        let mut wire = Ber::new().nested(operation.tag, &operation.content);
        if operation.controls != Ber::new() {
            wire = wire.nested(tag::CONTROLS, &operation.controls);
        }
        Ok(wire.0.into())
    }
}

impl Pack<Bytes, Outcome> for Operations {
    fn pack(&self, outcome: &Outcome) -> Result<Bytes, Failure> {
        self.pack(&outcome.operation())
    }
}

impl Unpack<Bytes, Operation> for Operations {
    fn unpack(&self, frame: Bytes) -> Result<Operation, Failure> {
        let message = codec::read(&frame);
        let message = message.ok_or(Failure::Body(Malformed("the message cannot be read")))?;
        let operation = Operation {
            tag: message.tag,
            content: Ber(message.content.to_vec()),
            controls: Ber(message.controls.unwrap_or_default().to_vec()),
        };
        if !tag::is_result(operation.tag) {
            return Ok(operation);
        }
        match Outcome::read(&operation.content) {
            Some(outcome) if outcome.is_error() => Err(Failure::Remote(outcome)),
            Some(_) => Ok(operation),
            None => Err(Failure::Body(Malformed(
                "the result has no code that can be read: take the call for failed",
            ))),
        }
    }
}

impl Unpack<Bytes, Outcome> for Operations {
    fn unpack(&self, frame: Bytes) -> Result<Outcome, Failure> {
        let operation: Operation = self.unpack(frame)?;
        let outcome = Outcome::read(&operation.content);
        let outcome = outcome.filter(|_| tag::is_result(operation.tag));
        outcome.ok_or(Failure::Body(Malformed(
            "this is no result: unpack an `Operation`",
        )))
    }
}

impl Unpack<Bytes, Found> for Operations {
    fn unpack(&self, frame: Bytes) -> Result<Found, Failure> {
        let operation: Operation = self.unpack(frame)?;
        let content = &operation.content;
        let found = match operation.tag {
            tag::FOUND => Entry::decode(content).map(Found::Entry),
            tag::ELSEWHERE => {
                let mut values = content.values();
                let urls = std::iter::from_fn(|| values.text(TEXT).map(str::to_owned));
                Some(Found::Elsewhere(urls.collect()))
            }
            tag::DONE => Outcome::read(content).map(Found::Done),
            _ => None,
        };
        found.ok_or(Failure::Body(Malformed(
            "this answers no search: unpack an `Operation`",
        )))
    }
}
