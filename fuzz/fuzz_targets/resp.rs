//! RESP3: the framing against a plain reading of values, and replies told by
//! their order against a server that keeps its own.
#![no_main]

use std::collections::VecDeque;

use await_layer::{AwaitIdCodec, Head, Peek, Protocol};
use await_layer_fuzz::pieces::how;
use await_layer_fuzz::stream::agreed;
use await_layer_protocols::resp::{Codec, Resp, Values};
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

const MAX: usize = 1 << 10;
const DEPTH: usize = 128;

fuzz_target!(|bytes: &[u8]| {
    let Some((what, rest)) = bytes.split_first() else {
        return;
    };
    if *what < 128 {
        framed(rest);
    } else {
        Server::default().play(rest);
    }
});

fn framed(bytes: &[u8]) {
    let (cuts, stream) = how(bytes);
    let (frames, end) = agreed(&Values::new().max_value(MAX), stream, cuts, MAX);
    let mut rest = stream;
    let (_, mut codec, _) = Resp::new().into_parts();
    for frame in &frames {
        let length = length(rest, DEPTH).expect("the framing saw a value");
        let (value, after) = rest.split_at(length);
        assert_eq!(frame, value);
        assert!(length <= MAX);
        rest = after;
        // Nobody has asked: what is no push is a reply to nothing.
        let expected = if value[0] == b'>' {
            Peek::Other
        } else {
            Peek::Stray
        };
        assert_eq!(codec.peek(frame), expected);
    }
    match length(rest, DEPTH) {
        Some(length) => assert!(end.is_err() && length > MAX, "a value is left over"),
        None => assert_eq!(end.is_ok(), rest.is_empty()),
    }
    // Whatever it is, asking with it does no harm.
    let mut frame = Bytes::copy_from_slice(stream);
    if codec.seal(&mut frame, Head::Request(&1)).is_ok() {
        assert_eq!(frame, stream);
        assert_eq!(length(stream, 1), Some(stream.len()));
    }
}

/// Bytes of the value in front; `None` if it is not whole, none, or nests
/// deeper than `depth`.
fn length(bytes: &[u8], depth: usize) -> Option<usize> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (kind, line) = bytes[..end].strip_suffix(b"\r")?.split_first()?;
    let start = end + 1;
    let count = || match std::str::from_utf8(line).ok()? {
        "" => None,
        digits if digits.bytes().all(|it| it.is_ascii_digit()) => digits.parse::<usize>().ok(),
        _ => None,
    };
    let values = match kind {
        b'$' | b'*' if line == b"-1" => 0,
        b'$' | b'!' | b'=' => {
            let end = start.checked_add(count()?)?.checked_add(2)?;
            return (end <= bytes.len()).then_some(end);
        }
        b'*' | b'~' | b'>' => count()?,
        b'%' => count()?.checked_mul(2)?,
        b'|' => count()?.checked_mul(2)?.checked_add(1)?,
        b'+' | b'-' | b':' | b'_' | b'#' | b',' | b'(' => 0,
        _ => return None,
    };
    if values == 0 {
        return Some(start);
    }
    let depth = depth.checked_sub(1)?;
    let mut at = start;
    for _ in 0..values {
        at += length(bytes.get(at..)?, depth)?;
    }
    Some(at)
}

/// Answers in order, and says things that nobody asked for.
#[derive(Default)]
struct Server {
    /// What is on its way, and which command it ends.
    wire: VecDeque<(String, Option<u64>)>,
    resp3: bool,
    transaction: bool,
    /// Commands inside the transaction.
    queued: usize,
}

const COMMANDS: [&[&str]; 14] = [
    &["GET", "k"],
    &["HELLO", "3"],
    &["HELLO"],
    &["SUBSCRIBE", "a", "b"],
    &["unsubscribe", "a"],
    &["PSUBSCRIBE", "*"],
    &["UNSUBSCRIBE"],
    &["MULTI"],
    &["EXEC"],
    &["DISCARD"],
    &["RESET"],
    &["MONITOR"],
    &["CLIENT", "REPLY", "OFF"],
    &["HELLO", "2"],
];

