//! MessagePack by serde.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{BinaryFrame, PackerError};
use crate::{Pack, Packer, Unpack};

/// As deep as JSON may nest; the decoder's own 1024 are a lot of stack.
const DEPTH: usize = 128;

/// MessagePack with field names, so that peers in other languages can read
/// it. Nesting beyond 128 levels is an error.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessagePack;

impl Packer for MessagePack {
    type Error = PackerError<rmp_serde::encode::Error, rmp_serde::decode::Error>;
}

impl<F, T> Pack<F, T> for MessagePack
where
    F: BinaryFrame,
    T: Serialize + ?Sized,
{
    fn pack(&self, value: &T) -> Result<F, Self::Error> {
        rmp_serde::to_vec_named(value)
            .map(F::from_binary)
            .map_err(PackerError::Pack)
    }
}

impl<F, T> Unpack<F, T> for MessagePack
where
    F: BinaryFrame,
    T: DeserializeOwned,
{
    fn unpack(&self, frame: F) -> Result<T, Self::Error> {
        let mut rest = frame.binary().ok_or(PackerError::WrongFrame)?;
        let mut decoder = rmp_serde::Deserializer::new(&mut rest);
        decoder.set_max_depth(DEPTH);
        let value = T::deserialize(&mut decoder).map_err(PackerError::Unpack)?;
        if rest.is_empty() {
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
        let frame: Vec<u8> = MessagePack.pack(&sample()).unwrap();
        let back: Sample = MessagePack.unpack(frame).unwrap();
        assert_eq!(back, sample());
        let frame: bytes::Bytes = MessagePack.pack("borrowed").unwrap();
        let back: String = MessagePack.unpack(frame).unwrap();
        assert_eq!(back, "borrowed");
        let frame: Vec<u8> = MessagePack.pack(&[1_u8, 2][..]).unwrap();
        assert_eq!(frame, [0x92, 1, 2]);
    }

    #[test]
    fn field_names_are_on_the_wire() {
        let frame: Vec<u8> = MessagePack.pack(&sample()).unwrap();
        assert!(frame.windows(7).any(|part| part == b"numbers"));
    }

    #[test]
    fn forged_lengths_and_depths_are_errors() {
        // An array, then a string, that claim four billion items.
        for forged in [
            [0xdd, 0xff, 0xff, 0xff, 0xff],
            [0xdb, 0xff, 0xff, 0xff, 0xff],
        ] {
            let list: Result<Vec<u64>, _> = MessagePack.unpack(forged.to_vec());
            assert!(matches!(list, Err(PackerError::Unpack(_))));
            let text: Result<String, _> = MessagePack.unpack(forged.to_vec());
            assert!(matches!(text, Err(PackerError::Unpack(_))));
        }
        let deep = vec![0x91; 100_000];
        let value: Result<serde::de::IgnoredAny, _> = MessagePack.unpack(deep);
        assert!(matches!(value, Err(PackerError::Unpack(_))));
    }

    #[test]
    fn what_follows_the_value_is_refused() {
        let value: Result<u8, _> = MessagePack.unpack(vec![1, 2]);
        assert!(matches!(value, Err(PackerError::Trailing)));
    }
}
