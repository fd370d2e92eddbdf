//! What a message is, and what an id does to it.

use await_layer::{AwaitIdCodec, Head, Pack, Peek, Refusal, TextId, Unpack};
use await_layer_protocols::json_rpc::{
    Codec, Dialect, ErrorObject, Failure, Messages, Method, Outcome, Received,
};
use await_layer_protocols::{lsp, mcp};
use serde_json::{Value, json};

type Lsp = Codec<lsp::Requests>;
type Mcp = Codec<mcp::Requests>;

fn peek(text: &str) -> Peek<u64, TextId> {
    Lsp::default().peek(&text.to_owned())
}

fn sealed(mut frame: String, head: Head<'_, u64, TextId>) -> String {
    let mut codec = Lsp::default();
    codec.seal(&mut frame, head).unwrap();
    frame
}

fn packed<P: serde::Serialize>(method: &str, params: P) -> String {
    Messages.pack(&Method(method, params)).unwrap()
}

fn json(frame: &str) -> Value {
    serde_json::from_str(frame).unwrap()
}

#[test]
fn a_call_and_its_answer() {
    let request = sealed(packed("add", [1, 2]), Head::Request(&7));
    let expected = json!({ "jsonrpc": "2.0", "id": 7, "method": "add", "params": [1, 2] });
    assert_eq!(json(&request), expected);
    let Peek::Request(ask) = peek(&request) else {
        panic!("no request: {request}");
    };
    let received: Received = Messages.unpack(request).unwrap();
    assert_eq!(received.method, "add");
    assert_eq!(received.params::<[u8; 2]>().unwrap(), [1, 2]);
    assert_eq!(received.params::<bool>().unwrap_err().code, -32602);

    let reply = Messages.pack(&Outcome::Ok(3)).unwrap();
    let reply = sealed(reply, Head::Reply(&ask));
    assert_eq!(
        json(&reply),
        json!({ "jsonrpc": "2.0", "id": 7, "result": 3 })
    );
    assert_eq!(peek(&reply), Peek::Reply(7));
    let sum: u32 = Messages.unpack(reply).unwrap();
    assert_eq!(sum, 3);
}

#[test]
fn no_parameters_are_left_out_and_a_null_result_is_not() {
    let none = json!({ "jsonrpc": "2.0", "method": "shutdown" });
    assert_eq!(json(&packed("shutdown", ())), none);
    let received: Received = Messages.unpack(packed("shutdown", ())).unwrap();
    assert!(received.params::<()>().is_ok());
    let nothing: String = Messages.pack(&Outcome::Ok(())).unwrap();
    assert_eq!(json(&nothing), json!({ "jsonrpc": "2.0", "result": null }));
}

#[test]
fn an_error_reply_fails_the_call_with_what_the_peer_said() {
    let mut error = ErrorObject::new(-32601, "no such method");
    error.data = Some(json!({ "did you mean": "sum" }));
    let reply: String = Messages.pack(&Outcome::<()>::Err(error.clone())).unwrap();
    let reply = sealed(reply, Head::Reply(&"7".into()));
    assert_eq!(peek(&reply), Peek::Reply(7));
    let failed: Result<u32, Failure> = Messages.unpack(reply);
    assert!(matches!(failed, Err(Failure::Remote(remote)) if remote == error));
}

