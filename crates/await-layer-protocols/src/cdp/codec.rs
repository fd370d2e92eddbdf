//! Ids and sessions on messages and off.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use await_layer::{AwaitIdCodec, Head, JsonFrame, Pack, Peek, Refusal, SealError, TextId};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{ErrorObject, Messages, Outcome};
use crate::object;

/// Calls whose session is remembered, at most. Beyond it all are forgotten,
/// and replies to them are taken from any session.
const MAX_ASKED: usize = 1 << 14;

/// Reads and writes `id` and `sessionId`. It remembers the session of each
/// call until the reply comes or the call is given up.
#[derive(Default)]
pub struct Codec {
    asked: HashMap<i32, Option<TextId>>,
}

/// A command that was received: the text of its id and the session, for each
/// session may use the same ids.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ask {
    id: TextId,
    session: Option<TextId>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow, rename = "sessionId")]
    session: Option<Cow<'a, str>>,
    #[serde(borrow)]
    method: Option<&'a RawValue>,
}

impl Envelope<'_> {
    fn session(&self) -> Option<TextId> {
        self.session.as_deref().map(TextId::from)
    }
}

impl Codec {
    /// A reply without a session is from whoever could be asked in that one.
    fn comes_from(&self, session: Option<TextId>, id: i32) -> bool {
        let asked = self.asked.get(&id);
        session.is_none() || asked.is_none_or(|asked| *asked == session)
    }

    fn remember(&mut self, id: i32, session: Option<TextId>) {
        if self.asked.len() >= MAX_ASKED {
            self.asked.clear();
        }
        self.asked.insert(id, session);
    }
}

impl<F: JsonFrame> AwaitIdCodec<F> for Codec {
    type Id = i32;
    type Ask = Ask;

    fn peek(&mut self, frame: &F) -> Peek<i32, Ask> {
        let Ok(envelope) = object::read::<Envelope<'_>>(frame) else {
            return Peek::Other;
        };
        let Some(id) = envelope.id.map(RawValue::get) else {
            return Peek::Other;
        };
        let session = envelope.session();
        if envelope.method.is_some() {
            let id = id.into();
            return Peek::Request(Ask { id, session });
        }
        match id.parse() {
            Ok(id) if self.comes_from(session, id) => {
                self.asked.remove(&id);
                Peek::Reply(id)
            }
            _ => Peek::Stray,
        }
    }

    fn seal(&mut self, frame: &mut F, head: Head<'_, i32, Ask>) -> Result<(), SealError> {
        match head {
            Head::Request(id) => {
                let session = object::read::<Envelope<'_>>(frame);
                let session = session.ok().and_then(|envelope| envelope.session());
                object::put_first(frame, &format!("\"id\":{id},"))?;
                self.remember(*id, session);
                Ok(())
            }
            Head::Reply(Ask { id, session }) => {
                let session = session.as_ref().map(|it| Value::from(it.as_str()));
                let session = session.map_or(String::new(), |it| format!("\"sessionId\":{it},"));
                object::put_first(frame, &format!("\"id\":{id},{session}"))
            }
            Head::Part(_) => Err(SealError::new("no streamed replies: reply once")),
            Head::Plain => Ok(()),
        }
    }

    fn unseal(&mut self, head: Head<'_, i32, Ask>) {
        if let Head::Request(id) = head {
            self.asked.remove(id);
        }
    }

    fn cancel(&mut self, id: &i32) -> Option<F> {
        self.asked.remove(id);
        None
    }

    fn refuse(&mut self, ask: &Ask, why: Refusal) -> Option<F> {
        let error = match why {
            Refusal::Busy => ErrorObject::new(-32000, "Too many commands: try again later"),
            // An answer would be taken for the first command's.
            Refusal::Duplicate => return None,
            _ => ErrorObject::new(-32603, "Nobody answered"),
        };
        let mut frame = Messages.pack(&Outcome::<()>::Err(error)).ok()?;
        self.seal(&mut frame, Head::Reply(ask)).ok()?;
        Some(frame)
    }

    fn size(frame: &F) -> usize {
        frame.json().map_or(0, <[u8]>::len)
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec")
            .field("asked", &self.asked.len())
            .finish()
    }
}
