//! graphql-transport-ws: the session and the codec, at either end, against a
//! reading by serde_json's tree. A line is a message.
//!
//! `"type": {"ping": null}`, another way to write an enum, is read like
//! `"ping"`: no peer sends it, and nothing is said of it here.
#![no_main]

use std::collections::{HashSet, VecDeque};

use await_layer::{AwaitIdCodec, Head, Pack, Peek, Refusal, Staged, TextId};
use await_layer_fuzz::json;
use await_layer_protocols::graphql_ws::{Codec, Kind, Message, Messages, Operation, Session};
use await_layer_testkit::script::{self, Remote};
use futures::{FutureExt, SinkExt, StreamExt};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let Some((how, rest)) = bytes.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    let mut end = End::new(*how < 128);
    for line in text.split('\n') {
        if !end.hears(line) {
            return;
        }
    }
});

type Transport = Staged<script::Scripted<String, std::io::Error>, Session<String>>;

/// One end and what is known of it.
struct End {
    stage: Transport,
    remote: Remote<String, std::io::Error>,
    is_client: bool,
    is_ready: bool,
    /// Operations that want one result.
    single: HashSet<String>,
    /// Those that have had it.
    answered: VecDeque<String>,
}

/// What the other end is told, or what is delivered here.
#[derive(Debug, PartialEq)]
struct Seen {
    kind: String,
    id: Option<String>,
    payload: Option<Value>,
}

impl Seen {
    fn new(kind: &str, id: Option<String>) -> Self {
        Self {
            kind: kind.to_owned(),
            id,
            payload: None,
        }
    }
}

/// What becomes of a message: what is delivered and what is written.
struct Fate(Option<Seen>, Option<Seen>);

impl End {
    fn new(is_client: bool) -> Self {
        let (transport, remote) = script::scripted();
        let session = if is_client {
            Session::client()
        } else {
            Session::server()
        };
        Self {
            stage: Staged::new(transport, session),
            remote,
            is_client,
            is_ready: false,
            single: HashSet::new(),
            answered: VecDeque::new(),
        }
    }

    /// Whether the connection goes on.
    fn hears(&mut self, line: &str) -> bool {
        // The greeting, if it is the first time.
        let _ = self.stage.next().now_or_never();
        self.remote.take_written();
        let Some(read) = read(line) else { return false };
        let expected = read.and_then(|seen| self.expected(seen));
        self.remote.feed(line.to_owned());
        let got = self.stage.next().now_or_never().flatten();
        let Some(Fate(delivered, written)) = expected else {
            assert!(matches!(got, Some(Err(_))), "{line:?} is out of turn");
            return false;
        };
        let got = got.map(|it| it.unwrap_or_else(|error| panic!("{line:?}: {error}")));
        assert_eq!(got.as_ref().map(seen), delivered, "{line:?}");
        // What it owes for that leaves before it reads on.
        let more = self.stage.next().now_or_never();
        assert!(more.is_none(), "{line:?} is delivered twice");
        let told = self.remote.take_written();
        let told: Vec<_> = told.iter().map(|text| read_own(text)).collect();
        assert_eq!(told, Vec::from_iter(written), "{line:?}");
        if let Some(message) = got {
            check(&message);
        }
        if self.is_client && self.is_ready {
            self.ask(line);
        }
        true
    }

    fn expected(&mut self, mut seen: Seen) -> Option<Fate> {
        let id = seen.id.clone();
        match (seen.kind.as_str(), &id, self.is_client, self.is_ready) {
            ("ping", ..) => {
                seen.kind = "pong".to_owned();
                return Some(Fate(None, Some(seen)));
            }
            ("pong", ..) => return Some(Fate(None, None)),
            ("connection_ack", None, true, false) => self.is_ready = true,
            ("connection_init", None, false, false) => {
                self.is_ready = true;
                return Some(Fate(Some(seen), Some(Seen::new("connection_ack", None))));
            }
            ("next", Some(id), true, true) => {
                if self.single.remove(id) {
                    self.answered.push_back(id.clone());
                } else if self.is_answered(id) {
                    let complete = Seen::new("complete", Some(id.clone()));
                    return Some(Fate(None, Some(complete)));
                }
            }
            ("complete", Some(id), true, true) if self.is_answered(id) => {
                return Some(Fate(None, None));
            }
            ("error" | "complete", Some(id), true, true) => {
                self.single.remove(id);
            }
            ("subscribe", Some(_), false, true) => {}
            ("complete", Some(_), false, true) => seen.kind = "cancel".to_owned(),
            _ => return None,
        }
        Some(Fate(Some(seen), None))
    }

