//! Numbers on messages and off.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use await_layer::{AwaitIdCodec, Head, JsonFrame, Pack, Peek, Refusal, SealError, SharedCounter};
use serde::Deserialize;

use super::{Command, Messages, Outcome};
use crate::object;

/// Cancels whose acknowledgement is still to come; older ones are forgotten,
/// and their acknowledgement is then a reply to nothing.
const MAX_CANCELS: usize = 64;

/// Reads and writes `seq`, `type`, `request_seq` and `command`.
#[derive(Debug)]
pub struct Codec {
    numbers: SharedCounter<i64>,
    /// Whether the peer said that it knows `cancel`. One that does not may
    /// never do anything again after it gets one (debugpy 1.8.22).
    cancellable: bool,
    /// Cancels that are not acknowledged yet.
    cancels: BTreeSet<i64>,
}

/// What a reply repeats of its request. Equal by number: a cancel names no
/// command.
#[derive(Clone, Debug)]
pub struct Ask {
    seq: i64,
    command: Box<str>,
}

impl PartialEq for Ask {
    fn eq(&self, other: &Self) -> bool {
        self.seq == other.seq
    }
}

impl Eq for Ask {}

impl Hash for Ask {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.seq.hash(state);
    }
}

impl Ask {
    fn new(seq: i64, command: &str) -> Self {
        let command = command.into();
        Self { seq, command }
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    seq: Option<i64>,
    request_seq: Option<i64>,
    #[serde(borrow)]
    command: Option<Cow<'a, str>>,
}

/// The reply to `initialize`.
#[derive(Deserialize)]
struct Initialized {
    body: Capabilities,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Capabilities {
    #[serde(default)]
    supports_cancel_request: bool,
}

/// The arguments of `cancel`.
#[derive(Deserialize)]
struct Cancel {
    arguments: CancelArguments,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CancelArguments {
    request_id: i64,
}

impl Codec {
    pub(super) fn new(numbers: SharedCounter<i64>) -> Self {
        Self {
            numbers,
            cancellable: false,
            cancels: BTreeSet::new(),
        }
    }

    /// Learns from the reply to `initialize` what the peer is able to.
    fn learn(&mut self, frame: &impl JsonFrame) {
        if let Ok(Initialized { body }) = object::read(frame) {
            self.cancellable = body.supports_cancel_request;
        }
    }

    fn number(&self) -> Result<i64, SealError> {
        let used_up = || SealError::new("the numbers are used up: open a new connection");
        self.numbers.take().ok_or_else(used_up)
    }
}

impl<F: JsonFrame> AwaitIdCodec<F> for Codec {
    type Id = i64;
    type Ask = Ask;

    fn peek(&mut self, frame: &F) -> Peek<i64, Ask> {
        let Ok(envelope) = object::read::<Envelope<'_>>(frame) else {
            return Peek::Other;
        };
        match &*envelope.kind {
            "response" => {
                if envelope.command.as_deref() == Some("initialize") {
                    self.learn(frame);
                }
                match envelope.request_seq {
                    Some(seq) if self.cancels.remove(&seq) => Peek::Skip,
                    Some(seq) => Peek::Reply(seq),
                    None => Peek::Stray,
                }
            }
            "request" => match (envelope.seq, envelope.command.as_deref()) {
                (seq, Some("cancel")) => match (object::read::<Cancel>(frame), seq) {
                    (Ok(cancel), _) => Peek::Cancel(Ask::new(cancel.arguments.request_id, "")),
                    // Of a progress, say: for whoever reports it.
                    (Err(_), Some(seq)) => Peek::Request(Ask::new(seq, "cancel")),
                    (Err(_), None) => Peek::Skip,
                },
                (Some(seq), Some(command)) => Peek::Request(Ask::new(seq, command)),
                _ => Peek::Other,
            },
            _ => Peek::Other,
        }
    }

    fn seal(&mut self, frame: &mut F, head: Head<'_, i64, Ask>) -> Result<(), SealError> {
        let fields = match head {
            Head::Request(seq) => format!(r#""seq":{seq},"type":"request","#),
            Head::Reply(Ask {
                seq: asked,
                command,
            }) => {
                let seq = self.number()?;
                let command = serde_json::Value::from(&**command);
                format!(
                    r#""seq":{seq},"type":"response","request_seq":{asked},"command":{command},"#
                )
            }
            Head::Plain => format!(r#""seq":{},"type":"event","#, self.number()?),
            Head::Part(_) => return Err(SealError::new("no streamed replies: reply once")),
        };
        object::put_first(frame, &fields)
    }

    fn cancel(&mut self, id: &i64) -> Option<F> {
        let seq = self.cancellable.then(|| self.numbers.take())??;
        let arguments = serde_json::json!({ "requestId": id });
        let mut frame = Messages.pack(&Command("cancel", arguments)).ok()?;
        self.seal(&mut frame, Head::Request(&seq)).ok()?;
        self.cancels.insert(seq);
        if self.cancels.len() > MAX_CANCELS {
            self.cancels.pop_first();
        }
        Some(frame)
    }

    fn refuse(&mut self, ask: &Ask, why: Refusal) -> Option<F> {
        let error = match why {
            Refusal::Busy => "too many requests: try again later",
            // What the specification wants to be said.
            Refusal::Cancelled => "cancelled",
            // An answer would be taken for the first request's.
            Refusal::Duplicate => return None,
            _ => "nobody answered",
        };
        let mut frame = Messages.pack(&Outcome::<()>::Err(error.into())).ok()?;
        self.seal(&mut frame, Head::Reply(ask)).ok()?;
        Some(frame)
    }

    fn size(frame: &F) -> usize {
        frame.json().map_or(0, <[u8]>::len)
    }
}
