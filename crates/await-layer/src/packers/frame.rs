//! What the serde packers need of a frame.

use bytes::Bytes;

/// A frame that can hold JSON text.
pub trait JsonFrame: Sized {
    /// A frame around `text`.
    fn from_json(text: String) -> Self;

    /// Puts `text` in the place of the text that is there. Frames that know
    /// more of themselves than their text override it to keep that.
    fn set_json(&mut self, text: String) {
        *self = Self::from_json(text);
    }

    /// The text, as UTF-8 that nobody has checked yet, or `None` when the
    /// frame holds something else (a ping, say).
    fn json(&self) -> Option<&[u8]>;

    /// The same text, from frames that know that it is UTF-8: so it is not
    /// checked again, which costs more than all else that is done to it.
    fn json_str(&self) -> Option<&str> {
        None
    }

    /// The same text, from frames that own it: so an id is taken out of it
    /// where it is, without another allocation. A frame that returns it returns
    /// [`json_str`](Self::json_str) too.
    fn json_mut(&mut self) -> Option<&mut String> {
        None
    }
}

/// A frame that can hold bytes.
pub trait BinaryFrame: Sized {
    /// A frame around `bytes`.
    fn from_binary(bytes: Vec<u8>) -> Self;

    /// The bytes, or `None` when the frame holds something else.
    fn binary(&self) -> Option<&[u8]>;
}

impl JsonFrame for String {
    fn from_json(text: String) -> Self {
        text
    }

    fn json(&self) -> Option<&[u8]> {
        Some(self.as_bytes())
    }

    fn json_str(&self) -> Option<&str> {
        Some(self)
    }

    fn json_mut(&mut self) -> Option<&mut String> {
        Some(self)
    }
}

impl JsonFrame for Vec<u8> {
    fn from_json(text: String) -> Self {
        text.into_bytes()
    }

    fn json(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl JsonFrame for Bytes {
    fn from_json(text: String) -> Self {
        text.into()
    }

    fn json(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl BinaryFrame for Vec<u8> {
    fn from_binary(bytes: Vec<u8>) -> Self {
        bytes
    }

    fn binary(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl BinaryFrame for Bytes {
    fn from_binary(bytes: Vec<u8>) -> Self {
        bytes.into()
    }

    fn binary(&self) -> Option<&[u8]> {
        Some(self)
    }
}
