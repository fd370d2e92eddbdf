//! Headers.

use await_layer_framing::{ContentLength, Framing, FramingError};
use bytes::BytesMut;

use crate::feed::{cut_off, decode, holds, refused, round_trip, unsendable};

#[test]
fn frames_come_out_wherever_the_stream_is_cut() {
    let framing = ContentLength::new();
    let wire = b"Content-Length: 2\r\n\r\n{}Content-Length: 0\r\n\r\nContent-Length:1\r\n\r\n\n";
    holds(&framing, wire, &[b"{}", b"", b"\n"]);
    round_trip(&framing, &[b"", b"one", &[b'x'; 300], b"\r\n\r\n"]);
    cut_off(&framing, b"Content-Length: 2\r\n\r\n{}");
}

#[test]
fn headers_come_in_any_order_and_case() {
    let framing = ContentLength::new();
    for headers in [
        "content-length: 2",
        "CONTENT-LENGTH:2",
        "Content-Length: \t 002 ",
        "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2",
        "Content-Length: 2\r\ncontent-type: text/plain; a=b; Charset=\"UTF8\"",
        "Content-Type: application/octet-stream\r\nContent-Length: 2",
        "X-Trace: a: b\r\nContent-Length: 2\r\nX-Empty:",
    ] {
        let wire = format!("{headers}\r\n\r\n{{}}");
        holds(&framing, &wire.repeat(2).into_bytes(), &[b"{}", b"{}"]);
    }
}

#[test]
fn bad_headers_are_refused_and_named() {
    let framing = ContentLength::new();
    let good = "Content-Length: 1\r\n\r\n!";
    for (headers, named) in [
        ("", "Content-Length is absent"),
        ("Content-Type: text/plain\r\n", "Content-Length is absent"),
        ("Content-Length: 1\r\ncontent-length: 1\r\n", "there twice"),
        ("Content-Length: -1\r\n", "Content-Length is negative"),
        ("Content-Length: -\r\n", "Content-Length is negative"),
        ("Content-Length: +1\r\n", "plain digits"),
        ("Content-Length: 0x1\r\n", "plain digits"),
        ("Content-Length: 1 1\r\n", "plain digits"),
        ("Content-Length: 1, 1\r\n", "plain digits"),
        ("Content-Length:\r\n", "plain digits"),
        ("Content-Length: 1.0\r\n", "plain digits"),
        ("Content-Length : 1\r\n", "name"),
        (" Content-Length: 1\r\n", "name"),
        (": 1\r\n", "name"),
        ("Content\u{e9}: 1\r\n", "name"),
        ("Content-Length 1\r\n", "no colon"),
        ("Content-Length: 1\n", "LF alone"),
        (
            "Content-Type: text/plain; charset=utf-16\r\nContent-Length: 1\r\n",
            "Content-Type names another charset",
        ),
    ] {
        let wire = format!("{good}{headers}\r\n!");
        let why = refused(&framing, wire.as_bytes(), 1);
        assert!(why.contains(named), "{headers:?}: {why}");
    }
}

#[test]
fn an_error_quotes_nothing_of_the_peers() {
    for wire in [
        "secret\r\n",
        "secret secret: 1\r\n",
        "Content-Length: secret\r\n",
        "Content-Type: text/plain; charset=secret\r\n",
    ] {
        let (_, end) = decode(&mut ContentLength::new(), &[wire.as_bytes()]);
        let error = end.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    }
}

#[test]
fn the_limit_on_content_holds_either_way() {
    let framing = ContentLength::new().max_content(4);
    round_trip(&framing, &[b"1234", b""]);
    let why = unsendable(&framing, b"12345");
    assert!(why.contains("5 bytes and max_content allows 4"), "{why}");
    let why = refused(&framing, b"Content-Length: 5\r\n", 0);
    assert_eq!(why, "Content-Length is 5; max_content allows 4");
}

#[test]
fn huge_lengths_are_refused_before_anything_follows() {
    let framing = ContentLength::new();
    for digits in ["18446744073709551615", "18446744073709551616", "1048577"] {
        let line = format!("Content-Length: {digits}\r\n");
        let why = refused(&framing, line.as_bytes(), 0);
        assert!(why.ends_with("max_content allows 1048576"), "{why}");
    }
    let long = format!("Content-Length: {}\r\n", "9".repeat(1000));
    let (_, end) = decode(&mut framing.clone(), &[long.as_bytes()]);
    assert!(matches!(end, Err(FramingError::TooLarge(_))), "{end:?}");
}

#[test]
fn nothing_is_allocated_for_a_length_that_is_only_announced() {
    use await_layer_framing::Framing;
    let mut framing = ContentLength::new().max_content(usize::MAX);
    let wire = format!("Content-Length: {}\r\n\r\n!", usize::MAX);
    let mut wire = BytesMut::from(wire.as_bytes());
    let before = wire.capacity();
    assert_eq!(framing.decode(&mut wire).unwrap(), None);
    assert_eq!(wire.capacity(), before);
}

#[test]
fn the_limit_on_headers_holds() {
    let block = b"X: 1\r\nContent-Length: 2\r\n\r\n";
    let framing = ContentLength::new().max_header(block.len());
    holds(&framing, &[&block[..], b"{}"].concat(), &[b"{}"]);
    let narrow = ContentLength::new().max_header(block.len() - 1);
    let why = refused(&narrow, block, 0);
    assert!(why.ends_with("max_header allows 26"), "{why}");
    // Nobody waits for the end of a line that is too long already.
    let why = refused(&ContentLength::new(), &[b'x'; 4096], 0);
    assert!(why.ends_with("max_header allows 4096"), "{why}");
    let endless = b"X: 1\r\n".repeat(683);
    let why = refused(&ContentLength::new(), &endless, 0);
    assert!(why.contains("max_header"), "{why}");
}

/// Were each byte to make it start over, this would be looked at for minutes.
#[test]
fn a_header_in_many_pieces_is_looked_at_once() {
    let mut framing = ContentLength::new().max_header(1 << 20);
    let head = [b"X: ".to_vec(), vec![b'x'; 300_000]].concat();
    let stream = [&head[..], b"\r\nContent-Length: 2\r\n\r\nhi"].concat();
    let mut wire = BytesMut::new();
    let mut frames = Vec::new();
    for byte in stream {
        wire.extend_from_slice(&[byte]);
        frames.extend(framing.decode(&mut wire).unwrap());
    }
    assert_eq!(frames, ["hi"]);
    assert!(wire.is_empty());
}
