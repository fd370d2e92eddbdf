//! JSON by serde.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{JsonFrame, PackerError};
use crate::{Pack, Packer, Unpack};

/// Bytes that a text may leave unused, and those that are left for an id.
const SPARE: usize = 1024;
const ID_ROOM: usize = 64;

/// JSON text. Nesting beyond 128 levels is an error.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

impl Packer for Json {
    type Error = PackerError<serde_json::Error>;
}

impl<F, T> Pack<F, T> for Json
where
    F: JsonFrame,
    T: Serialize + ?Sized,
{
    fn pack(&self, value: &T) -> Result<F, Self::Error> {
        let mut text = serde_json::to_string(value).map_err(PackerError::Pack)?;
        // Growing doubled it. A frame that waits is counted by its length, so
        // that is what it must take, and the id that is put in.
        if text.capacity().saturating_sub(text.len()) > SPARE {
            text.shrink_to(text.len().saturating_add(ID_ROOM));
        }
        Ok(F::from_json(text))
    }
}

impl<F, T> Unpack<F, T> for Json
where
    F: JsonFrame,
    T: DeserializeOwned,
{
    fn unpack(&self, frame: F) -> Result<T, Self::Error> {
        match (frame.json_str(), frame.json()) {
            (Some(text), _) => serde_json::from_str(text).map_err(PackerError::Unpack),
            (None, Some(text)) => serde_json::from_slice(text).map_err(PackerError::Unpack),
            (None, None) => Err(PackerError::WrongFrame),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::packers::sample::{Sample, sample};

    #[test]
    fn values_come_back_as_they_were() {
        let frame: String = Json.pack(&sample()).unwrap();
        assert_eq!(Unpack::<_, Sample>::unpack(&Json, frame).unwrap(), sample());
        let frame: Vec<u8> = Json.pack("borrowed").unwrap();
        assert_eq!(frame, b"\"borrowed\"");
        let frame: bytes::Bytes = Json.pack(&[1, 2][..]).unwrap();
        assert_eq!(
            Unpack::<_, Value>::unpack(&Json, frame).unwrap(),
            json!([1, 2])
        );
    }

    #[test]
    fn a_large_text_takes_no_more_than_its_length() {
        for bytes in [0, 100, 5_000, 100_000] {
            let text: String = Json.pack(&"x".repeat(bytes)).unwrap();
            assert_eq!(text.len(), bytes + 2);
            assert!(text.capacity() <= text.len() + SPARE, "{}", text.capacity());
        }
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_overflow() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = open.repeat(100_000) + "1" + &close.repeat(100_000);
            let refused = Unpack::<_, Value>::unpack(&Json, deep);
            assert!(matches!(refused, Err(PackerError::Unpack(_))));
        }
    }

    #[test]
    fn an_error_prints_no_payload() {
        let refused = Unpack::<_, Sample>::unpack(&Json, "\"secret\"".to_owned());
        let error = refused.unwrap_err();
        assert!(!format!("{error:?} {error}").contains("secret"));
        let PackerError::Unpack(detail) = error else {
            panic!("wrong variant: {error:?}");
        };
        assert!(detail.is_data());
    }

    #[test]
    fn what_follows_the_value_is_refused() {
        let refused = Unpack::<_, u8>::unpack(&Json, b"1 2".to_vec());
        assert!(matches!(refused, Err(PackerError::Unpack(_))));
        let refused = Unpack::<_, String>::unpack(&Json, b"\"\xff\"".to_vec());
        assert!(matches!(refused, Err(PackerError::Unpack(_))));
    }
}
