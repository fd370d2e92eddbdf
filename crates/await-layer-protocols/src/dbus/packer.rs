//! Messages to frames and back.

use await_layer::{Pack, Packer, Unpack};
use bytes::Bytes;

use super::body::align;
use super::header::{self, Header};
use super::{Body, ErrorReply, Kind, Message, Outcome};
use crate::Malformed;

/// Packs a [`Message`] or an [`Outcome`]; unpacks a [`Message`], or the
/// [`Body`] of a reply.
#[derive(Clone, Copy, Debug, Default)]
pub struct Messages;

/// Why a message did not pack or unpack, or what the peer answered instead.
pub type Failure = crate::Failure<ErrorReply, Malformed>;

impl Packer for Messages {
    type Error = Failure;
}

/// A message whose serial, and whose reply serial, the codec puts in.
fn pack(kind: u8, flags: u8, texts: &[(usize, &str)], body: &Body) -> Result<Bytes, Failure> {
    if let Some(why) = body.flaw {
        return Err(Failure::Body(Malformed(why)));
    }
    if body.signature.len() > u8::MAX.into() {
        let why = "the signature has more than 255 bytes: send fewer values";
        return Err(Failure::Body(Malformed(why)));
    }
    let too_long = |_| {
        Failure::Body(Malformed(
            "the message has 4 GiB or more: send less at a time",
        ))
    };
    let length = u32::try_from(body.bytes.len()).map_err(too_long)?;
    let mut wire = vec![b'l', kind, flags, 1];
    wire.extend_from_slice(&length.to_le_bytes());
    wire.resize(header::FIXED, 0);
    let signature = (header::SIGNATURE, body.signature.as_str());
    for (field, text) in texts.iter().chain([&signature]) {
        if text.contains('\0') {
            let why = "a name or a signature has a NUL in it: leave it out";
            return Err(Failure::Body(Malformed(why)));
        }
        if !text.is_empty() {
            header::put_text(&mut wire, *field, text);
        }
    }
    let fields = wire.len().saturating_sub(header::FIXED);
    let fields = u32::try_from(fields).map_err(too_long)?;
    if let Some(place) = wire.get_mut(12..header::FIXED) {
        place.copy_from_slice(&fields.to_le_bytes());
    }
    align(&mut wire, 8);
    wire.extend_from_slice(&body.bytes);
    Ok(wire.into())
}

impl Pack<Bytes, Message> for Messages {
    fn pack(&self, message: &Message) -> Result<Bytes, Failure> {
        let (kind, wants_interface) = match message.kind {
            Kind::Call => (header::CALL, false),
            Kind::Signal => (header::SIGNAL, true),
        };
        let texts = [
            (header::PATH, &message.path),
            (header::INTERFACE, &message.interface),
            (header::MEMBER, &message.member),
            (header::DESTINATION, &message.destination),
            (header::SENDER, &message.sender),
        ];
        let texts = texts.map(|(field, text)| (field, text.as_deref().unwrap_or_default()));
        let [(_, path), (_, interface), (_, member), ..] = texts;
        if !path.starts_with('/') || member.is_empty() || (wants_interface && interface.is_empty())
        {
            let why = "a call wants a path that begins with `/` and a member, and a signal an \
                       interface too";
            return Err(Failure::Body(Malformed(why)));
        }
        pack(
            kind,
            message.flags & !header::NO_REPLY,
            &texts,
            &message.body,
        )
    }
}

impl Pack<Bytes, Outcome> for Messages {
    fn pack(&self, outcome: &Outcome) -> Result<Bytes, Failure> {
        match outcome {
            Ok(body) => pack(header::RETURN, 0, &[], body),
            Err(error) if error.name.is_empty() => {
                Err(Failure::Body(Malformed("an error reply wants a name")))
            }
            Err(ErrorReply { name, body }) => {
                pack(header::ERROR, 0, &[(header::ERROR_NAME, name)], body)
            }
        }
    }
}

fn read(frame: &Bytes) -> Result<(Header<'_>, Body), Failure> {
    let header = Header::read(frame);
    let header = header.ok_or(Failure::Body(Malformed("the message cannot be read")))?;
    let body = Body {
        signature: header
            .text(header::SIGNATURE)
            .unwrap_or_default()
            .to_owned(),
        bytes: header.body.to_vec(),
        big_end_first: header.big_end_first,
        flaw: header
            .big_end_first
            .then_some("the body is big end first, as its peer wrote it: write it anew"),
    };
    Ok((header, body))
}

impl Unpack<Bytes, Message> for Messages {
    fn unpack(&self, frame: Bytes) -> Result<Message, Failure> {
        let (header, body) = read(&frame)?;
        let kind = match header.kind {
            header::CALL => Kind::Call,
            header::SIGNAL => Kind::Signal,
            _ => {
                return Err(Failure::Body(Malformed(
                    "this is an answer: unpack a `Body`",
                )));
            }
        };
        let text = |field| header.text(field).map(str::to_owned);
        Ok(Message {
            kind,
            flags: header.flags & !header::NO_REPLY,
            path: text(header::PATH),
            interface: text(header::INTERFACE),
            member: text(header::MEMBER),
            destination: text(header::DESTINATION),
            sender: text(header::SENDER),
            body,
        })
    }
}

impl Unpack<Bytes, Body> for Messages {
    fn unpack(&self, frame: Bytes) -> Result<Body, Failure> {
        let (header, body) = read(&frame)?;
        match header.kind {
            header::RETURN => Ok(body),
            header::ERROR => {
                let name = header.text(header::ERROR_NAME).unwrap_or_default();
                let name = name.to_owned();
                Err(Failure::Remote(ErrorReply { name, body }))
            }
            _ => Err(Failure::Body(Malformed(
                "this is no answer: unpack a `Message`",
            ))),
        }
    }
}
