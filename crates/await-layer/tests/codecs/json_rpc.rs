//! JSON-RPC 2.0 as LSP and MCP use it: both ends ask, error replies fail the
//! call, notifications pass through, and a cancel is a notification.

use std::borrow::Cow;

use await_layer::{AwaitIdCodec, Head, IdGenerator, JsonNumberIds, Pack, Packer, Peek};
use await_layer::{Protocol, Refusal, SealError, Slot, Unpack};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

pub(super) struct JsonRpc;

#[derive(Debug, Deserialize, PartialEq)]
pub(super) struct Remote {
    code: i64,
    message: String,
}

#[derive(Debug)]
pub(super) enum Failure {
    /// What the peer answered.
    Remote(Remote),
    /// Not what JSON-RPC or the caller expects.
    Body,
}

/// A request or a notification.
pub(super) struct Method<'a>(pub(super) &'a str, pub(super) Value);

/// What a handler answers.
pub(super) struct Answer(pub(super) Result<Value, (i64, &'static str)>);

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct CancelParams<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
}

impl Packer for JsonRpc {
    type Error = Failure;
}

impl Pack<String, Method<'_>> for JsonRpc {
    fn pack(&self, Method(method, params): &Method<'_>) -> Result<String, Failure> {
        Ok(json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string())
    }
}

impl Pack<String, Answer> for JsonRpc {
    fn pack(&self, answer: &Answer) -> Result<String, Failure> {
        Ok(match &answer.0 {
            Ok(result) => json!({ "jsonrpc": "2.0", "result": result }),
            Err((code, message)) => {
                json!({ "jsonrpc": "2.0", "error": { "code": code, "message": message } })
            }
        }
        .to_string())
    }
}

impl<T: DeserializeOwned> Unpack<String, T> for JsonRpc {
    fn unpack(&self, frame: String) -> Result<T, Failure> {
        #[derive(Deserialize)]
        struct Reply<'a> {
            #[serde(borrow)]
            result: Option<&'a RawValue>,
            error: Option<Remote>,
        }
        let reply: Reply<'_> = serde_json::from_str(&frame).map_err(|_| Failure::Body)?;
        match reply.error {
            Some(error) => Err(Failure::Remote(error)),
            None => {
                let result = reply.result.map_or("null", RawValue::get);
                serde_json::from_str(result).map_err(|_| Failure::Body)
            }
        }
    }
}

impl AwaitIdCodec<String> for JsonRpc {
    type Id = u64;
    /// The id's JSON text.
    type Ask = String;

    fn peek(&mut self, frame: &String) -> Peek<u64, String> {
        // serde reads a struct out of an array too.
        let object = frame.trim_start().starts_with('{');
        let Ok(Envelope { id, method, params }) = serde_json::from_str(frame) else {
            return Peek::Other;
        };
        if !object {
            return Peek::Other;
        }
        match (method.as_deref(), id.map(RawValue::get)) {
            (Some(_), Some(id)) => Peek::Request(id.to_owned()),
            (Some("$/cancelRequest"), None) => {
                match params.map(|params| serde_json::from_str(params.get())) {
                    Some(Ok(CancelParams { id })) => Peek::Cancel(id.get().to_owned()),
                    _ => Peek::Skip,
                }
            }
            // 7 is ours, "7" and 7.0 are not.
            (None, Some(id)) => id.parse().map_or(Peek::Stray, Peek::Reply),
            _ => Peek::Other,
        }
    }

    fn seal(&mut self, frame: &mut String, head: Head<'_, u64, String>) -> Result<(), SealError> {
        let id = match head {
            Head::Request(id) => id.to_string(),
            Head::Reply(ask) => ask.clone(),
            Head::Part(_) => return Err(SealError::new("no streamed replies: reply once")),
            Head::Plain => return Ok(()),
        };
        match frame.strip_prefix('{') {
            Some(rest) => *frame = format!("{{\"id\":{id},{rest}"),
            None => return Err(SealError::new("not an object: pack a method or an answer")),
        }
        Ok(())
    }

    fn cancel(&mut self, id: &u64) -> Option<String> {
        let method = Method("$/cancelRequest", json!({ "id": id }));
        self.pack(&method).ok()
    }

    fn refuse(&mut self, ask: &String, why: Refusal) -> Option<String> {
        let error = match why {
            Refusal::Cancelled => (-32800, "cancelled"),
            Refusal::Duplicate => (-32600, "an id in use"),
            _ => (-32000, "busy"),
        };
        let mut frame = self.pack(&Answer(Err(error))).ok()?;
        self.seal(&mut frame, Head::Reply(ask)).ok()?;
        Some(frame)
    }

    fn size(frame: &String) -> usize {
        frame.len()
    }
}

impl Protocol for JsonRpc {
    type Frame = String;
    type Packer = Self;
    type Codec = Self;
    type Ids = JsonNumberIds;

    fn into_parts(self) -> (Self, Self, JsonNumberIds) {
        (Self, Self, JsonNumberIds)
    }
}