    fn is_answered(&mut self, id: &str) -> bool {
        let place = self.answered.iter().position(|it| it == id);
        place.is_some_and(|place| self.answered.remove(place).is_some())
    }

    /// An operation of ours, under an id that the peer may guess.
    fn ask(&mut self, line: &str) {
        let id = ["a", "b", ""][line.len() % 3];
        let single = line.len().is_multiple_of(2);
        if self.single.contains(id) || self.answered.iter().any(|it| it == id) {
            return;
        }
        let operation = match single {
            true => Operation::single("{ a }", ()),
            false => Operation::streamed("{ a }", ()),
        };
        let mut message = Messages.pack(&operation).unwrap();
        let head = TextId::from(id);
        Codec.seal(&mut message, Head::Request(&head)).unwrap();
        let sent = self.stage.send(message).now_or_never();
        sent.expect("the handshake is done").unwrap();
        if single {
            self.single.insert(id.to_owned());
        }
        let written = self.remote.take_written();
        let subscribe = read_own(&written[0]);
        assert_eq!(
            (subscribe.kind.as_str(), subscribe.id.as_deref()),
            ("subscribe", Some(id))
        );
    }
}

/// A message as serde_json has it: `Some(None)` for none of the protocol,
/// `None` for what nothing is said of.
fn read(text: &str) -> Option<Option<Seen>> {
    let Some(members) = json::members(text) else {
        return Some(None);
    };
    let only = |name| json::only(&members, name);
    let (Ok(id), Ok(Some(kind)), Ok(payload)) = (only("id"), only("type"), only("payload")) else {
        return Some(None);
    };
    if kind.starts_with('{') {
        return None;
    }
    let id = match id.filter(|it| *it != "null").map(json::string) {
        Some(None) => return Some(None),
        id => id.flatten(),
    };
    let payload = match payload.filter(|it| *it != "null").map(json::value) {
        // What Rust cannot hold goes through as it is.
        Some(None) => return None,
        payload => payload.flatten(),
    };
    let known = [
        "connection_init",
        "connection_ack",
        "ping",
        "pong",
        "subscribe",
        "next",
        "error",
        "complete",
    ];
    let kind = json::string(kind).filter(|it| known.contains(&it.as_str()));
    Some(kind.map(|kind| Seen { kind, id, payload }))
}

fn read_own(text: &str) -> Seen {
    read(text).flatten().expect("what is written is a message")
}

fn seen(message: &Message) -> Seen {
    let id = match Codec.peek(message) {
        Peek::Request(id) | Peek::Reply(id) | Peek::Part(id) | Peek::End(id) | Peek::Cancel(id) => {
            Some(id.as_str().to_owned())
        }
        _ => None,
    };
    let kind = match message.kind() {
        Kind::ConnectionInit => "connection_init",
        Kind::ConnectionAck => "connection_ack",
        Kind::Ping => "ping",
        Kind::Pong => "pong",
        Kind::Subscribe => "subscribe",
        Kind::Next => "next",
        Kind::Error => "error",
        Kind::Complete => "complete",
        Kind::Cancel => "cancel",
        other => panic!("{other:?} is new"),
    };
    Seen {
        kind: kind.to_owned(),
        id,
        payload: message.payload().map(|it| json::value(it).expect("JSON")),
    }
}

/// The codec says what the kind says, and gives the id back.
fn check(message: &Message) {
    match (message.kind(), Codec.peek(message)) {
        (Kind::Subscribe, Peek::Request(ask)) => {
            let refusal = Codec.refuse(&ask, Refusal::Busy).expect("it can be said");
            assert_eq!(Codec.peek(&refusal), Peek::Reply(ask.clone()));
            let end = Codec.end(&ask).expect("streams end");
            assert_eq!(Codec.peek(&end), Peek::End(ask));
        }
        (Kind::Next, Peek::Reply(_) | Peek::Part(_))
        | (Kind::Error, Peek::Reply(_))
        | (Kind::Complete, Peek::End(_))
        | (Kind::Cancel, Peek::Cancel(_))
        | (Kind::ConnectionInit | Kind::ConnectionAck, Peek::Other) => {}
        (kind, peek) => panic!("{kind:?} is peeked at as {peek:?}"),
    }
    let mut stripped = message.clone();
    Codec.strip(&mut stripped);
    assert_eq!(Codec.peek(&stripped), Peek::Other);
    assert_eq!(stripped.payload(), message.payload());
}
