//! Where a value that holds others ends.

use await_layer_framing::FramingError;

/// Follows the values of one message, which may hold others, so that its end
/// is found in one pass over bytes that arrive in pieces.
#[derive(Clone, Debug)]
pub(crate) struct Nesting {
    max_depth: usize,
    /// How many values each open one still waits for, the innermost last.
    open: Vec<usize>,
}

impl Nesting {
    /// `max_depth` bounds what is remembered.
    pub(crate) fn new(max_depth: usize) -> Self {
        let open = Vec::new();
        Self { max_depth, open }
    }

    /// The next value holds `values` others; whether the message ends with it.
    pub(crate) fn meet(&mut self, values: usize) -> Result<bool, FramingError> {
        if values > 0 {
            let max = self.max_depth;
            if self.open.len() >= max {
                let why = format!("a message nests more than {max} deep; max_depth allows {max}");
                return Err(FramingError::too_large(why));
            }
            self.open.push(values);
            return Ok(false);
        }
        while let Some(left) = self.open.last_mut() {
            *left = left.saturating_sub(1);
            if *left > 0 {
                return Ok(false);
            }
            self.open.pop();
        }
        Ok(true)
    }
}
