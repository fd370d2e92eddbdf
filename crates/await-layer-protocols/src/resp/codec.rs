//! Replies to calls, by their order.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;

use await_layer::{AwaitIdCodec, Head, Peek, SealError};
use bytes::Bytes;

use super::Value;

/// Remembers which calls wait for a reply, in the order in which they left.
///
/// A call that was given up keeps its place until its reply has come.
pub struct Codec {
    waiting: VecDeque<Waiting>,
    max_waiting: usize,
    /// Whether the server marks pushes: it does once `HELLO 3` is answered.
    pushes: bool,
    /// Between `MULTI` and its end, as commands have left.
    transaction: bool,
}

struct Waiting {
    id: u64,
    due: Due,
}

enum Due {
    /// One reply.
    Reply,
    /// One reply, which tells by its kind which version is spoken from then on.
    Version,
    /// So many pushes that begin like this; or one error.
    Pushes(String, usize),
}

/// Answered by pushes, one for each channel.
const CONFIRMED: [&str; 6] = [
    "subscribe",
    "unsubscribe",
    "psubscribe",
    "punsubscribe",
    "ssubscribe",
    "sunsubscribe",
];

/// Answered by what is no reply, for ever.
const ENDLESS: [&str; 3] = ["monitor", "sync", "psync"];

/// What ends a transaction.
const ENDS: [&str; 3] = ["exec", "discard", "reset"];

impl Codec {
    pub(super) fn new(max_waiting: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            max_waiting,
            pushes: false,
            transaction: false,
        }
    }

    /// What the server sends when it is told `words`.
    fn due(&self, words: &[&str]) -> Result<Due, SealError> {
        let is = |place: usize, one_of: &[&str]| {
            let word = words.get(place);
            word.is_some_and(|word| one_of.iter().any(|it| it.eq_ignore_ascii_case(word)))
        };
        let why = match words {
            [] | ["", ..] => "no command: pack its words",
            _ if is(0, &ENDLESS) => "its answer has no end: use another client for it",
            _ if is(0, &["client"]) && is(1, &["reply"]) => {
                "replies are told by their order: leave CLIENT REPLY as it is"
            }
            _ if is(0, &["replconf"]) && is(1, &["ack", "getack"]) => {
                "it has no answer, and replies are told by their order: leave it out"
            }
            _ if is(0, &["hello"]) && is(1, &["2"]) => {
                "RESP2 does not mark its pushes: stay with HELLO 3"
            }
            _ if is(0, &["hello", "reset"]) => return Ok(Due::Version),
            _ if !is(0, &CONFIRMED) => return Ok(Due::Reply),
            _ if !self.pushes => "call HELLO 3 before: RESP2 does not mark its pushes",
            _ if self.waiting.iter().any(|it| matches!(it.due, Due::Version)) => {
                "wait for the reply to HELLO or RESET: it says whether pushes are marked"
            }
            _ if self.transaction => {
                "call EXEC or DISCARD before: in a transaction confirmations shift the replies"
            }
            [_] => "name the channels: each is confirmed by a push",
            [name, channels @ ..] => {
                let push = format!("${}\r\n{}\r\n", name.len(), name.to_ascii_lowercase());
                return Ok(Due::Pushes(push, channels.len()));
            }
        };
        Err(SealError::new(why))
    }

    /// A push: the last confirmation that a call waits for is its reply.
    fn push(&mut self, frame: &Bytes) -> Option<u64> {
        let Some(Waiting {
            due: Due::Pushes(push, left),
            ..
        }) = self.waiting.front_mut()
        else {
            return None;
        };
        let mut lines = frame.splitn(2, |byte| *byte == b'\n');
        lines.nth(1)?.strip_prefix(push.as_bytes())?;
        *left = left.saturating_sub(1);
        match left {
            0 => self.waiting.pop_front().map(|waiting| waiting.id),
            _ => None,
        }
    }
}

impl AwaitIdCodec<Bytes> for Codec {
    type Id = u64;
    /// The server asks nothing.
    type Ask = Infallible;

    fn peek(&mut self, frame: &Bytes) -> Peek<u64, Infallible> {
        let Some(kind) = frame.first() else {
            return Peek::Skip;
        };
        if *kind == b'>' {
            return self.push(frame).map_or(Peek::Other, Peek::Reply);
        }
        let Some(Waiting { id, due }) = self.waiting.pop_front() else {
            return Peek::Stray;
        };
        if matches!(due, Due::Version) && *kind != b'-' {
            self.pushes = *kind == b'%';
        }
        Peek::Reply(id)
    }

    fn seal(
        &mut self,
        frame: &mut Bytes,
        head: Head<'_, u64, Infallible>,
    ) -> Result<(), SealError> {
        let id = match head {
            Head::Request(id) => *id,
            Head::Plain => return Err(SealError::new("every command is answered: call it")),
            Head::Reply(never) | Head::Part(never) => match *never {},
        };
        if self.waiting.len() >= self.max_waiting {
            return Err(SealError::new(
                "too many commands without a reply: wait for some",
            ));
        }
        let mut rest = frame.clone();
        let words = match Value::take(&mut rest, 1) {
            Some(Value::List(words)) if rest.is_empty() && frame.starts_with(b"*") => words,
            _ => return Err(SealError::new("no command: pack its words")),
        };
        let words = words.iter().map(|word| word.as_str().unwrap_or_default());
        let words: Vec<_> = words.collect();
        let due = self.due(&words)?;
        let name = words.first().copied().unwrap_or_default();
        let is = |names: &[&str]| names.iter().any(|it| it.eq_ignore_ascii_case(name));
        self.transaction = is(&["multi"]) || (self.transaction && !is(&ENDS));
        self.waiting.push_back(Waiting { id, due });
        Ok(())
    }

    fn unseal(&mut self, _: Head<'_, u64, Infallible>) {
        self.waiting.pop_back();
    }

    fn size(frame: &Bytes) -> usize {
        frame.len()
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec")
            .field("waiting", &self.waiting.len())
            .finish_non_exhaustive()
    }
}
