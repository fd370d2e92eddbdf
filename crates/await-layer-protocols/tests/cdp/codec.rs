//! What a message is, and what an id and a session do to it.

use await_layer::{AwaitIdCodec, Head, Pack, Peek, Refusal, Unpack};
use await_layer_protocols::cdp::{
    Ask, Codec, ErrorObject, Failure, InSession, Messages, Method, Outcome, Received,
};
use serde_json::{Value, json};

fn json(frame: &str) -> Value {
    serde_json::from_str(frame).unwrap()
}

fn peek(codec: &mut Codec, message: &Value) -> Peek<i32, Ask> {
    codec.peek(&message.to_string())
}

/// A codec that has asked, in a session or in none.
fn asked(id: i32, session: Option<&str>) -> Codec {
    let mut codec = Codec::default();
    let method = Method("Page.reload", ());
    let mut frame: String = match session {
        Some(session) => Messages.pack(&InSession(session, method)).unwrap(),
        None => Messages.pack(&method).unwrap(),
    };
    codec.seal(&mut frame, Head::Request(&id)).unwrap();
    codec
}

#[test]
fn a_command_and_its_answer_in_a_session() {
    let mut tool = Codec::default();
    let command = InSession("a\"b", Method("DOM.focus", json!({ "nodeId": 3 })));
    let mut frame: String = Messages.pack(&command).unwrap();
    tool.seal(&mut frame, Head::Request(&-7)).unwrap();
    let expected = json!({
        "id": -7, "sessionId": "a\"b", "method": "DOM.focus", "params": { "nodeId": 3 },
    });
    assert_eq!(json(&frame), expected);

    let mut browser = Codec::default();
    let Peek::Request(ask) = browser.peek(&frame) else {
        panic!("no request: {frame}");
    };
    let received: Received = Messages.unpack(frame).unwrap();
    assert_eq!(received.session.as_deref(), Some("a\"b"));
    assert_eq!(received.method, "DOM.focus");
    assert_eq!(received.params::<Value>().unwrap(), json!({ "nodeId": 3 }));
    assert_eq!(received.params::<bool>().unwrap_err().code, -32602);

    let mut reply: String = Messages.pack(&Outcome::Ok(json!({}))).unwrap();
    browser.seal(&mut reply, Head::Reply(&ask)).unwrap();
    let expected = json!({ "id": -7, "sessionId": "a\"b", "result": {} });
    assert_eq!(json(&reply), expected);
    assert_eq!(tool.peek(&reply), Peek::Reply(-7));
    let result: Value = Messages.unpack(reply).unwrap();
    assert_eq!(result, json!({}));
}

#[test]
fn no_parameters_and_no_session_are_left_out() {
    let frame: String = Messages.pack(&Method("Runtime.enable", ())).unwrap();
    assert_eq!(json(&frame), json!({ "method": "Runtime.enable" }));
    let received: Received = Messages.unpack(frame).unwrap();
    assert_eq!(received.session, None);
    received.params::<()>().unwrap();
}

#[test]
fn a_reply_from_another_session_ends_no_call_and_one_from_the_right_one_does() {
    for (session, other) in [
        (None, json!("a")),
        (Some("a"), json!("b")),
        (Some("a"), json!("")),
    ] {
        let mut codec = asked(7, session);
        let stray = json!({ "id": 7, "result": {}, "sessionId": other });
        assert_eq!(peek(&mut codec, &stray), Peek::Stray);
        let reply = json!({ "id": 7, "result": {}, "sessionId": session });
        assert_eq!(peek(&mut codec, &reply), Peek::Reply(7));
    }
}

#[test]
fn a_reply_without_a_session_answers_for_all() {
    let mut codec = asked(7, Some("gone"));
    let error = json!({ "id": 7, "error": { "code": -32001, "message": "not found" } });
    assert_eq!(peek(&mut codec, &error), Peek::Reply(7));
}

