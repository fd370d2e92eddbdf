//! What the two ends say to each other: on which link, who, what, and which.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    Ask,
    Answer,
    /// One answer of several.
    Part,
    Plain,
    /// Nobody may ever be given this.
    Forged,
}

const WHATS: [What; 5] = [
    What::Ask,
    What::Answer,
    What::Part,
    What::Plain,
    What::Forged,
];

/// On the wire it is one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Packed", into = "Packed")]
pub(crate) struct Body {
    pub(crate) what: What,
    /// Which connection of the run.
    pub(crate) link: usize,
    /// The end that asks, also in the answer.
    pub(crate) end: usize,
    /// Counted for each end, calls and plain messages apart.
    pub(crate) number: u64,
    /// How many requests it is part of.
    pub(crate) depth: u8,
    /// How many parts are asked for; of a part, which one it is.
    pub(crate) parts: u8,
}

#[derive(Serialize, Deserialize)]
struct Packed {
    b: u64,
}

impl Body {
    pub(crate) fn ask(link: usize, end: usize, number: u64, depth: u8) -> Self {
        Self {
            what: What::Ask,
            link,
            end,
            number,
            depth,
            parts: 0,
        }
    }

    pub(crate) fn plain(link: usize, end: usize, number: u64) -> Self {
        Self {
            what: What::Plain,
            ..Self::ask(link, end, number, 0)
        }
    }

    /// The only answer that this request may get, or the last one.
    pub(crate) fn answer(self) -> Self {
        Self {
            what: What::Answer,
            ..self
        }
    }

    /// Its answer's part after so many.
    pub(crate) fn part(self, after: u8) -> Self {
        Self {
            what: What::Part,
            parts: after,
            ..self
        }
    }

    /// What nobody has said.
    pub(crate) fn forged(self) -> Self {
        Self {
            what: What::Forged,
            ..self
        }
    }

    /// Whether an answer in parts has a last one that is none: an end mark
    /// closes it otherwise.
    pub(crate) fn ends_with_an_answer(&self) -> bool {
        self.number % 2 == 0
    }

    pub(crate) fn name(&self) -> Name {
        (self.link, self.end, self.number)
    }

    pub(crate) fn to_number(self) -> u64 {
        let what = WHATS.iter().position(|what| *what == self.what);
        let fields = [
            what.expect("all are there") as u64,
            self.link as u64,
            self.end as u64,
            self.depth.into(),
            self.parts.into(),
        ];
        fields
            .iter()
            .fold(self.number, |number, field| number << 6 | field)
    }

    pub(crate) fn from_number(mut number: u64) -> Option<Self> {
        let mut field = || {
            let field = (number & 63) as usize;
            number >>= 6;
            field
        };
        let (parts, depth, end, link, what) = (field(), field(), field(), field(), field());
        Some(Self {
            what: *WHATS.get(what)?,
            link,
            end: (end < 2).then_some(end)?,
            number,
            depth: u8::try_from(depth).ok()?,
            parts: u8::try_from(parts).ok()?,
        })
    }
}

impl From<Body> for Packed {
    fn from(body: Body) -> Self {
        Self {
            b: body.to_number(),
        }
    }
}

impl TryFrom<Packed> for Body {
    type Error = &'static str;

    fn try_from(packed: Packed) -> Result<Self, Self::Error> {
        Self::from_number(packed.b).ok_or("no body")
    }
}

/// A call: the link, who asked, and its number there.
pub(crate) type Name = (usize, usize, u64);
