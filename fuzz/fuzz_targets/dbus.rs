//! D-Bus: framing and codec against a plain reading of the header, field by
//! field, as the specification's table has it.
//!
//! Kinds that do not exist yet are skipped, as the specification wants it;
//! fields that do not exist yet may be text or numbers, which is all that the
//! header of a real bus holds.
#![no_main]

use await_layer::{AwaitIdCodec, Head, Peek, Protocol, Refusal};
use await_layer_fuzz::pieces::how;
use await_layer_fuzz::stream::agreed;
use await_layer_protocols::dbus::{Ask, Codec, DBus, DBusFraming};
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

const MAX: usize = 1 << 10;

fuzz_target!(|bytes: &[u8]| {
    let (cuts, stream) = how(bytes);
    let framing = DBusFraming::new().max_message(MAX);
    let (frames, end) = agreed(&framing, stream, cuts, MAX + 16);
    let mut at = 0;
    for frame in &frames {
        assert_eq!(stream.get(at..at + frame.len()), Some(&**frame));
        assert_eq!(length(frame), Some(frame.len()));
        at += frame.len();
        check(frame);
    }
    let rest = &stream[at..];
    let is_whole = length(rest).is_some_and(|length| length <= MAX && length <= rest.len());
    assert!(!is_whole, "a message is left over");
    assert_eq!(end.is_ok(), rest.is_empty());
    check(&Bytes::copy_from_slice(stream));
});

/// Reads on, from a place to a place.
struct Reader<'a> {
    wire: &'a [u8],
    at: usize,
    big: bool,
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        self.at += 1;
        self.wire.get(self.at - 1).copied()
    }

    fn align(&mut self, to: usize) -> Option<()> {
        while !self.at.is_multiple_of(to) {
            self.byte()?;
        }
        Some(())
    }

    fn number(&mut self) -> Option<u32> {
        self.align(4)?;
        let bytes = [self.byte()?, self.byte()?, self.byte()?, self.byte()?];
        Some(match self.big {
            true => u32::from_be_bytes(bytes),
            false => u32::from_le_bytes(bytes),
        })
    }

    fn text(&mut self, length: usize) -> Option<&'a str> {
        let text = self.wire.get(self.at..)?.get(..length)?;
        self.at += length;
        (self.byte()? == 0).then_some(())?;
        std::str::from_utf8(text).ok()
    }
}

/// Bytes that the message says it has.
fn length(wire: &[u8]) -> Option<usize> {
    let big = match wire {
        [b'l', _, _, 1, ..] => false,
        [b'B', _, _, 1, ..] => true,
        _ => return None,
    };
    let mut reader = Reader { wire, at: 4, big };
    let body = reader.number()? as usize;
    let serial_is_skipped = reader.number();
    serial_is_skipped?;
    let fields = reader.number()? as usize;
    Some((16 + fields).div_ceil(8) * 8 + body)
}

#[derive(Debug, PartialEq)]
struct Header<'a> {
    kind: u8,
    flags: u8,
    serial: u32,
    reply_serial: Option<u32>,
    sender: Option<&'a str>,
    destination: Option<&'a str>,
    body: &'a [u8],
}

fn read(wire: &[u8]) -> Option<Header<'_>> {
    if length(wire) != Some(wire.len()) {
        return None;
    }
    let big = wire[0] == b'B';
    let mut reader = Reader { wire, at: 8, big };
    let mut header = Header {
        kind: wire[1],
        flags: wire[2],
        serial: reader.number()?,
        reply_serial: None,
        sender: None,
        destination: None,
        body: &[],
    };
    let end = reader.number()? as usize + 16;
    while reader.at < end {
        reader.align(8)?;
        let field = reader.byte()?;
        let (one, kind, nul) = (reader.byte()?, reader.byte()?, reader.byte()?);
        if (one, nul) != (1, 0) {
            return None;
        }
        let text = match kind {
            b'u' => {
                let number = reader.number()?;
                if field == 5 {
                    header.reply_serial = Some(number);
                }
                None
            }
            b's' | b'o' => {
                let length = reader.number()? as usize;
                Some(reader.text(length)?)
            }
            b'g' => {
                let length = reader.byte()?.into();
                Some(reader.text(length)?)
            }
            _ => return None,
        };
        match field {
            6 => header.destination = text,
            7 => header.sender = text,
            _ => {}
        }
    }
    if reader.at != end || header.serial == 0 {
        return None;
    }
    reader.align(8)?;
    header.body = &wire[reader.at..];
    Some(header)
}

fn check(frame: &Bytes) {
    let (_, mut codec, _) = DBus::new().into_parts();
    let peeked = codec.peek(frame);
    let Some(header) = read(frame) else {
        assert_eq!(peeked, Peek::Other);
        return sealed(&mut codec, frame, None);
    };
    match (header.kind, header.reply_serial) {
        (2 | 3, Some(serial)) => assert_eq!(peeked, Peek::Reply(serial)),
        (2 | 3, None) => assert_eq!(peeked, Peek::Stray),
        (1, _) if header.flags & 1 == 0 => {
            let Peek::Request(ask) = peeked else {
                panic!("a call is peeked at as {peeked:?}");
            };
            refused(&mut codec, &ask, &header);
            return sealed(&mut codec, frame, Some(&ask));
        }
        (1 | 4, _) => assert_eq!(peeked, Peek::Other),
        _ => assert_eq!(peeked, Peek::Skip),
    }
    sealed(&mut codec, frame, None);
}

/// Who asked is told, under the serial that was used.
fn refused(codec: &mut Codec, ask: &Ask, call: &Header<'_>) {
    let refusal = codec.refuse(ask, Refusal::Busy).expect("it can be said");
    let header = read(&refusal).expect("what is sealed is a message");
    assert_eq!((header.kind, header.reply_serial), (3, Some(call.serial)));
    assert_eq!(header.destination, call.sender);
    let (frames, end) = agreed(&DBusFraming::new(), &refusal, &[1], 1 << 20);
    assert!(end.is_ok() && frames == [refusal]);
}

/// Whatever is sealed keeps its body, and takes the serial it is given.
fn sealed(codec: &mut Codec, frame: &Bytes, ask: Option<&Ask>) {
    let before = read(frame);
    let mut request = frame.clone();
    if codec.seal(&mut request, Head::Request(&77)).is_err() {
        assert_eq!(request, frame);
    } else if let Some(before) = before.as_ref().filter(|it| it.serial != 77) {
        let after = read(&request).expect("it was a message");
        let expected = Header {
            serial: 77,
            ..*before
        };
        assert_eq!(after, expected);
    }
    let Some(ask) = ask else { return };
    // A message of the peer's as the answer: its fields stay behind ours.
    let mut reply = frame.to_vec();
    reply[1] = 2;
    let mut reply = Bytes::from(reply);
    if codec.seal(&mut reply, Head::Reply(ask)).is_ok() {
        let (before, after) = (before.expect("it was read"), read(&reply));
        let after = after.expect("what is sealed is a message");
        assert_eq!(after.body, before.body);
        assert!(after.serial != 0);
    }
}
