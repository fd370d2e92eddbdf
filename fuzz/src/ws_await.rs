//! The ws-await wire against serde_json.
//!
//! The scanner and serde_json's tree differ, rightly, in this:
//!
//! * Of several fields of the name the last counts, in both.
//! * The scanner looks into no value but the id: `1e999` and half a surrogate
//!   pair elsewhere in a message are the application's to refuse. As an id, a
//!   string that Rust cannot hold names no call of ours: it is a request.
//! * It does not recurse, so it reads at any depth.
//! * Of text that stops being JSON it keeps the id that came before the damage,
//!   so that the call fails at once; the tree has nothing then. Such an id must
//!   be JSON and be there, which is all that can be said.

use await_layer::{AwaitIdCodec, Head, JsonFrame, Peek, TextId, WsAsk, WsAwaitCodec};
use bytes::Bytes;

use crate::json;

/// Names that a user may choose: the usual one, and those that make the
/// scanner's short cuts hard.
const NAMES: [&str; 6] = ["awaitId", "id", "", "a\"b", "\u{e9}/", "\\u0061"];

/// What a peek must say: the string that the id is, if it is one, and its text.
type Id = (Option<String>, String);

/// One frame, in the ways in which it may be read.
pub fn check(how: u8, frame: &[u8]) {
    let name = NAMES[usize::from(how) % NAMES.len()];
    let codec = WsAwaitCodec::new().field(name).leave_await_id(how >= 128);
    let peeked = codec.clone().peek(&Bytes::copy_from_slice(frame));
    let mut stripped = Bytes::copy_from_slice(frame);
    strip(&codec, &mut stripped);
    let Ok(text) = std::str::from_utf8(frame) else {
        // Bytes that are no text stay, and only an id before them counts.
        assert_eq!(stripped, frame);
        return;
    };
    let mut owned = text.to_owned();
    assert_eq!(codec.clone().peek(&owned), peeked, "by the frame's type");
    strip(&codec, &mut owned);
    assert_eq!(owned.as_bytes(), stripped, "by the frame's type");
    match json::members(text) {
        Some(members) => {
            let id = id(&members, name);
            assert_eq!(said(&peeked), id, "{text:?}");
            let kept = match id {
                Some(_) if how < 128 => without(members, name),
                _ => members,
            };
            assert_eq!(json::members(&owned), Some(kept), "{text:?}");
        }
        None => {
            if let Some((_, id)) = said(&peeked) {
                assert!(text.contains(&id) && is_json(&id), "{text:?}");
            }
            assert!(owned.len() <= text.len());
        }
    }
    if let Peek::Either(_, ask) | Peek::Request(ask) = &peeked {
        answered(&codec, ask, name);
    }
    sealed(&codec, text, name);
}

/// With and without a peek before it, it does the same.
fn strip<F: JsonFrame + Clone + PartialEq>(codec: &WsAwaitCodec, frame: &mut F) {
    let mut unseen = frame.clone();
    AwaitIdCodec::<F>::strip(&mut codec.clone(), &mut unseen);
    let mut codec = codec.clone();
    let _ = codec.peek(frame);
    codec.strip(frame);
    assert!(*frame == unseen, "a peek changed what is stripped");
}

fn id(members: &json::Members<'_>, name: &str) -> Option<Id> {
    let id = json::last(members, name)?;
    let is_false = match json::value(id) {
        Some(value) => {
            value.is_null() || value == false || value == "" || value.as_f64() == Some(0.0)
        }
        None => false,
    };
    (!is_false).then(|| (json::string(id), id.to_owned()))
}

fn said(peeked: &Peek<TextId, WsAsk>) -> Option<Id> {
    match peeked {
        Peek::Either(id, ask) => Some((Some(id.as_str().to_owned()), ask.as_json().to_owned())),
        Peek::Request(ask) => Some((None, ask.as_json().to_owned())),
        Peek::Other => None,
        other => panic!("this wire knows no {other:?}"),
    }
}

fn without<'a>(members: json::Members<'a>, name: &str) -> json::Members<'a> {
    let mut members = members;
    members.retain(|(other, _)| other != name);
    members
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
}

/// A peer's id goes back byte for byte.
fn answered(codec: &WsAwaitCodec, ask: &WsAsk, name: &str) {
    let (mut owned, mut bytes) = ("{\"-\":1}".to_owned(), Bytes::from_static(b"{\"-\":1}"));
    codec.clone().seal(&mut owned, Head::Reply(ask)).unwrap();
    codec.clone().seal(&mut bytes, Head::Reply(ask)).unwrap();
    assert_eq!(owned.as_bytes(), bytes);
    let members = json::members(&owned).expect("what is sealed is JSON");
    let expected = [(name.to_owned(), ask.as_json()), ("-".to_owned(), "1")];
    assert_eq!(members, expected);
}

/// What can bear an id of ours bears it, and gives it back.
fn sealed(codec: &WsAwaitCodec, text: &str, name: &str) {
    let id = TextId::from("_\u{e9}\"1");
    let mut frame = text.to_owned();
    let result = codec.clone().seal(&mut frame, Head::Request(&id));
    let members = json::members(text);
    if let Some(members) = &members {
        assert_eq!(result.is_ok(), json::last(members, name).is_none());
    }
    if result.is_err() {
        assert_eq!(frame, text, "what is refused is as it was");
        return;
    }
    let Peek::Either(seen, _) = codec.clone().peek(&frame) else {
        panic!("{frame:?} has lost its id");
    };
    assert_eq!(seen, id);
    if members.is_some() {
        let codec = codec.clone().leave_await_id(false);
        strip(&codec, &mut frame);
        assert_eq!(json::members(&frame), members);
    }
}
