//! What operations there are: class, form and number in one byte.

pub(super) const BIND: u8 = 0x60;
pub(super) const UNBIND: u8 = 0x42;
pub(super) const SEARCH: u8 = 0x63;
pub(super) const FOUND: u8 = 0x64;
pub(super) const DONE: u8 = 0x65;
pub(super) const MODIFY: u8 = 0x66;
pub(super) const ADD: u8 = 0x68;
pub(super) const DELETE: u8 = 0x4a;
pub(super) const ABANDON: u8 = 0x50;
pub(super) const ELSEWHERE: u8 = 0x73;
pub(super) const EXTENDED: u8 = 0x77;
pub(super) const EXTENDED_DONE: u8 = 0x78;
pub(super) const CONTROLS: u8 = 0xa0;

/// The result that ends what a request asks for.
pub(super) fn answer(request: u8) -> Option<u8> {
    Some(match request {
        // Bind, search, modify, add, rename, compare, extended.
        BIND => 0x61,
        SEARCH => DONE,
        MODIFY => 0x67,
        ADD => 0x69,
        DELETE => 0x6b,
        0x6c => 0x6d,
        0x6e => 0x6f,
        EXTENDED => EXTENDED_DONE,
        _ => return None,
    })
}

pub(super) fn is_result(tag: u8) -> bool {
    matches!(
        tag,
        0x61 | DONE | 0x67 | 0x69 | 0x6b | 0x6d | 0x6f | EXTENDED_DONE
    )
}

/// An entry, a reference or an intermediate response.
pub(super) fn is_part(tag: u8) -> bool {
    matches!(tag, FOUND | ELSEWHERE | 0x79)
}
