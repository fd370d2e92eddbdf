//! What a message is, and what numbers do to it.

use await_layer::{AwaitIdCodec, Head, IdGenerator, Pack, Peek, Protocol, Refusal, SharedCounter};
use await_layer::{Slot, Unpack};
use await_layer_protocols::dap::{
    Ask, Codec, Command, Dap, Event, Failure, Happened, Messages, Outcome, Received,
};
use serde_json::{Value, json};

/// One end of a connection.
struct End(Codec, SharedCounter<i64>);

impl End {
    fn new() -> Self {
        let (_, codec, ids) = Dap::<String>::new().into_parts();
        Self(codec, ids)
    }

    fn seal(&mut self, mut frame: String, head: Head<'_, i64, Ask>) -> String {
        self.0.seal(&mut frame, head).unwrap();
        frame
    }

    /// Has it hear that the peer knows `cancel`.
    fn learn(mut self) -> Self {
        let able = r#"{"type":"response","request_seq":0,"command":"initialize","body":{"supportsCancelRequest":true}}"#;
        assert_eq!(self.peek(able), Peek::Reply(0));
        self
    }

    fn request(&mut self, command: &str) -> (i64, String) {
        let id = self.1.next(Slot { index: 0, turn: 0 }).unwrap();
        let frame = Messages.pack(&Command(command, ())).unwrap();
        (id, self.seal(frame, Head::Request(&id)))
    }

    fn peek(&mut self, frame: &str) -> Peek<i64, Ask> {
        self.0.peek(&frame.to_owned())
    }

    fn asked(&mut self, frame: &str) -> Ask {
        match self.peek(frame) {
            Peek::Request(ask) => ask,
            other => panic!("{other:?}: {frame}"),
        }
    }
}

fn json(frame: &str) -> Value {
    serde_json::from_str(frame).unwrap()
}

fn outcome(outcome: Outcome<u8>) -> String {
    Messages.pack(&outcome).unwrap()
}

#[test]
fn every_message_that_leaves_takes_the_next_number() {
    let (mut end, mut peer) = (End::new().learn(), End::new());
    let ask = end.asked(&peer.request("runInTerminal").1);
    let (id, first) = end.request("launch");
    let event = Messages.pack(&Event("output", json!({ "a": 1 }))).unwrap();
    let event = end.seal(event, Head::Plain);
    let reply = end.seal(outcome(Ok(1)), Head::Reply(&ask));
    let refusal: String = end.0.refuse(&ask, Refusal::Busy).unwrap();
    let cancel: String = end.0.cancel(&id).unwrap();
    let (last, _) = end.request("threads");
    let seqs = [&first, &event, &reply, &refusal, &cancel].map(|it| json(it)["seq"].clone());
    assert_eq!(seqs, [1, 2, 3, 4, 5].map(Value::from));
    assert_eq!(last, 6);
    let expected = json!({ "seq": 2, "type": "event", "event": "output", "body": { "a": 1 } });
    assert_eq!(json(&event), expected);
}

#[test]
fn replies_name_the_number_and_the_command() {
    let (mut client, mut adapter) = (End::new(), End::new());
    let (id, frame) = client.request("l\"aunch");
    let ask = adapter.asked(&frame);
    let reply = adapter.seal(outcome(Ok(7)), Head::Reply(&ask));
    let expected = json!({
        "seq": 1, "type": "response", "request_seq": id, "command": "l\"aunch",
        "success": true, "body": 7,
    });
    assert_eq!(json(&reply), expected);
    assert_eq!(client.peek(&reply), Peek::Reply(id));
    let body: u8 = Messages.unpack(reply).unwrap();
    assert_eq!(body, 7);
}

#[test]
fn a_reply_without_success_fails_the_call() {
    let (mut client, mut adapter) = (End::new(), End::new());
    let (id, frame) = client.request("launch");
    let ask = adapter.asked(&frame);
    let reply = adapter.seal(outcome(Err("no such program".into())), Head::Reply(&ask));
    assert_eq!(client.peek(&reply), Peek::Reply(id));
    let failed: Result<Value, Failure> = Messages.unpack(reply);
    match failed.unwrap_err() {
        Failure::Remote(error) => assert_eq!(error.message, "no such program"),
        other => panic!("{other:?}"),
    }
    for (why, message) in [
        (Refusal::Cancelled, "cancelled"),
        (Refusal::Dropped, "nobody answered"),
    ] {
        let refusal: String = adapter.0.refuse(&ask, why).unwrap();
        assert_eq!(client.peek(&refusal), Peek::Reply(id));
        assert_eq!(json(&refusal)["message"], message);
        assert_eq!(json(&refusal)["success"], false);
    }
    let twice: Option<String> = adapter.0.refuse(&ask, Refusal::Duplicate);
    assert!(twice.is_none());
}

