//! JSON text at the level of its bytes.

/// So many bytes are looked at together, which the compiler does with vectors.
const TOGETHER: usize = 8;

/// Whether `text` in quotes is its own JSON.
pub(super) fn is_plain(text: &str) -> bool {
    plain_len(text.as_bytes()) == text.len()
}

/// How many bytes there are before the first one that ends a JSON string,
/// escapes in it or has no place in it.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "no sum or product is beyond the length of `bytes`"
)]
pub(super) fn plain_len(bytes: &[u8]) -> usize {
    let ends = |byte: &u8| *byte < b' ' || *byte == b'"' || *byte == b'\\';
    let plain = bytes
        .chunks_exact(TOGETHER)
        // No early return within a chunk: see above.
        .take_while(|chunk| !chunk.iter().fold(false, |end, byte| end | ends(byte)))
        .count();
    let rest = bytes.get(plain * TOGETHER..).unwrap_or_default();
    plain * TOGETHER + rest.iter().position(ends).unwrap_or(rest.len())
}

/// `text` as JSON.
pub(super) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `text` behind the white space of JSON.
pub(super) fn skip_space(text: &str) -> &str {
    match text.as_bytes().first() {
        Some(b' ' | b'\t' | b'\n' | b'\r') => text.trim_start_matches([' ', '\t', '\n', '\r']),
        _ => text,
    }
}
