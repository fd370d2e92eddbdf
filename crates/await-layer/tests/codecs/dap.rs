//! The Debug Adapter Protocol: every message takes a number, replies name the
//! number and the command of their request, and a cancel is a request itself.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use await_layer::{AwaitIdCodec, Head, IdGenerator, Peek, Refusal, SealError};
use await_layer::{SharedCounter, Slot};
use serde_json::{Value, json};

/// Cancels whose acknowledgement is still to come; older ones are forgotten.
const CANCELS: usize = 64;

#[derive(Default)]
struct Dap {
    seq: SharedCounter<i64>,
    cancels: BTreeSet<i64>,
}

/// A reply repeats the command, a cancel does not: so equal by number.
#[derive(Clone, Debug)]
struct Ask {
    seq: i64,
    command: String,
}

impl PartialEq for Ask {
    fn eq(&self, other: &Self) -> bool {
        self.seq == other.seq
    }
}

impl Eq for Ask {}

impl Hash for Ask {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.seq.hash(state);
    }
}

impl Ask {
    fn new(seq: i64, command: &str) -> Self {
        let command = command.to_owned();
        Self { seq, command }
    }
}

impl Dap {
    fn number(&self) -> Result<i64, SealError> {
        let used_up = || SealError::new("the numbers are used up: open a new connection");
        self.seq.take().ok_or_else(used_up)
    }
}

impl AwaitIdCodec<Value> for Dap {
    type Id = i64;
    type Ask = Ask;

    fn peek(&mut self, frame: &Value) -> Peek<i64, Ask> {
        match (frame["type"].as_str(), frame["request_seq"].as_i64()) {
            (Some("response"), Some(id)) if self.cancels.remove(&id) => Peek::Skip,
            (Some("response"), Some(id)) => Peek::Reply(id),
            (Some("request"), _) => match (frame["seq"].as_i64(), frame["command"].as_str()) {
                (_, Some("cancel")) => match frame["arguments"]["requestId"].as_i64() {
                    Some(seq) => Peek::Cancel(Ask::new(seq, "")),
                    None => Peek::Skip,
                },
                (Some(seq), Some(command)) => Peek::Request(Ask::new(seq, command)),
                _ => Peek::Skip,
            },
            (Some("event"), _) => Peek::Other,
            _ => Peek::Skip,
        }
    }

    fn seal(&mut self, frame: &mut Value, head: Head<'_, i64, Ask>) -> Result<(), SealError> {
        let Some(fields) = frame.as_object_mut() else {
            return Err(SealError::new("not an object: send a JSON object"));
        };
        let kind = match head {
            Head::Request(_) => "request",
            Head::Reply(_) => "response",
            Head::Plain => "event",
            Head::Part(_) => return Err(SealError::new("no streamed replies: reply once")),
        };
        let seq = match head {
            Head::Request(id) => *id,
            _ => self.number()?,
        };
        if let Head::Reply(ask) = head {
            fields.insert("request_seq".into(), ask.seq.into());
            fields.insert("command".into(), ask.command.as_str().into());
        }
        fields.insert("seq".into(), seq.into());
        fields.insert("type".into(), kind.into());
        Ok(())
    }

    fn cancel(&mut self, id: &i64) -> Option<Value> {
        let seq = self.seq.take()?;
        self.cancels.insert(seq);
        if self.cancels.len() > CANCELS {
            self.cancels.pop_first();
        }
        Some(json!({
            "seq": seq, "type": "request", "command": "cancel", "arguments": { "requestId": id },
        }))
    }

    fn refuse(&mut self, ask: &Ask, why: Refusal) -> Option<Value> {
        let seq = self.seq.take()?;
        Some(json!({
            "seq": seq, "type": "response", "request_seq": ask.seq, "command": ask.command,
            "success": false, "message": format!("{why:?}"),
        }))
    }

    fn size(frame: &Value) -> usize {
        frame.to_string().len()
    }
}

