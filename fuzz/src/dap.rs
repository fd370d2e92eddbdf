//! The Debug Adapter Protocol against serde_json, with cancels under way.
//!
//! Repeated fields and text that is none: as for JSON-RPC. Numbers are whole:
//! `7.0` is none. An array in the place of a body or of arguments is read like
//! an object with its fields in order, which no peer sends: nothing is said of
//! it here.

use std::collections::BTreeSet;

use await_layer::{AwaitIdCodec, Head, Peek, Protocol, Refusal};
use await_layer_protocols::dap::{Ask, Codec, Dap};
use bytes::Bytes;

use crate::json::{self, Members};

/// As many cancels are remembered.
const MAX_CANCELS: usize = 64;

#[derive(Debug, PartialEq)]
enum Is {
    /// With its command.
    Request(i64, String),
    /// Of this request.
    Cancel(i64),
    Reply(i64),
    Stray,
    Skip,
    Other,
}

#[derive(Default)]
struct Model {
    cancellable: bool,
    cancels: BTreeSet<i64>,
    /// The number that the next message of ours takes.
    next: i64,
}

/// Frames one after the other, on one connection; after each a call is given
/// up.
pub fn check(frames: &[&[u8]]) {
    let (_, mut codec, _) = Dap::<Bytes>::new().into_parts();
    let mut model = Model {
        next: 1,
        ..Model::default()
    };
    for frame in frames {
        let bytes = Bytes::copy_from_slice(frame);
        let peeked = codec.peek(&bytes);
        let Ok(text) = std::str::from_utf8(frame) else {
            // What it may have changed is not known.
            return;
        };
        let Some(expected) = model.read(text) else {
            return;
        };
        let is = match peeked {
            Peek::Request(ask) => {
                let Is::Request(seq, command) = &expected else {
                    panic!("a request: {text:?}, not {expected:?}");
                };
                answered(&ask, *seq, command);
                continue;
            }
            Peek::Cancel(ask) => {
                let Is::Cancel(seq) = &expected else {
                    panic!("a cancel: {text:?}, not {expected:?}");
                };
                answered(&ask, *seq, "");
                continue;
            }
            Peek::Reply(id) => Is::Reply(id),
            Peek::Stray => Is::Stray,
            Peek::Skip => Is::Skip,
            Peek::Other => Is::Other,
            other => panic!("this wire knows no {other:?}"),
        };
        assert_eq!(is, expected, "{text:?}");
        model.give_up(&mut codec);
    }
}

/// A number; `Err` for what is there and is none.
fn number(members: &Members<'_>, name: &str) -> Result<Option<i64>, ()> {
    let field = json::only(members, name).map_err(drop)?;
    match field.filter(|it| *it != "null") {
        None => Ok(None),
        Some(number) => match json::value(number).and_then(|it| it.as_i64()) {
            Some(number) => Ok(Some(number)),
            None => Err(()),
        },
    }
}

impl Model {
    /// `None` of what nothing is said of.
    fn read(&mut self, text: &str) -> Option<Is> {
        let Some(members) = json::members(text) else {
            return Some(Is::Other);
        };
        let only = |name| json::only(&members, name).map_err(drop);
        let (Ok(seq), Ok(answers)) = (number(&members, "seq"), number(&members, "request_seq"))
        else {
            return Some(Is::Other);
        };
        let (Ok(Some(kind)), Ok(command)) = (only("type"), only("command")) else {
            return Some(Is::Other);
        };
        let command = command.filter(|it| *it != "null").map(json::string);
        let (Some(kind), None | Some(Some(_))) = (json::string(kind), &command) else {
            return Some(Is::Other);
        };
        let command = command.flatten();
        Some(match (kind.as_str(), command) {
            ("response", command) => {
                if command.as_deref() == Some("initialize") {
                    self.learn(&members)?;
                }
                match answers {
                    Some(seq) if self.cancels.remove(&seq) => Is::Skip,
                    Some(seq) => Is::Reply(seq),
                    None => Is::Stray,
                }
            }
            ("request", Some(command)) if command == "cancel" => {
                let arguments = only("arguments").unwrap_or_default();
                if arguments.is_some_and(|it| it.starts_with('[')) {
                    return None;
                }
                let arguments = arguments.and_then(json::members);
                let named = arguments.and_then(|it| number(&it, "requestId").ok().flatten());
                match (named, seq) {
                    (Some(named), _) => Is::Cancel(named),
                    (None, Some(seq)) => Is::Request(seq, command),
                    (None, None) => Is::Skip,
                }
            }
            ("request", Some(command)) => match seq {
                Some(seq) => Is::Request(seq, command),
                None => Is::Other,
            },
            _ => Is::Other,
        })
    }

    /// What the reply to `initialize` says; a body that is not as it should be
    /// changes nothing.
    fn learn(&mut self, members: &Members<'_>) -> Option<()> {
        let Ok(Some(body)) = json::only(members, "body") else {
            return Some(());
        };
        if body.starts_with('[') {
            return None;
        }
        let Some(body) = json::members(body) else {
            return Some(());
        };
        match json::only(&body, "supportsCancelRequest") {
            Ok(None) => self.cancellable = false,
            Ok(Some("true")) => self.cancellable = true,
            Ok(Some("false")) => self.cancellable = false,
            _ => {}
        }
        Some(())
    }

    fn give_up(&mut self, codec: &mut Codec) {
        let cancel: Option<String> = codec.cancel(&3);
        assert_eq!(cancel.is_some(), self.cancellable);
        let Some(cancel) = cancel else { return };
        let members = json::members(&cancel).expect("what is sealed is JSON");
        assert_eq!(number(&members, "seq"), Ok(Some(self.next)));
        self.cancels.insert(self.next);
        if self.cancels.len() > MAX_CANCELS {
            self.cancels.pop_first();
        }
        self.next += 1;
    }
}

/// Number and command go back as they came.
fn answered(ask: &Ask, seq: i64, command: &str) {
    let (_, mut codec, _) = Dap::<String>::new().into_parts();
    let mut answer = r#"{"success":true}"#.to_owned();
    codec.seal(&mut answer, Head::Reply(ask)).unwrap();
    let refusal: Option<String> = codec.refuse(ask, Refusal::Busy);
    for (own, message) in [answer, refusal.expect("it can be said")]
        .iter()
        .enumerate()
    {
        let members = json::members(message).expect("what is sealed is JSON");
        assert_eq!(number(&members, "seq"), Ok(Some(own as i64 + 1)));
        assert_eq!(number(&members, "request_seq"), Ok(Some(seq)));
        let said = json::only(&members, "command").unwrap();
        assert_eq!(said.and_then(json::string).as_deref(), Some(command));
    }
}
