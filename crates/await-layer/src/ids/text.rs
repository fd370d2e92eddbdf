//! Ids that are text.

use std::fmt;
use std::hash::{Hash, Hasher};

/// Longest id held without an allocation: the 33 characters of the longest
/// ws-await id in use, with the quotes of its JSON form, and a little more.
const INLINE: usize = 38;

/// A short text, such as an id. Up to 38 bytes live in the value itself, so
/// that reading an id off a frame usually allocates nothing.
#[derive(Clone)]
pub struct TextId(Repr);

// One text has one form: inline exactly when it fits.
#[derive(Clone)]
enum Repr {
    Inline { len: u8, bytes: [u8; INLINE] },
    Heap(Box<str>),
}

impl TextId {
    /// Of text that is ASCII as it was made, so that nobody has to check it.
    /// Anything else would be no text at all.
    pub(super) fn from_ascii<const LEN: usize>(text: &[u8; LEN]) -> Self {
        const { assert!(LEN <= INLINE) };
        let mut bytes = [0; INLINE];
        if let Some(space) = bytes.first_chunk_mut() {
            *space = *text;
        }
        let len = LEN as u8;
        Self(Repr::Inline { len, bytes })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            // Always whole characters: it was copied from a str, or is ASCII.
            Repr::Inline { .. } => std::str::from_utf8(self.as_bytes()).unwrap_or_default(),
            Repr::Heap(text) => text,
        }
    }

    /// The text's UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Repr::Heap(text) => text.as_bytes(),
        }
    }
}

impl From<&str> for TextId {
    fn from(text: &str) -> Self {
        let mut bytes = [0; INLINE];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(space), Ok(len)) => {
                space.copy_from_slice(text.as_bytes());
                Self(Repr::Inline { len, bytes })
            }
            _ => Self(Repr::Heap(text.into())),
        }
    }
}

impl From<String> for TextId {
    fn from(text: String) -> Self {
        if text.len() <= INLINE {
            text.as_str().into()
        } else {
            Self(Repr::Heap(text.into()))
        }
    }
}

impl PartialEq for TextId {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for TextId {}

impl Hash for TextId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Debug for TextId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for TextId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_length_keeps_its_text() {
        let long = "\u{e9}x".repeat(40);
        let mut seen = HashSet::new();
        for (end, _) in long.char_indices() {
            let text = &long[..end];
            let id = TextId::from(text);
            assert_eq!(id.as_str(), text);
            assert_eq!(id, TextId::from(text.to_owned()));
            assert_eq!(matches!(id.0, Repr::Heap(_)), end > INLINE);
            assert!(seen.insert(id.clone()) && seen.contains(&id));
        }
    }
}
