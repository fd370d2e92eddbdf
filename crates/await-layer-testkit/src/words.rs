//! The smallest wire there is: frames that live in place, a kind, an id and a
//! number.
//!
//! Packing, sealing and reading an id allocate nothing, so that all that is
//! counted beside them is the layer's own.

use std::convert::Infallible;

use await_layer::{
    AwaitIdCodec, Head, IdGenerator, Pack, Packer, Peek, Protocol, Refusal, SealError, SlotIds,
    Unpack,
};

/// What a [`Word`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they say what they are")]
pub enum Kind {
    Plain,
    Request,
    Reply,
    Part,
    End,
    Refusal,
    Cancel,
}

/// A frame of 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// What it is. The codec's to set.
    pub kind: Kind,
    /// Whose it is. The codec's to set.
    pub id: u64,
    /// What it says.
    pub number: u64,
    /// And a second number.
    pub extra: u64,
}

impl Word {
    /// A frame that says this number, before it is sealed.
    pub const fn new(number: u64) -> Self {
        Self {
            kind: Kind::Plain,
            id: 0,
            number,
            extra: 0,
        }
    }

    /// A frame as it stands on the wire.
    pub const fn sealed(kind: Kind, id: u64, number: u64) -> Self {
        Self {
            kind,
            id,
            ..Self::new(number)
        }
    }

    /// The reply to this request that says `number`.
    pub const fn reply(&self, number: u64) -> Self {
        Self::sealed(Kind::Reply, self.id, number)
    }
}

/// The protocol: words, as they are, under ids that `G` makes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words<G = SlotIds<u64>>(pub G);

impl Words {
    /// Under slot ids.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<G: IdGenerator<Id = u64>> Protocol for Words<G> {
    type Frame = Word;
    type Packer = Verbatim;
    type Codec = WordCodec;
    type Ids = G;

    fn into_parts(self) -> (Verbatim, WordCodec, G) {
        (Verbatim, WordCodec, self.0)
    }
}

/// Words are their own frames.
#[derive(Clone, Copy, Debug)]
pub struct Verbatim;

impl Packer for Verbatim {
    type Error = Infallible;
}

impl Pack<Word, Word> for Verbatim {
    fn pack(&self, word: &Word) -> Result<Word, Infallible> {
        Ok(*word)
    }
}

impl Unpack<Word, Word> for Verbatim {
    fn unpack(&self, word: Word) -> Result<Word, Infallible> {
        Ok(word)
    }
}

/// Reads and sets a word's kind and id.
#[derive(Clone, Copy, Debug)]
pub struct WordCodec;

impl AwaitIdCodec<Word> for WordCodec {
    type Id = u64;
    type Ask = u64;

    fn peek(&mut self, frame: &Word) -> Peek<u64, u64> {
        match frame.kind {
            Kind::Plain => Peek::Other,
            Kind::Request => Peek::Request(frame.id),
            Kind::Reply | Kind::Refusal => Peek::Reply(frame.id),
            Kind::Part => Peek::Part(frame.id),
            Kind::End => Peek::End(frame.id),
            Kind::Cancel => Peek::Cancel(frame.id),
        }
    }

    fn seal(&mut self, frame: &mut Word, head: Head<'_, u64, u64>) -> Result<(), SealError> {
        (frame.kind, frame.id) = match head {
            Head::Request(id) => (Kind::Request, *id),
            Head::Reply(ask) => (Kind::Reply, *ask),
            Head::Part(ask) => (Kind::Part, *ask),
            Head::Plain => (Kind::Plain, 0),
        };
        Ok(())
    }

    fn cancel(&mut self, id: &u64) -> Option<Word> {
        Some(Word::sealed(Kind::Cancel, *id, 0))
    }

    fn refuse(&mut self, ask: &u64, _: Refusal) -> Option<Word> {
        Some(Word::sealed(Kind::Refusal, *ask, 0))
    }

    fn end(&mut self, ask: &u64) -> Option<Word> {
        Some(Word::sealed(Kind::End, *ask, 0))
    }

    fn size(frame: &Word) -> usize {
        size_of_val(frame)
    }
}