fn sealed(mut frame: String, head: Head<'_, u64, String>) -> String {
    JsonRpc.seal(&mut frame, head).unwrap();
    frame
}

fn asked(frame: &str) -> String {
    match JsonRpc.peek(&frame.to_owned()) {
        Peek::Request(ask) => ask,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_and_its_answer() {
    let packed = JsonRpc.pack(&Method("add", json!([1, 2]))).unwrap();
    let request = sealed(packed, Head::Request(&7));
    let tree: Value = serde_json::from_str(&request).unwrap();
    assert_eq!(
        tree,
        json!({ "jsonrpc": "2.0", "id": 7, "method": "add", "params": [1, 2] })
    );
    let packed = JsonRpc.pack(&Answer(Ok(3.into()))).unwrap();
    let reply = sealed(packed, Head::Reply(&asked(&request)));
    assert_eq!(JsonRpc.peek(&reply), Peek::Reply(7));
    let sum: u32 = JsonRpc.unpack(reply).unwrap();
    assert_eq!(sum, 3);
}

#[test]
fn an_error_reply_fails_the_call_with_what_the_peer_said() {
    let packed = JsonRpc
        .pack(&Answer(Err((-32601, "no such method"))))
        .unwrap();
    let reply = sealed(packed, Head::Reply(&"7".to_owned()));
    assert_eq!(JsonRpc.peek(&reply), Peek::Reply(7));
    let failed: Result<u32, _> = JsonRpc.unpack(reply);
    let message = "no such method".to_owned();
    let code = -32601;
    assert!(matches!(failed, Err(Failure::Remote(remote)) if remote == Remote { code, message }));
}

#[test]
fn a_null_result_is_a_result_and_a_wrong_one_an_error() {
    let reply = || r#"{"id":7,"result":null}"#.to_owned();
    let nothing: Result<(), _> = JsonRpc.unpack(reply());
    assert!(nothing.is_ok());
    let number: Result<u32, _> = JsonRpc.unpack(reply());
    assert!(matches!(number, Err(Failure::Body)));
}

#[test]
fn the_peer_s_ids_are_echoed_byte_for_byte() {
    for id in ["7", "7.0", r#""7""#, "9007199254740993", r#""""#] {
        let ask = asked(&format!(r#"{{"method":"x","id":{id}}}"#));
        let packed = JsonRpc.pack(&Answer(Ok(Value::Null))).unwrap();
        let reply = sealed(packed, Head::Reply(&ask));
        assert!(reply.starts_with(&format!(r#"{{"id":{id},"#)));
    }
}

#[test]
fn a_method_makes_a_request_whatever_else_is_there() {
    let odd = r#"{"id":7,"method":"x","result":1}"#.to_owned();
    assert_eq!(JsonRpc.peek(&odd), Peek::Request("7".to_owned()));
}

#[test]
fn notifications_pass_through_unchanged() {
    let packed = JsonRpc
        .pack(&Method("log", json!({ "text": "hi" })))
        .unwrap();
    let notification = sealed(packed.clone(), Head::Plain);
    assert_eq!(notification, packed);
    assert_eq!(JsonRpc.peek(&notification), Peek::Other);
}

#[test]
fn cancels_and_refusals_name_the_request() {
    let cancel = JsonRpc.cancel(&7).unwrap();
    assert_eq!(JsonRpc.peek(&cancel), Peek::Cancel("7".to_owned()));
    for (why, code) in [(Refusal::Busy, -32000), (Refusal::Cancelled, -32800)] {
        let refusal = JsonRpc.refuse(&"7".to_owned(), why).unwrap();
        assert_eq!(JsonRpc.peek(&refusal), Peek::Reply(7));
        let failed: Result<(), _> = JsonRpc.unpack(refusal);
        assert!(matches!(failed, Err(Failure::Remote(remote)) if remote.code == code));
    }
}

#[test]
fn what_names_no_call_passes_through() {
    for text in [
        "",
        "[7,null,null]",
        r#"[{"id":7,"result":1}]"#,
        r#"{"id":null,"error":{"code":-32700,"message":"parse"}}"#,
    ] {
        assert_eq!(JsonRpc.peek(&text.to_owned()), Peek::Other, "{text}");
    }
    for text in [
        r#"{"id":"7","result":1}"#,
        r#"{"id":7.0,"result":1}"#,
        r#"{"id":-1,"result":1}"#,
    ] {
        assert_eq!(JsonRpc.peek(&text.to_owned()), Peek::Stray, "{text}");
    }
    let mut frame = "[1]".to_owned();
    assert!(JsonRpc.seal(&mut frame, Head::Request(&7)).is_err());
    assert_eq!(frame, "[1]");
}

#[test]
fn the_three_parts_make_a_protocol() {
    let (packer, mut codec, mut ids) = JsonRpc.into_parts();
    let id = ids.next(Slot { index: 0, turn: 0 }).unwrap();
    let mut frame = packer.pack(&Method("x", Value::Null)).unwrap();
    codec.seal(&mut frame, Head::Request(&id)).unwrap();
    assert_eq!(asked(&frame), id.to_string());
}
