//! The first line of a value.

/// What follows the first line of a value.
pub(super) enum Rest {
    /// Nothing: the line was all of it.
    Nothing,
    /// So many bytes, and the end of a line.
    Bytes(usize),
    /// So many values.
    Values(usize),
}

/// Whether a value can begin with `kind`.
pub(super) fn is_kind(kind: u8) -> bool {
    b"+-:_#,($!=*~>%|".contains(&kind)
}

/// What a value announces that is of this `kind` and has this on its first
/// line. `None` for what RESP3 does not have, and for the lengths that are
/// announced piece by piece (`$?`), which Redis never sends.
pub(super) fn rest(kind: u8, line: &[u8]) -> Option<Rest> {
    let length = || match line {
        [b'0'..=b'9', ..] => std::str::from_utf8(line).ok()?.parse::<usize>().ok(),
        _ => None,
    };
    Some(match kind {
        // Null, as RESP2 has it.
        b'$' | b'*' if line == b"-1" => Rest::Nothing,
        b'$' | b'!' | b'=' => Rest::Bytes(length()?),
        b'*' | b'~' | b'>' => Rest::Values(length()?),
        b'%' => Rest::Values(length()?.checked_mul(2)?),
        // Pairs, and then the value that they are said of.
        b'|' => Rest::Values(length()?.checked_mul(2)?.checked_add(1)?),
        _ if is_kind(kind) => Rest::Nothing,
        _ => return None,
    })
}
