//! A binary wire whose frames live in place, and a clock that stands still:
//! neither allocates anything.

use std::convert::Infallible;
use std::task::{Context, Poll};

use await_layer::{
    AwaitIdCodec, Head, Pack, Packer, Peek, Protocol, Refusal, SealError, Sleep, SlotIds, Timer,
    Unpack,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Request,
    Reply,
    Refusal,
    Cancel,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    pub(crate) kind: Kind,
    pub(crate) id: u64,
    pub(crate) body: [u8; 16],
}

impl Word {
    pub(crate) const PLAIN: Self = Self {
        kind: Kind::Plain,
        id: 0,
        body: [7; 16],
    };
}

pub(crate) struct Words;

impl Packer for Words {
    type Error = Infallible;
}

impl Pack<Word, Word> for Words {
    fn pack(&self, word: &Word) -> Result<Word, Infallible> {
        Ok(*word)
    }
}

impl Unpack<Word, Word> for Words {
    fn unpack(&self, word: Word) -> Result<Word, Infallible> {
        Ok(word)
    }
}

impl AwaitIdCodec<Word> for Words {
    type Id = u64;
    type Ask = u64;

    fn peek(&mut self, frame: &Word) -> Peek<u64, u64> {
        match frame.kind {
            Kind::Plain => Peek::Other,
            Kind::Request => Peek::Request(frame.id),
            Kind::Reply | Kind::Refusal => Peek::Reply(frame.id),
            Kind::Cancel => Peek::Cancel(frame.id),
        }
    }

    fn seal(&mut self, frame: &mut Word, head: Head<'_, u64, u64>) -> Result<(), SealError> {
        (frame.kind, frame.id) = match head {
            Head::Request(id) => (Kind::Request, *id),
            Head::Reply(ask) | Head::Part(ask) => (Kind::Reply, *ask),
            Head::Plain => (Kind::Plain, 0),
        };
        Ok(())
    }

    fn cancel(&mut self, id: &u64) -> Option<Word> {
        Some(Word {
            kind: Kind::Cancel,
            id: *id,
            ..Word::PLAIN
        })
    }

    fn refuse(&mut self, ask: &u64, _: Refusal) -> Option<Word> {
        Some(Word {
            kind: Kind::Refusal,
            id: *ask,
            ..Word::PLAIN
        })
    }

    fn size(frame: &Word) -> usize {
        size_of_val(frame)
    }
}

impl Protocol for Words {
    type Frame = Word;
    type Packer = Self;
    type Codec = Self;
    type Ids = SlotIds<u64>;

    fn into_parts(self) -> (Self, Self, SlotIds<u64>) {
        (Self, Self, SlotIds::new())
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Still;

impl Timer for Still {
    type Sleep = Self;

    fn now(&self) -> u64 {
        0
    }

    fn sleep(&self) -> Self {
        Self
    }
}

impl Sleep for Still {
    fn poll_until(&mut self, _: u64, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}
