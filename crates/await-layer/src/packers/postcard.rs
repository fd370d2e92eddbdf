//! postcard by serde.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{BinaryFrame, PackerError};
use crate::{Pack, Packer, Unpack};

/// postcard: small, documented, for peers that know the same types.
///
/// The format does not limit nesting: a type that contains itself can be made
/// to recurse as deep as a frame is long. Use another packer for such types,
/// or limit the size of frames at the transport.
#[derive(Clone, Copy, Debug, Default)]
pub struct Postcard;

impl Packer for Postcard {
    type Error = PackerError<postcard::Error>;
}

impl<F, T> Pack<F, T> for Postcard
where
    F: BinaryFrame,
    T: Serialize + ?Sized,
{
    fn pack(&self, value: &T) -> Result<F, Self::Error> {
        postcard::to_stdvec(value)
            .map(F::from_binary)
            .map_err(PackerError::Pack)
    }
}

impl<F, T> Unpack<F, T> for Postcard
where
    F: BinaryFrame,
    T: DeserializeOwned,
{
    fn unpack(&self, frame: F) -> Result<T, Self::Error> {
        let bytes = frame.binary().ok_or(PackerError::WrongFrame)?;
        match postcard::take_from_bytes(bytes).map_err(PackerError::Unpack)? {
            (value, []) => Ok(value),
            _ => Err(PackerError::Trailing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packers::sample::{Sample, sample};

    #[test]
    fn values_come_back_as_they_were() {
        let frame: Vec<u8> = Postcard.pack(&sample()).unwrap();
        let back: Sample = Postcard.unpack(frame).unwrap();
        assert_eq!(back, sample());
        let frame: bytes::Bytes = Postcard.pack("hi").unwrap();
        assert_eq!(&frame[..], b"\x02hi");
        let frame: Vec<u8> = Postcard.pack(&[1_u8, 2][..]).unwrap();
        let back: Vec<u8> = Postcard.unpack(frame).unwrap();
        assert_eq!(back, [1, 2]);
    }

    #[test]
    fn forged_lengths_are_errors() {
        // A length of 2^63 and nothing behind it.
        let mut forged = vec![0x80; 9];
        forged.push(1);
        let list: Result<Vec<u64>, _> = Postcard.unpack(forged.clone());
        assert!(matches!(list, Err(PackerError::Unpack(_))));
        let text: Result<String, _> = Postcard.unpack(forged);
        assert!(matches!(text, Err(PackerError::Unpack(_))));
        let empty: Result<u32, _> = Postcard.unpack(Vec::new());
        assert!(matches!(empty, Err(PackerError::Unpack(_))));
    }

    #[test]
    fn what_follows_the_value_is_refused() {
        let value: Result<u8, _> = Postcard.unpack(vec![1, 2]);
        assert!(matches!(value, Err(PackerError::Trailing)));
    }
}
