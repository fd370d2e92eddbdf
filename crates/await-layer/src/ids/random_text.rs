//! Random text ids that are recognisably ours.

use crate::{IdGenerator, Locate, Slot, TextId};

const SYMBOLS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// What no symbol is worth.
const NONE: u8 = u8::MAX;
/// What each byte is worth as a symbol.
const WORTH: [u8; 256] = worth();
const TAG: usize = 12;
/// What all ids of a connection begin with: `_` and the tag.
const PREFIX: usize = 1 + TAG;
/// Numbers take five bits a symbol, and so only the first 32 symbols: writing
/// and reading them is on the path of every call, and shifts are cheap.
const BITS: u32 = 5;
const NUMBER: usize = u32::BITS.div_ceil(BITS) as usize;

/// Text ids in the shape of the npm package ws-await's: `_` and base-36 symbols.
///
/// The first twelve symbols are the connection's tag, 62 bits from the
/// operating system's random source; then come the slot's index and turn. So
/// an id tells whether it was made here, and where its call is. The ids of
/// one connection are related: they correlate and are no secret.
///
/// The tag is made with the first id. Where the random source fails there is
/// no id to give, and the next call tries again.
#[derive(Debug, Default)]
pub struct RandomText {
    prefix: Option<[u8; PREFIX]>,
}

impl RandomText {
    /// A generator with a tag of its own.
    pub fn new() -> Self {
        Self::default()
    }
}

impl IdGenerator for RandomText {
    type Id = TextId;

    fn next(&mut self, slot: Slot) -> Option<TextId> {
        let prefix = match self.prefix {
            Some(prefix) => prefix,
            None => *self.prefix.insert(random_prefix()?),
        };
        let mut id = [0; PREFIX + 2 * NUMBER];
        let (head, numbers) = id.split_at_mut(PREFIX);
        head.copy_from_slice(&prefix);
        let (index, turn) = numbers.split_at_mut(NUMBER);
        write_number(slot.index, index);
        write_number(slot.turn, turn);
        Some(TextId::from_ascii(&id))
    }

    fn locate(&self, id: &TextId) -> Locate {
        let prefix = self.prefix.as_ref();
        let Some(numbers) = prefix.and_then(|prefix| id.as_bytes().strip_prefix(prefix)) else {
            return Locate::Foreign;
        };
        // Ours by its tag, whatever follows: never the peer's request. The turn
        // is not read: the slot is only where to look for the whole id.
        let index = numbers.first_chunk().and_then(read_number);
        index.map_or(Locate::Map, Locate::Slot)
    }

    fn tagged(&self) -> bool {
        true
    }
}

fn random_prefix() -> Option<[u8; PREFIX]> {
    let mut prefix = [b'_'; PREFIX];
    let (_, tag) = prefix.split_first_mut()?;
    tag.copy_from_slice(&random_symbols()?);
    Some(prefix)
}

fn random_symbols() -> Option<[u8; TAG]> {
    let mut symbols = [0; TAG];
    let mut wanted = symbols.iter_mut();
    loop {
        let mut random = [0; 16];
        getrandom::fill(&mut random).ok()?;
        // 252 is the last multiple of 36: above it some symbols would be likelier.
        for byte in random.into_iter().filter(|byte| *byte < 252) {
            match wanted.next() {
                Some(symbol) => *symbol = *SYMBOLS.get(usize::from(byte % 36))?,
                None => return Some(symbols),
            }
        }
    }
}

fn write_number(mut number: u32, symbols: &mut [u8]) {
    for symbol in symbols.iter_mut().rev() {
        if let Some(worth) = SYMBOLS.get((number % (1 << BITS)) as usize) {
            *symbol = *worth;
        }
        number >>= BITS;
    }
}

/// Only what [`write_number`] writes: no sign, no capitals.
fn read_number(symbols: &[u8; NUMBER]) -> Option<u32> {
    let (number, worst) = symbols.iter().fold((0, 0), |(number, worst), symbol| {
        let worth = WORTH.get(usize::from(*symbol)).copied().unwrap_or(NONE);
        ((number << BITS) | u64::from(worth), worth.max(worst))
    });
    u32::try_from(number).ok().filter(|_| worst < 1 << BITS)
}

#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "evaluated by the compiler alone"
)]
const fn worth() -> [u8; 256] {
    let mut worth = [NONE; 256];
    let mut symbol = 0;
    while symbol < SYMBOLS.len() {
        worth[SYMBOLS[symbol] as usize] = symbol as u8;
        symbol += 1;
    }
    worth
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_carry_their_slot() {
        let mut ids = RandomText::new();
        let mut seen = HashSet::new();
        let indexes = (0..3000).chain([u32::MAX / 2, u32::MAX - 1, u32::MAX]);
        for index in indexes {
            for turn in [0, 1, 35, 36, u32::MAX] {
                let id = ids.next(Slot { index, turn }).unwrap();
                assert_eq!(ids.locate(&id), Locate::Slot(index));
                assert!(id.as_str().starts_with('_') && id.as_str().len() == 27);
                assert!(seen.insert(id));
            }
        }
    }

    #[test]
    fn each_connection_knows_its_own_ids_only() {
        let (mut ours, mut theirs) = (RandomText::new(), RandomText::new());
        let slot = Slot { index: 1, turn: 1 };
        let id = ours.next(slot).unwrap();
        assert_eq!(theirs.locate(&id), Locate::Foreign);
        let id = theirs.next(slot).unwrap();
        assert_eq!(ours.locate(&id), Locate::Foreign);
        for foreign in ["", "_", "_abc", "x"] {
            assert_eq!(ours.locate(&foreign.into()), Locate::Foreign);
        }
    }

    #[test]
    fn a_damaged_id_with_our_tag_is_still_ours() {
        let mut ids = RandomText::new();
        let id = ids.next(Slot { index: 7, turn: 7 }).unwrap();
        let tagged = &id.as_str()[..13];
        for (rest, place) in [
            ("", Locate::Map),
            ("000007", Locate::Map),
            ("zzzzzzz0000007", Locate::Map),
            ("000000A0000007", Locate::Map),
            ("-0000070000007", Locate::Map),
            ("\u{e9}\u{e9}\u{e9}\u{e9}", Locate::Map),
            // Where there may be another id.
            ("0000007", Locate::Slot(7)),
            ("00000070000007x", Locate::Slot(7)),
            ("0000007-------", Locate::Slot(7)),
        ] {
            let damaged = TextId::from(format!("{tagged}{rest}"));
            assert_eq!(ids.locate(&damaged), place, "{rest}");
        }
    }

    #[test]
    fn symbols_are_equally_likely() {
        const ROUNDS: u32 = 30_000;
        let mut counts = [0_u32; 36];
        for symbol in (0..ROUNDS).flat_map(|_| random_symbols().unwrap()) {
            let at = SYMBOLS.iter().position(|known| *known == symbol);
            counts[at.expect("a symbol of base 36")] += 1;
        }
        let expected = f64::from(ROUNDS) * 12.0 / 36.0;
        let chi_square: f64 = counts
            .iter()
            .map(|count| (f64::from(*count) - expected).powi(2) / expected)
            .sum();
        // 35 degrees of freedom: beyond 120 by chance less than once in 10^10.
        assert!(chi_square < 120.0, "{chi_square}");
    }
}
