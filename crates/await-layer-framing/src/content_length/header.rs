//! One header line.

use crate::FramingError;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Field {
    Length(usize),
    /// Says nothing that matters here.
    Other,
}

/// Reads a line without its end. The error names the field and never quotes
/// its value.
pub(super) fn read(line: &[u8], max: usize) -> Result<Field, FramingError> {
    let Some(colon) = memchr::memchr(b':', line) else {
        return Err(FramingError::malformed("a header line has no colon"));
    };
    let (name, value) = line.split_at(colon);
    let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii();
    // A space before the colon is how two readers come to disagree.
    if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
        let why = "a header's name is empty or has a space or a control character in it";
        return Err(FramingError::malformed(why));
    }
    if name.eq_ignore_ascii_case(b"Content-Length") {
        return length(value, max).map(Field::Length);
    }
    if name.eq_ignore_ascii_case(b"Content-Type") && !is_utf8(value) {
        let why = "Content-Type names another charset than utf-8";
        return Err(FramingError::malformed(why));
    }
    Ok(Field::Other)
}

fn length(value: &[u8], max: usize) -> Result<usize, FramingError> {
    if value.starts_with(b"-") {
        return Err(FramingError::malformed("Content-Length is negative"));
    }
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        let why = "Content-Length is not a number of plain digits";
        return Err(FramingError::malformed(why));
    }
    let mut digits = value.iter().map(|digit| usize::from(digit & 0xf));
    let number = digits.try_fold(0_usize, |number, digit| {
        number.checked_mul(10)?.checked_add(digit)
    });
    let said = match number {
        Some(number) if number <= max => return Ok(number),
        Some(number) => number.to_string(),
        None => "more than fits into a number".to_owned(),
    };
    Err(FramingError::too_large(format!(
        "Content-Length is {said}; max_content allows {max}"
    )))
}

/// No charset, or UTF-8 by one of its two names in use.
fn is_utf8(content_type: &[u8]) -> bool {
    content_type.split(|byte| *byte == b';').skip(1).all(|it| {
        let mut parts = it.splitn(2, |byte| *byte == b'=');
        let name = parts.next().unwrap_or_default().trim_ascii();
        let value = parts.next().unwrap_or_default().trim_ascii();
        let value = value.strip_prefix(b"\"").unwrap_or(value);
        let value = value.strip_suffix(b"\"").unwrap_or(value);
        !name.eq_ignore_ascii_case(b"charset")
            || value.eq_ignore_ascii_case(b"utf-8")
            || value.eq_ignore_ascii_case(b"utf8")
    })
}
