//! Serials on messages and off.

use await_layer::{AwaitIdCodec, Head, Pack, Peek, Refusal, SealError, SharedCounter};
use bytes::{Bytes, BytesMut};

use super::header::{self, Header};
use super::{ErrorReply, Messages, Outcome};

/// Reads and writes the serial, the serial that is answered, and to whom.
#[derive(Debug)]
pub struct Codec {
    serials: SharedCounter<u32>,
}

/// What a reply repeats of its call. Through a bus several peers use the same
/// serials.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ask {
    serial: u32,
    sender: Option<Box<str>>,
}

impl Codec {
    pub(super) fn new(serials: SharedCounter<u32>) -> Self {
        Self { serials }
    }
}

/// The fields of a reply that the call decides, in front of those that are
/// there: the last of them fills eight bytes, so nothing behind it moves out
/// of its alignment.
fn answering(frame: &Bytes, ask: &Ask) -> Option<BytesMut> {
    let mut wire = frame.get(..header::FIXED)?.to_vec();
    if let Some(sender) = &ask.sender {
        header::put_text(&mut wire, header::DESTINATION, sender);
    }
    header::put_reply_serial(&mut wire, ask.serial);
    let added = u32::try_from(wire.len().checked_sub(header::FIXED)?).ok()?;
    let fields = wire.get_mut(12..header::FIXED)?;
    let before = u32::from_le_bytes(*fields.first_chunk()?);
    fields.copy_from_slice(&before.checked_add(added)?.to_le_bytes());
    wire.extend_from_slice(frame.get(header::FIXED..)?);
    Some(Bytes::from(wire).into())
}

impl AwaitIdCodec<Bytes> for Codec {
    type Id = u32;
    type Ask = Ask;

    fn peek(&mut self, frame: &Bytes) -> Peek<u32, Ask> {
        let Some(header) = Header::read(frame) else {
            return Peek::Other;
        };
        match (header.kind, header.reply_serial) {
            (header::RETURN | header::ERROR, Some(serial)) => Peek::Reply(serial),
            (header::RETURN | header::ERROR, None) => Peek::Stray,
            (header::CALL, _) if header.flags & header::NO_REPLY == 0 => Peek::Request(Ask {
                serial: header.serial,
                sender: header.text(header::SENDER).map(Into::into),
            }),
            (header::CALL | header::SIGNAL, _) => Peek::Other,
            // Kinds to come are to be ignored.
            _ => Peek::Skip,
        }
    }

    fn seal(&mut self, frame: &mut Bytes, head: Head<'_, u32, Ask>) -> Result<(), SealError> {
        let kind = match **frame {
            [b'l', kind, _, 1, ..] if frame.len() >= header::FIXED => kind,
            _ => {
                return Err(SealError::new(
                    "no message: pack a `Message` or an `Outcome`",
                ));
            }
        };
        match (&head, kind) {
            (Head::Request(0), _) => {
                return Err(SealError::new("serial 0 is forbidden: choose another id"));
            }
            (Head::Request(_), header::CALL)
            | (Head::Reply(_), header::RETURN | header::ERROR)
            | (Head::Plain, header::CALL | header::SIGNAL) => {}
            (Head::Part(_), _) => return Err(SealError::new("no streamed replies: reply once")),
            _ => {
                let why = "call or send a call, send a signal, reply with an `Outcome`";
                return Err(SealError::new(why));
            }
        }
        let serial = match head {
            Head::Request(id) => Some(*id),
            _ => self.serials.take(),
        };
        let used_up = || SealError::new("the serials are used up: open a new connection");
        let serial = serial.ok_or_else(used_up)?;
        let silent = matches!(head, Head::Plain) && kind == header::CALL;
        let mut wire = match head {
            Head::Reply(ask) => answering(frame, ask)
                .ok_or_else(|| SealError::new("the header is too long: use shorter names"))?,
            _ => std::mem::take(frame).into(),
        };
        if let [_, _, flags, _, _, _, _, _, rest @ ..] = &mut *wire {
            *flags |= if silent { header::NO_REPLY } else { 0 };
            if let Some(place) = rest.first_chunk_mut() {
                *place = serial.to_le_bytes();
            }
        }
        *frame = wire.freeze();
        Ok(())
    }

    fn refuse(&mut self, ask: &Ask, why: Refusal) -> Option<Bytes> {
        let (name, text) = match why {
            Refusal::Busy => ("LimitsExceeded", "Too many calls: try again later"),
            // An answer would be taken for the first call's.
            Refusal::Duplicate => return None,
            _ => ("Failed", "Nobody answered"),
        };
        let name = format!("org.freedesktop.DBus.Error.{name}");
        let outcome = Outcome::Err(ErrorReply::new(&name, text));
        let mut frame = Messages.pack(&outcome).ok()?;
        self.seal(&mut frame, Head::Reply(ask)).ok()?;
        Some(frame)
    }

    fn size(frame: &Bytes) -> usize {
        frame.len()
    }
}
