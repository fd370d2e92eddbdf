//! No packing at all.

use std::convert::Infallible;

use crate::{Pack, Packer, Unpack};

/// Frame in, frame out.
///
/// Packing clones the frame: cheap for [`Bytes`](bytes::Bytes), a copy for
/// `Vec<u8>` and `String`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Raw;

impl Packer for Raw {
    type Error = Infallible;
}

impl<F: Clone> Pack<F, F> for Raw {
    fn pack(&self, value: &F) -> Result<F, Infallible> {
        Ok(value.clone())
    }
}

impl<F> Unpack<F, F> for Raw {
    fn unpack(&self, frame: F) -> Result<F, Infallible> {
        Ok(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_comes_through_unchanged() {
        let frame = bytes::Bytes::from_static(b"\0any\xff");
        let Ok(packed) = Raw.pack(&frame);
        assert_eq!(packed, frame);
        assert_eq!(Raw.unpack(packed), Ok(frame));
    }
}
