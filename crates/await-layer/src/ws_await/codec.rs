//! Ids on ws-await messages and off.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use memchr::memchr;

use super::field::{Cut, Field};
use super::plain::{is_plain, quote, skip_space};
use crate::{AwaitIdCodec, Head, JsonFrame, Peek, SealError, TextId};

/// Puts the id first in a JSON object and finds it anywhere in one.
///
/// Only objects carry an id, and only objects that lack the field: a message
/// that has it already is refused, never overridden. Ids that are falsy in
/// JavaScript (`""`, `0`, `null`, `false`) make a plain message, as at the
/// peer. Of several fields of the name the last counts. Where a body is no
/// JSON, an id before the damage counts: the call it names fails at once
/// instead of at its timeout.
#[derive(Clone, Debug)]
pub struct WsAwaitCodec {
    field: Field,
    leave: bool,
    /// What is put into one message after the other is made here.
    member: String,
    /// In the message that was peeked at last.
    seen: Option<Seen>,
}

/// Bytes of that buffer that are kept: a peer's id may be long.
const KEPT: usize = 256;

/// Where `peek` found the field of a text, for `strip` of the same text.
#[derive(Clone, Debug)]
struct Seen {
    /// Where the text is, and how long.
    text: (usize, usize),
    field: Range<usize>,
}

impl Seen {
    /// Where the field is in `text`, if that is what was looked at. A text that
    /// nobody peeked at may have come to lie in its place: the member tells,
    /// and is cheap to read again; what is not read again is all the rest.
    fn field_in(self, text: &str, field: &Field) -> Option<Range<usize>> {
        if self.text != place(text) {
            return None;
        }
        let (first, _) = field.first(text)?;
        (first.bytes == self.field).then_some(self.field)
    }
}

fn place(text: &str) -> (usize, usize) {
    (text.as_ptr() as usize, text.len())
}

/// A peer's id as the JSON text it came in: 7, 7.0 and "7" stay apart.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct WsAsk(TextId);

impl WsAsk {
    /// The JSON text.
    pub fn as_json(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for WsAsk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WsAsk({})", self.0)
    }
}

impl WsAwaitCodec {
    /// The field is `awaitId`, and it is taken off what is delivered.
    pub fn new() -> Self {
        Self {
            field: Field::new("awaitId"),
            leave: false,
            member: String::new(),
            seen: None,
        }
    }

    /// Names the field that holds the id. Both ends must agree on it.
    #[must_use]
    pub fn field(mut self, name: &str) -> Self {
        self.field = Field::new(name);
        self
    }

    /// Whether delivered messages keep the field.
    #[must_use]
    pub fn leave_await_id(mut self, leave: bool) -> Self {
        self.leave = leave;
        self
    }

    /// Makes the member that `head` asks for; `false` for none.
    fn write_member(&mut self, head: &Head<'_, TextId, WsAsk>) -> Result<bool, SealError> {
        let member = &mut self.member;
        member.clear();
        match head {
            Head::Request(id) => match id.as_str() {
                "" => {
                    let why = "an empty id means no id on the ws-await wire: choose another";
                    return Err(SealError::new(why));
                }
                // Ours always are; only an id of the caller's choosing may not be.
                plain if is_plain(plain) => {
                    member.push_str(self.field.before_string());
                    member.push_str(plain);
                    member.push('"');
                }
                other => {
                    member.push_str(self.field.before_value());
                    member.push_str(&quote(other));
                }
            },
            Head::Reply(ask) => {
                member.push_str(self.field.before_value());
                member.push_str(ask.as_json());
            }
            Head::Part(_) => {
                let why = "the ws-await wire has no streamed replies: reply once";
                return Err(SealError::new(why));
            }
            Head::Plain => return Ok(false),
        }
        Ok(true)
    }

    /// Makes the member the first one of the object that `frame` is.
    fn put<F: JsonFrame>(&mut self, frame: &mut F) -> Result<(), SealError> {
        let in_place = frame.json_mut().is_some();
        let Some(text) = text(frame) else {
            let why = "the frame is not JSON text: send a JSON object";
            return Err(SealError::new(why));
        };
        let object = skip_space(text);
        let Some(members) = object.strip_prefix('{') else {
            let why = format!("{} cannot carry an id: send a JSON object", shape(object));
            return Err(SealError::new(why));
        };
        if self.field.is_in(object) {
            let why = format!(
                "the message already has a field {}, which is the id's: leave it out",
                self.field.quoted()
            );
            return Err(SealError::new(why));
        }
        if !skip_space(members).starts_with('}') {
            self.member.push(',');
        }
        if in_place {
            let before = text.len().saturating_sub(object.len());
            if let Some(text) = frame.json_mut() {
                if before > 0 {
                    text.drain(..before);
                }
                text.insert_str(1, &self.member);
            }
        } else {
            let sealed = ["{", &self.member, members].concat();
            frame.set_json(sealed);
        }
        Ok(())
    }
}