impl Server {
    fn play(&mut self, bytes: &[u8]) {
        let (_, mut codec, _) = Resp::new().max_waiting(8).into_parts();
        let mut waiting = 0_usize;
        for (id, byte) in (1..).zip(bytes) {
            match byte % 4 {
                0 | 1 => {
                    let words = COMMANDS[usize::from(byte / 4) % COMMANDS.len()];
                    let mut frame = command(words);
                    if codec.seal(&mut frame, Head::Request(&id)).is_ok() {
                        assert!(waiting < 8, "more wait than may");
                        waiting += 1;
                        self.hears(words, id, *byte >= 192);
                    }
                }
                2 if self.resp3 => {
                    let push = ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n";
                    self.wire.push_back((push.to_owned(), None));
                }
                _ => waiting -= usize::from(self.says(&mut codec)),
            }
        }
        while !self.wire.is_empty() {
            waiting -= usize::from(self.says(&mut codec));
        }
        assert_eq!(waiting, 0);
        let stray = Bytes::from_static(b"+OK\r\n");
        assert_eq!(codec.peek(&stray), Peek::Stray);
    }

    /// The next of what is on its way arrives; whether it ends a command.
    fn says(&mut self, codec: &mut Codec) -> bool {
        let Some((frame, id)) = self.wire.pop_front() else {
            return false;
        };
        let peeked = codec.peek(&Bytes::from(frame.clone()));
        assert_eq!(peeked, id.map_or(Peek::Other, Peek::Reply), "{frame:?}");
        id.is_some()
    }

    fn hears(&mut self, words: &[&str], id: u64, fails: bool) {
        let name = words[0].to_ascii_lowercase();
        if fails {
            self.tell("-ERR no\r\n", id);
            // Of a failed EXEC or DISCARD the transaction is over all the same.
            self.transaction &= !matches!(name.as_str(), "exec" | "discard" | "reset");
            return;
        }
        if self.transaction && !matches!(name.as_str(), "exec" | "discard" | "reset") {
            self.queued += 1;
            return self.tell("+QUEUED\r\n", id);
        }
        match name.as_str() {
            "hello" => {
                self.resp3 |= words.len() > 1;
                let kind = if self.resp3 { "%0\r\n" } else { "*0\r\n" };
                self.tell(kind, id);
            }
            "reset" => {
                (self.resp3, self.transaction) = (false, false);
                self.tell("+RESET\r\n", id);
            }
            "multi" => {
                (self.transaction, self.queued) = (true, 0);
                self.tell("+OK\r\n", id);
            }
            "exec" => {
                self.transaction = false;
                let replies = "+OK\r\n".repeat(self.queued);
                self.tell(&format!("*{}\r\n{replies}", self.queued), id);
            }
            "subscribe" | "unsubscribe" | "psubscribe" => {
                let mut channels = words[1..].iter().peekable();
                while let Some(channel) = channels.next() {
                    let kind = name.len();
                    let push = format!(
                        ">3\r\n${kind}\r\n{name}\r\n${}\r\n{channel}\r\n:1\r\n",
                        channel.len()
                    );
                    let ends = channels.peek().is_none().then_some(id);
                    self.wire.push_back((push, ends));
                }
            }
            _ => {
                self.transaction &= name != "discard";
                self.tell("$1\r\nv\r\n", id);
            }
        }
    }

    fn tell(&mut self, reply: &str, id: u64) {
        self.wire.push_back((reply.to_owned(), Some(id)));
    }
}

fn command(words: &[&str]) -> Bytes {
    let mut frame = format!("*{}\r\n", words.len());
    for word in words {
        frame.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    frame.into()
}