#[test]
fn both_ends_may_use_the_same_numbers() {
    let (mut client, mut adapter) = (End::new(), End::new());
    let (ours, asked) = client.request("launch");
    let (theirs, asked_back) = adapter.request("runInTerminal");
    assert_eq!(ours, theirs);
    adapter.asked(&asked);
    client.asked(&asked_back);
}

#[test]
fn a_cancel_names_the_request_and_its_acknowledgement_is_noise() {
    let (mut client, mut adapter) = (End::new().learn(), End::new());
    let (id, frame) = client.request("launch");
    let asked = adapter.peek(&frame);
    let cancel: String = client.0.cancel(&id).unwrap();
    let Peek::Cancel(cancelled) = adapter.peek(&cancel) else {
        panic!("{cancel}");
    };
    assert_eq!(asked, Peek::Request(cancelled));
    let acknowledged = json!({ "type": "response", "request_seq": json(&cancel)["seq"], "seq": 1 });
    assert_eq!(client.peek(&acknowledged.to_string()), Peek::Skip);

    // Of 65 cancels the first is forgotten: its acknowledgement ends no call.
    let seqs: Vec<Value> = (0..65)
        .map(|_| json(&client.0.cancel(&id).map(|it: String| it).unwrap())["seq"].clone())
        .collect();
    let mut acknowledged = |seq: &Value| {
        let text = json!({ "type": "response", "request_seq": seq, "seq": 1 }).to_string();
        client.peek(&text)
    };
    assert!(matches!(acknowledged(&seqs[0]), Peek::Reply(_)));
    assert_eq!(acknowledged(&seqs[1]), Peek::Skip);
}

#[test]
fn a_peer_that_does_not_know_cancel_gets_none() {
    let mut client = End::new();
    let (id, _) = client.request("initialize");
    let none: Option<String> = client.0.cancel(&id);
    assert!(none.is_none());
    let reply = r#"{"type":"response","request_seq":1,"command":"initialize","body":{}}"#;
    assert_eq!(client.peek(reply), Peek::Reply(1));
    let none: Option<String> = client.0.cancel(&id);
    assert!(none.is_none());
    assert_eq!(client.request("threads").0, 2, "no number was wasted");
}

/// The cancel of a progress, or of what has no number, is for a handler.
#[test]
fn a_cancel_of_no_request_is_a_request() {
    for arguments in [json!({ "progressId": "p" }), json!({}), json!(7)] {
        let cancel =
            json!({ "seq": 3, "type": "request", "command": "cancel", "arguments": arguments });
        let cancel = cancel.to_string();
        End::new().asked(&cancel);
        let received: Received = Messages.unpack(cancel).unwrap();
        assert_eq!(received.command, "cancel");
    }
}

#[test]
fn requests_and_events_unpack_as_what_they_are() {
    let request = r#"{"seq":1,"type":"request","command":"evaluate","arguments":{"x":[1]}}"#;
    let received: Received = Messages.unpack(request.to_owned()).unwrap();
    assert_eq!(received.command, "evaluate");
    assert_eq!(received.arguments::<Value>().unwrap(), json!({ "x": [1] }));
    assert_eq!(
        received.arguments::<u8>().unwrap_err().message,
        "invalid arguments"
    );
    let event = r#"{"seq":1,"type":"event","event":"stopped"}"#;
    let happened: Happened = Messages.unpack(event.to_owned()).unwrap();
    assert_eq!(
        (happened.event.as_str(), happened.body),
        ("stopped", Value::Null)
    );
}

#[test]
fn what_is_broken_ends_no_call() {
    let mut end = End::new();
    for text in [
        "",
        "[]",
        "{}",
        r#"{"type":7}"#,
        r#"{"type":"request"}"#,
        r#"{"type":"odd"}"#,
    ] {
        assert_eq!(end.peek(text), Peek::Other, "{text}");
    }
    assert_eq!(end.peek(r#"{"type":"response"}"#), Peek::Stray);
    assert_eq!(
        end.peek(r#"{"type":"request","command":"cancel"}"#),
        Peek::Skip
    );
    assert_eq!(
        end.peek(r#"{"type":"response","request_seq":"1"}"#),
        Peek::Other
    );
}
