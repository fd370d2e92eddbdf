//! The DevTools protocol against serde_json, with calls that wait.
//!
//! Repeated fields, `null` ids and text that is none: as for JSON-RPC. Ids are
//! numbers of 32 bits.

use std::collections::HashMap;

use await_layer::{AwaitIdCodec, Head, Peek, Refusal};
use await_layer_protocols::cdp::{Ask, Codec};
use bytes::Bytes;

use crate::json;

/// What a frame is: with the id's text and the session.
#[derive(Debug, PartialEq)]
enum Is {
    Request(String, Option<String>),
    Reply(i32),
    Stray,
    Other,
}

/// Calls that wait before the first frame comes, and where they were made.
const CALLS: [(i32, Option<&str>); 4] = [(1, None), (7, Some("a")), (-5, Some("b")), (0, None)];

/// Frames one after the other, on one connection.
pub fn check(frames: &[&[u8]]) {
    let mut codec = Codec::default();
    let mut calls = HashMap::new();
    for (id, session) in CALLS {
        let mut frame = match session {
            Some(session) => format!(r#"{{"method":"m","sessionId":"{session}"}}"#),
            None => r#"{"method":"m"}"#.to_owned(),
        };
        codec.seal(&mut frame, Head::Request(&id)).unwrap();
        calls.insert(id, session);
    }
    for frame in frames {
        let bytes = Bytes::copy_from_slice(frame);
        let peeked = codec.peek(&bytes);
        let Ok(text) = std::str::from_utf8(frame) else {
            // It may have answered a call all the same.
            if let Peek::Reply(id) = peeked {
                calls.remove(&id);
            }
            continue;
        };
        let expected = expected(text, &calls);
        if let Is::Reply(id) = expected {
            calls.remove(&id);
        }
        let is = match peeked {
            Peek::Request(ask) => {
                let Is::Request(id, session) = &expected else {
                    panic!("a request: {text:?}, not {expected:?}");
                };
                answered(&ask, id, session.as_deref());
                continue;
            }
            Peek::Reply(id) => Is::Reply(id),
            Peek::Stray => Is::Stray,
            Peek::Other => Is::Other,
            other => panic!("this wire knows no {other:?}"),
        };
        assert_eq!(is, expected, "{text:?}");
    }
}

fn expected(text: &str, calls: &HashMap<i32, Option<&str>>) -> Is {
    let Some(members) = json::members(text) else {
        return Is::Other;
    };
    let field = |name| {
        let field = json::only(&members, name);
        field.map(|it| it.filter(|it| *it != "null"))
    };
    let (Ok(id), Ok(method), Ok(session)) = (field("id"), field("method"), field("sessionId"))
    else {
        return Is::Other;
    };
    let session = match session.map(json::string) {
        Some(None) => return Is::Other,
        session => session.flatten(),
    };
    match (id, method) {
        (None, _) => Is::Other,
        (Some(id), Some(_)) => Is::Request(id.to_owned(), session),
        (Some(id), None) => {
            let is_whole = id.bytes().all(|it| it.is_ascii_digit() || it == b'-');
            let number = json::value(id).and_then(|id| id.as_i64());
            // serde_json makes a fraction of it, since integers have one zero.
            let number = if id == "-0" { Some(0) } else { number };
            let number = number.filter(|_| is_whole).map(i32::try_from);
            let Some(Ok(id)) = number else {
                return Is::Stray;
            };
            match (calls.get(&id), &session) {
                (Some(asked), Some(session)) if *asked != Some(session) => Is::Stray,
                _ => Is::Reply(id),
            }
        }
    }
}

/// Id and session go back as they came.
fn answered(ask: &Ask, id: &str, session: Option<&str>) {
    let mut codec = Codec::default();
    let mut answer = r#"{"result":{}}"#.to_owned();
    codec.seal(&mut answer, Head::Reply(ask)).unwrap();
    let refusal: Option<String> = codec.refuse(ask, Refusal::Busy);
    for message in [answer, refusal.expect("it can be said")] {
        let members = json::members(&message).expect("what is sealed is JSON");
        assert_eq!(json::only(&members, "id").unwrap(), Some(id));
        let said = json::only(&members, "sessionId").unwrap();
        assert_eq!(said.and_then(json::string).as_deref(), session);
    }
}
