//! Decompressing what is received, RFC 7692 section 7.2.2, within a limit.

use flate2::{Decompress, FlushDecompress, Status};

/// What the peer left out at the end of each message.
const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];
/// Room that is made at once.
const STEP: usize = 8192;

/// One direction's decompressor. It allocates nothing before it is used.
pub(crate) struct Inflater {
    keeps_context: bool,
    state: Option<Decompress>,
    /// A block said that it was the last of the stream.
    ended: bool,
}

/// Why a message cannot be decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InflateError {
    /// It has more bytes than the limit allows.
    TooLarge,
    /// It is not compressed as it should be.
    Corrupt,
}

impl Inflater {
    pub(crate) fn new(keeps_context: bool) -> Self {
        Self {
            keeps_context,
            state: None,
            ended: false,
        }
    }

    /// Appends what `input` decompresses to. `out` never has more than `limit`
    /// bytes and one.
    pub(crate) fn part(
        &mut self,
        mut input: &[u8],
        out: &mut Vec<u8>,
        limit: usize,
    ) -> Result<(), InflateError> {
        let state = self.state.get_or_insert_with(|| Decompress::new(false));
        loop {
            let start = out.len();
            if start > limit {
                return Err(InflateError::TooLarge);
            }
            let most = limit.saturating_sub(start).saturating_add(1);
            let end = start.saturating_add(most.min(STEP));
            out.resize(end, 0);
            let Some(room) = out.get_mut(start..) else {
                return Err(InflateError::Corrupt);
            };
            let (taken, given) = (state.total_in(), state.total_out());
            let result = state.decompress(input, room, FlushDecompress::Sync);
            let taken = difference(state.total_in(), taken)?;
            let given = difference(state.total_out(), given)?;
            out.truncate(start.saturating_add(given));
            input = input.get(taken..).unwrap_or_default();
            match result {
                Err(_) => return Err(InflateError::Corrupt),
                // More blocks may follow, though without their context.
                Ok(Status::StreamEnd) => {
                    state.reset(false);
                    self.ended = true;
                    if input.is_empty() {
                        return Ok(());
                    }
                }
                // All is read, and there was room for more.
                Ok(_) if input.is_empty() && out.len() < end => return Ok(()),
                Ok(_) if (taken, given) == (0, 0) => return Err(InflateError::Corrupt),
                Ok(_) => {}
            }
        }
    }

    /// Appends the rest of the message.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>, limit: usize) -> Result<(), InflateError> {
        self.part(&TAIL, out, limit)?;
        if out.len() > limit {
            return Err(InflateError::TooLarge);
        }
        if let (true, Some(state)) = (self.ended || !self.keeps_context, &mut self.state) {
            state.reset(false);
            self.ended = false;
        }
        Ok(())
    }
}

fn difference(now: u64, before: u64) -> Result<usize, InflateError> {
    // After a reset within the call both count from zero.
    usize::try_from(now.saturating_sub(before)).map_err(|_| InflateError::Corrupt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compress::Compressor;

    #[test]
    fn a_bomb_takes_no_more_memory_than_the_limit_allows() {
        const LIMIT: usize = 100_000;
        let mut bomb = Vec::new();
        let zeros = vec![0; 50_000_000];
        let done = Compressor::new(9, true).fragment(&zeros, true, &mut bomb);
        assert!(done.is_some() && bomb.len() < 60_000);

        let mut out = Vec::new();
        let result = Inflater::new(true).part(&bomb, &mut out, LIMIT);
        assert_eq!(result, Err(InflateError::TooLarge));
        assert_eq!(out.len(), LIMIT + 1);
        assert!(out.capacity() <= 2 * LIMIT, "{}", out.capacity());
    }
}
