//! Every framing: a stream means the same however it is cut, no frame is
//! larger than the limit, no more than the limit and a header waits for the
//! rest, and what may be sent comes out again.
#![no_main]

use await_layer_framing::{ContentLength, Framing, LengthDelimited, Lines, Newline};
use await_layer_fuzz::pieces::how;
use await_layer_fuzz::stream::{agreed, decode};
use await_layer_protocols::dbus::DBusFraming;
use await_layer_protocols::ldap::LdapFraming;
use await_layer_protocols::msgpack_rpc::SelfDelimited;
use await_layer_protocols::resp::Values;
use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;

/// Bytes of a header block.
const HEADER: usize = 64;
/// Of the lines before the first D-Bus message.
const GREETING: usize = 1024;

fuzz_target!(|bytes: &[u8]| {
    let (cuts, rest) = how(bytes);
    let Some(([which, limit], stream)) = rest.split_first_chunk() else {
        return;
    };
    let limit = usize::from(*limit);
    match which % 9 {
        0 => {
            let framing = LengthDelimited::new().max_frame(limit);
            let frames = check(&framing, stream, cuts, limit, 4, true);
            assert_eq!(frames, lengths(stream, limit));
        }
        1 => lines(Newline::Any, stream, cuts, limit),
        2 => lines(Newline::Lf, stream, cuts, limit),
        3 => lines(Newline::CrLf, stream, cuts, limit),
        4 => {
            let framing = ContentLength::new().max_header(HEADER).max_content(limit);
            check(&framing, stream, cuts, limit, HEADER, true);
        }
        5 => {
            check(
                &DBusFraming::new().max_message(limit),
                stream,
                cuts,
                limit,
                16,
                false,
            );
            let framing = DBusFraming::external().max_message(limit);
            check(&framing, stream, cuts, limit, GREETING, false);
        }
        6 => {
            check(
                &LdapFraming::new().max_message(limit),
                stream,
                cuts,
                limit,
                6,
                false,
            );
        }
        7 => {
            let framing = SelfDelimited::new().max_message(limit);
            check(&framing.max_depth(limit), stream, cuts, limit, 5, false);
        }
        _ => {
            check(
                &Values::new().max_value(limit),
                stream,
                cuts,
                limit,
                0,
                false,
            );
        }
    }
});

/// The frames. `header` is what may wait beside a whole frame; whether what it
/// lets through is always one frame is `is_exact`.
fn check<F: Framing + Clone>(
    framing: &F,
    stream: &[u8],
    cuts: &[u8],
    limit: usize,
    header: usize,
    is_exact: bool,
) -> Vec<Bytes> {
    let (frames, _) = agreed(framing, stream, cuts, limit + header);
    for frame in &frames {
        assert!(frame.len() <= limit, "{} of {limit} bytes", frame.len());
    }
    sent(framing, stream, limit, is_exact);
    frames
}

/// What passes the check comes out at the other end, by itself.
fn sent<F: Framing + Clone>(framing: &F, frame: &[u8], limit: usize, is_exact: bool) {
    let mut wire = BytesMut::from("before");
    let checked = framing.check(frame);
    let encoded = framing.clone().encode(frame, &mut wire);
    assert_eq!(checked.is_ok(), encoded.is_ok());
    if encoded.is_err() {
        assert_eq!(wire, "before");
    } else if limit >= frame.len() {
        let (frames, end) = decode(&mut framing.clone(), &[&wire[6..]], usize::MAX);
        match is_exact {
            true => assert!(end.is_ok() && frames == [frame]),
            // These trust their packers, and the greeting of a bus is no frame.
            false => assert!(end.is_err() || frames.concat() == frame),
        }
    }
}

/// The frames of `LengthDelimited`, plainly.
fn lengths(mut stream: &[u8], limit: usize) -> Vec<Bytes> {
    let mut frames = Vec::new();
    while let Some((length, rest)) = stream.split_first_chunk() {
        let length = u32::from_be_bytes(*length) as usize;
        let Some((frame, rest)) = rest.split_at_checked(length).filter(|_| length <= limit) else {
            break;
        };
        frames.push(Bytes::copy_from_slice(frame));
        stream = rest;
    }
    frames
}

fn lines(newline: Newline, stream: &[u8], cuts: &[u8], limit: usize) {
    let framing = Lines::new().newline(newline).max_line(limit);
    let frames = check(&framing, stream, cuts, limit, 2, true);
    let mut expected = Vec::new();
    for line in stream.split_inclusive(|byte| *byte == b'\n') {
        let Some(line) = line.strip_suffix(b"\n") else {
            break;
        };
        let bare = line.strip_suffix(b"\r");
        let line = match newline {
            Newline::Any => bare.unwrap_or(line),
            Newline::CrLf => match bare {
                Some(bare) => bare,
                None => break,
            },
            _ => line,
        };
        if line.len() > limit {
            break;
        }
        expected.push(Bytes::copy_from_slice(line));
    }
    assert_eq!(frames, expected);
}
