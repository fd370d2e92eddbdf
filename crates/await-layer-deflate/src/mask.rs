//! Masks for what a client sends, and unmasking.

use std::io;

/// Random bytes fetched at once: a system call for each mask is too dear.
const POOL: usize = 256;

/// Random masks, as RFC 6455 section 5.3 wants them.
pub(crate) struct Masks {
    pool: [u8; POOL],
    unused: usize,
}

impl Masks {
    pub(crate) fn new() -> Self {
        Self {
            pool: [0; POOL],
            unused: 0,
        }
    }

    pub(crate) fn next(&mut self) -> io::Result<[u8; 4]> {
        if self.unused == 0 {
            getrandom::fill(&mut self.pool).map_err(io::Error::other)?;
            self.unused = POOL;
        }
        let mask = self.pool.get(..self.unused).and_then(<[u8]>::last_chunk);
        let mask = *mask.ok_or(io::ErrorKind::Other)?;
        self.unused = self.unused.saturating_sub(mask.len());
        Ok(mask)
    }
}

/// Masks or unmasks `bytes`, before which `position` bytes of the same frame
/// were masked.
pub(crate) fn apply(bytes: &mut [u8], mask: [u8; 4], position: u64) {
    let mut mask = mask;
    // Less than the mask's length.
    mask.rotate_left((position % 4) as usize);
    for chunk in bytes.chunks_mut(mask.len()) {
        for (byte, mask) in chunk.iter_mut().zip(mask) {
            *byte ^= mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masking_in_pieces_is_masking_at_once_and_twice_is_nothing() {
        let mask = [1, 2, 3, 4];
        let mut whole: Vec<u8> = (0..50).collect();
        apply(&mut whole, mask, 0);
        assert_eq!(whole.get(..6), Some(&[1, 3, 1, 7, 5, 7][..]));
        for cut in 0..=50_u8 {
            let mut bytes: Vec<u8> = (0..50).collect();
            let (left, right) = bytes.split_at_mut(cut.into());
            apply(left, mask, 0);
            apply(right, mask, cut.into());
            assert_eq!(bytes, whole);
            apply(&mut bytes, mask, 0);
            assert!(bytes.iter().copied().eq(0..50));
        }
    }

    #[test]
    fn masks_differ() {
        let mut masks = Masks::new();
        let mut drawn: Vec<_> = (0..200).map(|_| masks.next().unwrap()).collect();
        drawn.sort_unstable();
        drawn.dedup();
        // Two equal ones among so many come by chance once in 200 000 runs.
        assert!(drawn.len() >= 199);
    }
}
