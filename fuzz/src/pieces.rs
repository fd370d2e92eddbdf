//! Bytes that arrive in pieces.

/// Cuts `bytes` where `cuts` say: each is the length of a piece, and the last
/// goes on for ever. None of them is empty.
pub fn pieces<'a>(mut bytes: &'a [u8], cuts: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let mut lengths = cuts.iter().chain(cuts.last().into_iter().cycle());
    while !bytes.is_empty() {
        let length = lengths.next().map_or(bytes.len(), |it| usize::from(*it));
        let (piece, rest) = bytes.split_at(length.clamp(1, bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

/// Some bytes that say how, and the rest: the first says how many they are.
pub fn how(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some((count, rest)) = bytes.split_first() else {
        return (&[], &[]);
    };
    rest.split_at(usize::from(*count % 16).min(rest.len()))
}
