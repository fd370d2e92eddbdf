//! JSON by serde.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{JsonFrame, PackerError};
use crate::{Pack, Packer, Unpack};

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
        serde_json::to_string(value)
            .map(F::from_json)
            .map_err(PackerError::Pack)
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
