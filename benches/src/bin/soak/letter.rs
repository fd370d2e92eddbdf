//! What is asked and answered: where it belongs, and bytes that follow from
//! that, so that whoever unpacks it sees whether it is what was packed there.

use std::fmt;

use await_layer::{Pack, Packer, Unpack};
use await_layer_testkit::rng::Rng;
use bytes::{Buf, BufMut, BytesMut};
use serde::{Deserialize, Serialize};

use await_layer_benches::two_way::HEAD;

/// What the peer is to do with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Wish {
    /// It is an answer.
    None,
    /// Answer with so many bytes.
    Reply(u32),
    /// Answer in so many parts of so many bytes.
    Parts(u16, u32),
    /// Never answer.
    Silence,
    /// Hold it until it is cancelled, for a second at most.
    Hold,
}

/// The same for all: the connection, the number of the call on it, the part of
/// its answer, and the size of the body that belongs to these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub(crate) struct Letter {
    pub(crate) line: u32,
    pub(crate) number: u64,
    pub(crate) part: u16,
    pub(crate) wish: Wish,
    /// Bytes of the body.
    pub(crate) size: u32,
}

/// It does not hold what belongs there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Garbled;

impl fmt::Display for Garbled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is not the body of that letter")
    }
}

impl std::error::Error for Garbled {}

impl Letter {
    /// Part `part` of the answer to this.
    pub(crate) fn answer(&self, part: u16, size: u32) -> Self {
        Self {
            part,
            wish: Wish::None,
            size,
            ..*self
        }
    }

    fn words(&self) -> Rng {
        let asks = u64::from(self.wish == Wish::None);
        let place = u64::from(self.line) << 32 | u64::from(self.part) << 8 | asks;
        let mut rng = Rng::new(self.number);
        Rng::new(rng.next_u64() ^ place)
    }
}

/// Packs letters as bytes, behind room for the codec's head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Letters;

/// Of a letter without body and head.
const FIELDS: usize = 4 + 8 + 2 + 1 + 2 + 4 + 4;

impl Packer for Letters {
    type Error = Garbled;
}

impl Pack<BytesMut, Letter> for Letters {
    fn pack(&self, letter: &Letter) -> Result<BytesMut, Garbled> {
        let size = letter.size as usize;
        let mut frame = BytesMut::with_capacity(HEAD + FIELDS + size);
        frame.put_bytes(0, HEAD);
        frame.put_u32(letter.line);
        frame.put_u64(letter.number);
        frame.put_u16(letter.part);
        let (kind, parts, wanted) = match letter.wish {
            Wish::None => (0, 0, 0),
            Wish::Reply(size) => (1, 0, size),
            Wish::Parts(parts, size) => (2, parts, size),
            Wish::Silence => (3, 0, 0),
            Wish::Hold => (4, 0, 0),
        };
        frame.put_u8(kind);
        frame.put_u16(parts);
        frame.put_u32(wanted);
        frame.put_u32(letter.size);
        let mut words = letter.words();
        let mut left = size;
        while left > 0 {
            let word = words.next_u64().to_be_bytes();
            let some = left.min(word.len());
            frame.put_slice(&word[..some]);
            left -= some;
        }
        Ok(frame)
    }
}

impl Unpack<BytesMut, Letter> for Letters {
    fn unpack(&self, frame: BytesMut) -> Result<Letter, Garbled> {
        let mut rest = frame.get(HEAD..).ok_or(Garbled)?;
        if rest.len() < FIELDS {
            return Err(Garbled);
        }
        let (line, number, part) = (rest.get_u32(), rest.get_u64(), rest.get_u16());
        let (kind, parts, wanted) = (rest.get_u8(), rest.get_u16(), rest.get_u32());
        let letter = Letter {
            line,
            number,
            part,
            wish: match kind {
                0 => Wish::None,
                1 => Wish::Reply(wanted),
                2 => Wish::Parts(parts, wanted),
                3 => Wish::Silence,
                4 => Wish::Hold,
                _ => return Err(Garbled),
            },
            size: rest.get_u32(),
        };
        let mut words = letter.words();
        let right = rest.len() == letter.size as usize
            && rest
                .chunks(8)
                .all(|some| words.next_u64().to_be_bytes().starts_with(some));
        if right { Ok(letter) } else { Err(Garbled) }
    }
}

/// A letter as JSON.
#[derive(Serialize, Deserialize)]
struct Written {
    line: u32,
    number: u64,
    part: u16,
    wish: Wish,
    text: String,
}

/// The body as text.
fn text(letter: &Letter) -> String {
    let size = letter.size as usize;
    let mut words = letter.words();
    let mut text = String::with_capacity(size + 16);
    while text.len() < size {
        let mut word = words.next_u64();
        for _ in 0..16 {
            // Letters only, from 'a' on: nothing is to be escaped.
            text.push(char::from(b'a' + (word & 15) as u8));
            word >>= 4;
        }
    }
    text.truncate(size);
    text
}

impl From<Letter> for Written {
    fn from(letter: Letter) -> Self {
        Self {
            line: letter.line,
            number: letter.number,
            part: letter.part,
            wish: letter.wish,
            text: text(&letter),
        }
    }
}

impl TryFrom<Written> for Letter {
    type Error = Garbled;

    fn try_from(written: Written) -> Result<Self, Garbled> {
        let letter = Self {
            line: written.line,
            number: written.number,
            part: written.part,
            wish: written.wish,
            size: u32::try_from(written.text.len()).map_err(|_| Garbled)?,
        };
        if text(&letter) == written.text {
            Ok(letter)
        } else {
            Err(Garbled)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTER: Letter = Letter {
        line: 7,
        number: 1 << 40,
        part: 3,
        wish: Wish::Parts(4, 100),
        size: 61,
    };

    #[test]
    fn comes_back_as_it_was() {
        let frame = Letters.pack(&LETTER).unwrap();
        assert_eq!(frame.len(), HEAD + FIELDS + 61);
        assert_eq!(Letters.unpack(frame), Ok(LETTER));
        let json = serde_json::to_string(&LETTER).unwrap();
        assert_eq!(serde_json::from_str::<Letter>(&json).unwrap(), LETTER);
    }

    #[test]
    fn another_calls_body_is_seen() {
        let frame = Letters.pack(&LETTER).unwrap();
        let json = serde_json::to_string(&LETTER).unwrap();
        // The number's last byte; the body's last; one byte less.
        for at in [HEAD + 11, frame.len() - 1] {
            let mut other = frame.clone();
            other[at] ^= 1;
            assert_eq!(Letters.unpack(other), Err(Garbled));
        }
        let mut short = frame;
        short.truncate(short.len() - 1);
        assert_eq!(Letters.unpack(short), Err(Garbled));
        let other = json.replace("1099511627776", "1099511627777");
        assert_ne!(other, json);
        assert!(serde_json::from_str::<Letter>(&other).is_err());
    }
}