#[test]
fn what_is_remembered_goes_with_the_reply_and_with_the_call() {
    let reply = json!({ "id": 7, "result": {}, "sessionId": "a" });
    let mut codec = asked(7, Some("a"));
    assert_eq!(format!("{codec:?}"), "Codec { asked: 1 }");
    peek(&mut codec, &reply);
    assert_eq!(format!("{codec:?}"), "Codec { asked: 0 }");
    let mut codec = asked(7, Some("a"));
    let cancel: Option<String> = codec.cancel(&7);
    assert_eq!(cancel, None, "there is nothing to say");
    assert_eq!(format!("{codec:?}"), "Codec { asked: 0 }");
}

#[test]
fn calls_that_the_codec_never_hears_of_again_cost_no_more_than_so_much() {
    let mut codec = Codec::default();
    for id in 0..100_000 {
        let mut frame: String = Messages.pack(&Method("x", ())).unwrap();
        codec.seal(&mut frame, Head::Request(&id)).unwrap();
    }
    let held = format!("{codec:?}");
    let held = held.trim_matches(|it: char| !it.is_ascii_digit());
    assert!(held.parse::<usize>().unwrap() <= 16_384, "{held}");
    let reply = json!({ "id": 0, "result": {}, "sessionId": "any" });
    assert_eq!(peek(&mut codec, &reply), Peek::Reply(0));
}

#[test]
fn two_sessions_may_use_one_id_at_once() {
    let mut codec = Codec::default();
    let mut asks = Vec::new();
    for session in ["a", "b"] {
        let command = json!({ "id": 4, "method": "x", "sessionId": session });
        let Peek::Request(ask) = peek(&mut codec, &command) else {
            panic!("no request");
        };
        asks.push(ask);
    }
    assert_ne!(asks[0], asks[1]);
}

#[test]
fn events_and_errors_without_an_id_pass_through() {
    let mut codec = asked(7, None);
    let event = json!({ "method": "Page.loaded", "params": {}, "sessionId": "a" });
    assert_eq!(peek(&mut codec, &event), Peek::Other);
    let received: Received = Messages.unpack(event.to_string()).unwrap();
    assert_eq!(received.session.as_deref(), Some("a"));

    let error = json!({ "error": { "code": -32700, "message": "no JSON" } });
    assert_eq!(peek(&mut codec, &error), Peek::Other);
    let failed: Result<Received, _> = Messages.unpack(error.to_string());
    assert!(matches!(failed, Err(Failure::Remote(error)) if error.code == -32700));
    let failed: Result<Received, _> = Messages.unpack("{}".to_owned());
    assert!(matches!(failed, Err(Failure::Body(_))));
}

#[test]
fn replies_to_nothing_of_ours_are_strays() {
    for id in ["\"7\"", "7.0", "2147483648", "-2147483649", "[7]", "{}"] {
        let text = format!(r#"{{"id":{id},"result":{{}}}}"#);
        assert_eq!(Codec::default().peek(&text), Peek::Stray, "{text}");
    }
    for text in ["", "[]", "7", "{", r#"{"id":1,"id":2,"result":{}}"#] {
        assert_eq!(Codec::default().peek(&text.to_owned()), Peek::Other);
    }
}

#[test]
fn an_error_reply_fails_the_call_with_what_the_browser_said() {
    let mut error = ErrorObject::new(-32602, "Invalid parameters");
    error.data = Some(json!("at position 19"));
    let reply: String = Messages.pack(&Outcome::<()>::Err(error.clone())).unwrap();
    assert!(json(&reply).get("jsonrpc").is_none());
    let failed: Result<Value, _> = Messages.unpack(reply);
    assert!(matches!(failed, Err(Failure::Remote(remote)) if remote == error));
}

#[test]
fn refusals_name_the_command_and_its_session() {
    let mut codec = Codec::default();
    let command = json!({ "id": 4, "method": "x", "sessionId": "a" });
    let Peek::Request(ask) = peek(&mut codec, &command) else {
        panic!("no request");
    };
    for (why, code) in [(Refusal::Busy, -32000), (Refusal::Dropped, -32603)] {
        let refusal: String = codec.refuse(&ask, why).unwrap();
        assert_eq!(json(&refusal)["error"]["code"], code);
        assert_eq!(json(&refusal)["sessionId"], "a");
        assert_eq!(json(&refusal)["id"], 4);
    }
    let twice: Option<String> = codec.refuse(&ask, Refusal::Duplicate);
    assert!(twice.is_none(), "it would end the first at the peer");
}