impl Default for WsAwaitCodec {
    fn default() -> Self {
        Self::new()
    }
}

impl<F: JsonFrame> AwaitIdCodec<F> for WsAwaitCodec {
    type Id = TextId;
    type Ask = WsAsk;

    fn peek(&mut self, frame: &F) -> Peek<TextId, WsAsk> {
        self.seen = None;
        let text = match (frame.json_str(), frame.json()) {
            (Some(text), _) => text,
            (None, Some(bytes)) => text_before_damage(bytes),
            (None, None) => return Peek::Other,
        };
        if let Some(first) = self.field.only(text) {
            if first.string.is_empty() {
                return Peek::Other;
            }
            self.seen = Some(Seen {
                text: place(text),
                field: first.bytes,
            });
            return Peek::Either(first.string.into(), WsAsk(first.json.into()));
        }
        let Some(json) = self.field.value(text).filter(|id| is_truthy(id)) else {
            return Peek::Other;
        };
        let ask = WsAsk(json.into());
        // Ours are strings; the wire has no mark for requests.
        match unquote(json) {
            Some(id) => Peek::Either(TextId::from(&*id), ask),
            None => Peek::Request(ask),
        }
    }

    fn seal(&mut self, frame: &mut F, head: Head<'_, TextId, WsAsk>) -> Result<(), SealError> {
        if !self.write_member(&head)? {
            return Ok(());
        }
        let sealed = self.put(frame);
        if self.member.capacity() > KEPT {
            self.member = String::new();
        }
        sealed
    }

    fn strip(&mut self, frame: &mut F) {
        let seen = self.seen.take();
        if self.leave {
            return;
        }
        let in_place = frame.json_mut().is_some();
        let Some(text) = text(frame) else {
            return;
        };
        let cut = match seen.and_then(|seen| seen.field_in(text, &self.field)) {
            Some(field) => Some(Cut::Bytes(field)),
            None => self.field.cut(text, is_truthy),
        };
        match cut {
            Some(Cut::Bytes(cut)) if in_place => {
                if let Some(text) = frame.json_mut() {
                    text.drain(cut);
                }
            }
            Some(Cut::Bytes(cut)) => {
                let mut kept = String::with_capacity(text.len().saturating_sub(cut.len()));
                kept.push_str(text.get(..cut.start).unwrap_or_default());
                kept.push_str(text.get(cut.end..).unwrap_or_default());
                frame.set_json(kept);
            }
            Some(Cut::To(kept)) => frame.set_json(kept),
            None => {}
        }
    }

    /// This wire has no refusal.
    fn refuses(&self) -> bool {
        false
    }

    fn size(frame: &F) -> usize {
        match frame.json() {
            Some(text) => text.len(),
            None => size_of_val(frame),
        }
    }
}

/// The whole text, if it is one.
fn text<F: JsonFrame>(frame: &F) -> Option<&str> {
    match frame.json_str() {
        Some(text) => Some(text),
        None => std::str::from_utf8(frame.json()?).ok(),
    }
}

/// The text up to where it stops being UTF-8: an id before that still counts.
fn text_before_damage(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_else(|damage| {
        let sound = bytes.get(..damage.valid_up_to()).unwrap_or_default();
        std::str::from_utf8(sound).unwrap_or_default()
    })
}

/// What JavaScript takes for an id.
fn is_truthy(json: &str) -> bool {
    match json {
        "null" | "false" | "\"\"" => false,
        string if string.starts_with('"') => true,
        // As JavaScript reads it: -0, 0e9 and 1e-999 are zero too.
        number => !number.parse::<f64>().is_ok_and(|number| number == 0.0),
    }
}

/// The string that `json` is, if it is one.
fn unquote(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if memchr(b'\\', inner.as_bytes()).is_some() {
        serde_json::from_str(json).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

fn shape(text: &str) -> &'static str {
    match text.bytes().next() {
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b'-' | b'0'..=b'9') => "a number",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "what is not JSON",
    }
}
