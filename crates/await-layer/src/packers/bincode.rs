//! bincode by serde.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bincode::error::{DecodeError, EncodeError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{BinaryFrame, PackerError};
use crate::{Pack, Packer, Unpack};

/// bincode 2.0.1 in its standard configuration, for peers that speak it
/// already. bincode is no longer maintained: new protocols do better with
/// postcard.
///
/// `LIMIT` is the most a body may claim to hold, in bytes: 16 MiB unless
/// chosen otherwise. It bounds what a forged length can cost; values beyond it
/// do not unpack. It does not bound nesting: a type that contains itself can be
/// made to recurse as deep as a frame is long; use another packer for those.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bincode<const LIMIT: usize = 16_777_216>;

impl Bincode {
    /// The packer with the usual limit.
    pub fn new() -> Self {
        Self
    }
}

impl<const LIMIT: usize> Bincode<LIMIT> {
    fn config() -> Configuration<LittleEndian, Varint, Limit<LIMIT>> {
        bincode::config::standard().with_limit::<LIMIT>()
    }
}

impl<const LIMIT: usize> Packer for Bincode<LIMIT> {
    type Error = PackerError<EncodeError, DecodeError>;
}

impl<F, T, const LIMIT: usize> Pack<F, T> for Bincode<LIMIT>
where
    F: BinaryFrame,
    T: Serialize + ?Sized,
{
    fn pack(&self, value: &T) -> Result<F, Self::Error> {
        bincode::serde::encode_to_vec(value, Self::config())
            .map(F::from_binary)
            .map_err(PackerError::Pack)
    }
}

impl<F, T, const LIMIT: usize> Unpack<F, T> for Bincode<LIMIT>
where
    F: BinaryFrame,
    T: DeserializeOwned,
{
    fn unpack(&self, frame: F) -> Result<T, Self::Error> {
        let bytes = frame.binary().ok_or(PackerError::WrongFrame)?;
        let (value, used) = bincode::serde::decode_from_slice(bytes, Self::config())
            .map_err(PackerError::Unpack)?;
        if used == bytes.len() {
            Ok(value)
        } else {
            Err(PackerError::Trailing)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packers::sample::{Sample, sample};

    #[test]
    fn values_come_back_as_they_were() {
        let packer = Bincode::new();
        let frame: Vec<u8> = packer.pack(&sample()).unwrap();
        let back: Sample = packer.unpack(frame).unwrap();
        assert_eq!(back, sample());
        let frame: bytes::Bytes = packer.pack("hi").unwrap();
        assert_eq!(&frame[..], b"\x02hi");
        let frame: Vec<u8> = packer.pack(&[1_u8, 2][..]).unwrap();
        let back: Vec<u8> = packer.unpack(frame).unwrap();
        assert_eq!(back, [1, 2]);
    }

    #[test]
    fn forged_lengths_are_errors() {
        let mut forged = vec![253];
        forged.extend(u64::MAX.to_le_bytes());
        let list: Result<Vec<u64>, _> = Bincode::new().unpack(forged.clone());
        assert!(matches!(list, Err(PackerError::Unpack(_))));
        let text: Result<String, _> = Bincode::new().unpack(forged);
        assert!(matches!(text, Err(PackerError::Unpack(_))));
    }

    #[test]
    fn the_limit_holds_for_bodies_that_are_really_there() {
        let frame: Vec<u8> = Bincode::new().pack(&[7_u8; 100][..]).unwrap();
        let back: Result<Vec<u8>, _> = Bincode::<64>.unpack(frame.clone());
        assert!(matches!(back, Err(PackerError::Unpack(_))));
        let back: Vec<u8> = Bincode::<128>.unpack(frame).unwrap();
        assert_eq!(back.len(), 100);
    }

    #[test]
    fn what_follows_the_value_is_refused() {
        let value: Result<u8, _> = Bincode::new().unpack(vec![1, 2]);
        assert!(matches!(value, Err(PackerError::Trailing)));
    }
}
