//! Compressing what is sent, RFC 7692 section 7.2.1.

use flate2::{Compress, Compression, FlushCompress};

/// What every flush ends with. The last one of a message is not sent.
const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];
/// Room that is made when there is none left.
const STEP: usize = 4096;

/// One direction's compressor. It allocates nothing before it is used.
pub(crate) struct Compressor {
    level: Compression,
    keeps_context: bool,
    state: Option<Compress>,
}

impl Compressor {
    pub(crate) fn new(level: u32, keeps_context: bool) -> Self {
        Self {
            level: Compression::new(level),
            keeps_context,
            state: None,
        }
    }

    /// Appends a fragment of a message to `out`; `last` ends the message.
    ///
    /// `None` if the compressor does not do as it should.
    pub(crate) fn fragment(&mut self, input: &[u8], last: bool, out: &mut Vec<u8>) -> Option<()> {
        if input.is_empty() {
            // Nothing has been flushed that could end with a tail: this is the
            // start of the empty block whose tail is left out.
            out.extend(last.then_some(0));
        } else {
            self.flush(input, out)?;
            if last {
                out.truncate(out.strip_suffix(&TAIL)?.len());
            }
        }
        if last && !self.keeps_context {
            if let Some(state) = &mut self.state {
                state.reset();
            }
        }
        Some(())
    }

    fn flush(&mut self, mut input: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let level = self.level;
        let state = self
            .state
            .get_or_insert_with(|| Compress::new(level, false));
        loop {
            out.reserve(STEP);
            let before = state.total_in();
            state.compress_vec(input, out, FlushCompress::Sync).ok()?;
            let taken = usize::try_from(state.total_in().checked_sub(before)?).ok()?;
            input = input.get(taken..)?;
            // It says that it is done by leaving room.
            if input.is_empty() && out.len() < out.capacity() {
                return Some(());
            }
        }
    }
}