#[test]
fn a_null_result_is_a_result_and_a_wrong_one_an_error_without_payload() {
    let nothing: Result<(), _> = Messages.unpack(r#"{"id":7,"result":null}"#.to_owned());
    assert!(nothing.is_ok());
    let number: Result<u32, _> = Messages.unpack(r#"{"id":7,"result":"secret"}"#.to_owned());
    let error = number.unwrap_err();
    assert!(matches!(error, Failure::Body(_)));
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[test]
fn the_peer_s_ids_are_echoed_byte_for_byte() {
    for id in ["7", "7.0", r#""7""#, "9007199254740993", r#""""#, "0", "-7"] {
        let Peek::Request(ask) = peek(&format!(r#"{{"method":"x","id":{id}}}"#)) else {
            panic!("no request: {id}");
        };
        let reply = Messages.pack(&Outcome::Ok(Value::Null)).unwrap();
        let reply = sealed(reply, Head::Reply(&ask));
        assert!(reply.starts_with(&format!(r#"{{"id":{id},"#)), "{reply}");
    }
}

#[test]
fn frames_of_bytes_are_read_and_written_alike() {
    let mut codec = Codec::<lsp::Requests>::default();
    let mut frame: bytes::Bytes = Messages.pack(&Method("x", ())).unwrap();
    codec.seal(&mut frame, Head::Request(&1)).unwrap();
    assert_eq!(codec.peek(&frame), Peek::Request("1".into()));
    let broken = bytes::Bytes::from_static(b"{\"id\":1,\"result\":\"\xff\"}");
    assert_eq!(codec.peek(&broken), Peek::Reply(1));
    let failed: Result<String, _> = Messages.unpack(broken);
    assert!(matches!(failed, Err(Failure::Body(_))));
}

#[test]
fn a_method_makes_a_request_whatever_else_is_there() {
    let odd = r#"{"id":7,"method":"x","result":1}"#;
    assert_eq!(peek(odd), Peek::Request("7".into()));
}

#[test]
fn notifications_pass_through_unchanged() {
    let note = packed("log", json!({ "text": "hi" }));
    assert_eq!(sealed(note.clone(), Head::Plain), note);
    assert_eq!(peek(&note), Peek::Other);
}

#[test]
fn what_names_no_call_of_ours_ends_none() {
    for text in [
        "",
        "[7,null,null]",
        r#"[{"id":7,"result":1}]"#,
        r#"{"id":null,"error":{"code":-32700,"message":"parse"}}"#,
        r#"{"result":1}"#,
    ] {
        assert_eq!(peek(text), Peek::Other, "{text}");
    }
    for id in [r#""7""#, "7.0", "-1", "18446744073709551616", "[7]", "7e0"] {
        let text = format!(r#"{{"id":{id},"result":1}}"#);
        assert_eq!(peek(&text), Peek::Stray, "{text}");
    }
}

#[test]
fn only_an_object_with_fields_carries_an_id() {
    for text in ["[1]", "{}", "", "7"] {
        let mut frame = text.to_owned();
        let mut codec = Lsp::default();
        assert!(codec.seal(&mut frame, Head::Request(&7)).is_err());
        assert_eq!(frame, text);
    }
}

#[test]
fn each_dialect_withdraws_requests_in_its_own_words() {
    let cancel: String = Lsp::default().cancel(&7).unwrap();
    let expected = json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": 7 } });
    assert_eq!(json(&cancel), expected);
    assert_eq!(peek(&cancel), Peek::Cancel("7".into()));

    let mut mcp = Mcp::default();
    let cancel: String = mcp.cancel(&7).unwrap();
    assert_eq!(json(&cancel)["params"], json!({ "requestId": 7 }));
    assert_eq!(mcp.peek(&cancel), Peek::Cancel("7".into()));
    let text = r#"{"method":"notifications/cancelled","params":{"requestId":"a","reason":"b"}}"#;
    assert_eq!(mcp.peek(&text.to_owned()), Peek::Cancel("\"a\"".into()));
    assert!(AwaitIdCodec::<String>::answers_cancelled(&Lsp::default()));
    assert!(!AwaitIdCodec::<String>::answers_cancelled(&mcp));

    let mut plain = <Codec>::default();
    assert!(AwaitIdCodec::<String>::cancel(&mut plain, &7).is_none());
    assert_eq!(
        AwaitIdCodec::<String>::peek(&mut plain, &cancel),
        Peek::Other
    );
}

/// MCP forbids it, and LSP any message before the answer has come.
#[test]
fn the_handshake_is_not_withdrawn() {
    fn cancels<D: Dialect>(method: &str) -> bool {
        let mut codec = Codec::<D>::default();
        for (id, method) in [(7, method), (8, "other")] {
            let mut frame = packed(method, ());
            codec.seal(&mut frame, Head::Request(&id)).unwrap();
        }
        AwaitIdCodec::<String>::cancel(&mut codec, &7).is_some()
    }
    assert!(!cancels::<lsp::Requests>("initialize"));
    assert!(!cancels::<mcp::Requests>("initialize"));
    assert!(cancels::<lsp::Requests>("initialize/2"));
    assert!(cancels::<mcp::Requests>("tools/call"));
}

#[test]
fn a_cancel_that_names_nothing_is_noise() {
    for params in ["", r#","params":{}"#, r#","params":[7]"#, r#","params":7"#] {
        let text = format!(r#"{{"method":"$/cancelRequest"{params}}}"#);
        assert_eq!(peek(&text), Peek::Skip, "{text}");
    }
}

#[test]
fn a_cancel_may_write_its_names_with_escapes() {
    for params in [r#"{"\u0069d":1}"#, r#"{"id":1,"\"":2}"#] {
        let text = format!(r#"{{"method":"$/cancelRequest","params":{params}}}"#);
        assert_eq!(peek(&text), Peek::Cancel("1".into()), "{text}");
    }
}

#[test]
fn refusals_name_the_request_and_the_reason() {
    let mut codec = Lsp::default();
    for (why, code) in [
        (Refusal::Busy, -32000),
        (Refusal::Dropped, -32603),
        (Refusal::Cancelled, -32800),
    ] {
        let refusal: String = codec.refuse(&"7".into(), why).unwrap();
        assert_eq!(codec.peek(&refusal), Peek::Reply(7));
        let failed: Result<(), _> = Messages.unpack(refusal);
        assert!(matches!(failed, Err(Failure::Remote(remote)) if remote.code == code));
    }
    let twice: Option<String> = codec.refuse(&"7".into(), Refusal::Duplicate);
    assert!(
        twice.is_none(),
        "it would end the first request at the peer"
    );
}