fn request(codec: &mut Dap, command: &str) -> (i64, Value) {
    let id = codec.seq.next(Slot { index: 0, turn: 0 }).unwrap();
    let mut frame = json!({ "command": command, "arguments": {} });
    codec.seal(&mut frame, Head::Request(&id)).unwrap();
    (id, frame)
}

#[test]
fn every_message_that_leaves_takes_the_next_number() {
    let mut codec = Dap::default();
    let (id, first) = request(&mut codec, "launch");
    let mut event = json!({ "event": "output" });
    codec.seal(&mut event, Head::Plain).unwrap();
    let mut reply = json!({ "success": true });
    let ask = Ask::new(7, "runInTerminal");
    codec.seal(&mut reply, Head::Reply(&ask)).unwrap();
    let refusal = codec.refuse(&ask, Refusal::Busy).unwrap();
    let cancel = codec.cancel(&id).unwrap();
    let (last, _) = request(&mut codec, "threads");
    let seqs = [&first, &event, &reply, &refusal, &cancel].map(|frame| frame["seq"].clone());
    assert_eq!(seqs, [1, 2, 3, 4, 5].map(Value::from));
    assert_eq!(last, 6);
}

#[test]
fn replies_name_the_number_and_the_command() {
    let (mut client, mut adapter) = (Dap::default(), Dap::default());
    let (id, frame) = request(&mut client, "launch");
    let Peek::Request(ask) = adapter.peek(&frame) else {
        panic!("{frame}");
    };
    let mut reply = json!({ "success": true });
    adapter.seal(&mut reply, Head::Reply(&ask)).unwrap();
    assert_eq!(reply["command"], "launch");
    assert_eq!(client.peek(&reply), Peek::Reply(id));
    let refusal = adapter.refuse(&ask, Refusal::Busy).unwrap();
    assert_eq!(
        (&refusal["command"], &refusal["success"]),
        (&"launch".into(), &false.into())
    );
    assert_eq!(client.peek(&refusal), Peek::Reply(id));
}

#[test]
fn both_ends_may_use_the_same_numbers() {
    let (mut client, mut adapter) = (Dap::default(), Dap::default());
    let (ours, asked) = request(&mut client, "launch");
    let (theirs, asked_back) = request(&mut adapter, "runInTerminal");
    assert_eq!(ours, theirs);
    assert!(matches!(adapter.peek(&asked), Peek::Request(_)));
    assert!(matches!(client.peek(&asked_back), Peek::Request(_)));
}

#[test]
fn a_cancel_names_the_request_and_its_acknowledgement_is_noise() {
    let (mut client, mut adapter) = (Dap::default(), Dap::default());
    let (id, frame) = request(&mut client, "launch");
    let asked = adapter.peek(&frame);
    let cancel = client.cancel(&id).unwrap();
    let Peek::Cancel(cancelled) = adapter.peek(&cancel) else {
        panic!("{cancel}");
    };
    assert_eq!(asked, Peek::Request(cancelled));
    let acknowledged = json!({ "type": "response", "request_seq": cancel["seq"], "seq": 1 });
    assert_eq!(client.peek(&acknowledged), Peek::Skip);
    for _ in 0..1000 {
        client.cancel(&id).unwrap();
    }
    assert_eq!(client.cancels.len(), CANCELS);
}

#[test]
fn what_is_no_message_is_noise() {
    let mut codec = Dap::default();
    for frame in [
        json!(null),
        json!([1]),
        json!({ "type": "request" }),
        json!({ "type": "request", "seq": "1", "command": "x" }),
        json!({ "type": "response", "request_seq": 1.5 }),
        json!({ "type": "request", "seq": 1, "command": "cancel" }),
    ] {
        assert_eq!(codec.peek(&frame), Peek::Skip, "{frame}");
    }
    let mut frame = json!([1]);
    assert!(codec.seal(&mut frame, Head::Plain).is_err());
    assert_eq!(frame, json!([1]));
}
