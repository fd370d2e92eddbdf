//! Both ends ours, and the testkit's suite.

use std::convert::Infallible;

use await_layer::{AwaitLayer, CallError, Event, Pack, Packer, Protocol};
use await_layer::{SlotIds, Unpack, memory, serve};
use await_layer_protocols::cdp::{
    Cdp, Codec, ErrorObject, Failure, InSession, Messages, Method, Outcome, Received,
};
use await_layer_testkit::conformance::{self, Samples, mangled};
use futures::executor::block_on;
use futures::future::{join, join_all, poll_immediate};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};

/// What the suite compares: it wants values that pack and unpack, and a
/// command is another type at each end.
#[derive(Debug, PartialEq)]
struct Asked(Option<String>, String, Value);

#[derive(Debug, PartialEq)]
struct Answered(Value);

/// The packer of the crate, for those two.
struct Both;

impl Packer for Both {
    type Error = Failure;
}

impl Pack<String, Asked> for Both {
    fn pack(&self, Asked(session, method, params): &Asked) -> Result<String, Failure> {
        match session {
            Some(session) => Messages.pack(&InSession(session, Method(method, params))),
            None => Messages.pack(&Method(method, params)),
        }
    }
}

impl Unpack<String, Asked> for Both {
    fn unpack(&self, frame: String) -> Result<Asked, Failure> {
        let received: Received = Messages.unpack(frame)?;
        let params = received.params().map_err(Failure::Remote)?;
        Ok(Asked(received.session, received.method, params))
    }
}

impl Pack<String, Answered> for Both {
    fn pack(&self, answer: &Answered) -> Result<String, Failure> {
        Messages.pack(&Outcome::Ok(&answer.0))
    }
}

impl Unpack<String, Answered> for Both {
    fn unpack(&self, frame: String) -> Result<Answered, Failure> {
        Messages.unpack(frame).map(Answered)
    }
}

struct Tried;

impl Protocol for Tried {
    type Frame = String;
    type Packer = Both;
    type Codec = Codec;
    type Ids = SlotIds<i32>;

    fn into_parts(self) -> (Both, Codec, SlotIds<i32>) {
        let (_, codec, ids) = Cdp::<String>::new().into_parts();
        (Both, codec, ids)
    }
}

#[test]
fn it_conforms() {
    let frame = br#"{"id":1,"method":"x","sessionId":"a","params":{"id":7}}"#;
    let hostile = mangled(frame, 7).into_iter();
    let samples = Samples::new(
        [
            Asked(None, "Runtime.enable".to_owned(), Value::Null),
            Asked(Some("A1".to_owned()), "é".to_owned(), json!([1])),
            Asked(Some("\"".to_owned()), String::new(), json!({ "id": 1 })),
        ],
        [Answered(json!({ "is": 3 })), Answered(Value::Null)],
    )
    .plain([
        r#"{"method":"event","params":{},"sessionId":"A1"}"#.to_owned(),
        r#"{"error":{"code":-32700,"message":"no JSON"}}"#.to_owned(),
        "noise".to_owned(),
    ])
    .unsealable(["[1, 2]".to_owned(), "{}".to_owned()])
    .hostile(hostile.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
    conformance::protocol(|| Tried, &samples);
}

#[test]
fn many_calls_in_many_sessions_are_answered_by_theirs() {
    let (left, right) = memory::pair::<String>(8);
    let tool = AwaitLayer::new(left, Cdp::new()).handle();
    let (_, commands) = AwaitLayer::new(right, Cdp::new()).split();
    let browser = serve(commands, 64, async |command: Received| {
        let outcome: Outcome<Value> = match command.session {
            Some(session) => Ok(json!({ "from": session })),
            None => Err(ErrorObject::method_not_found()),
        };
        Ok::<_, Infallible>(outcome)
    });
    let asking = async {
        let calls = (0..64).map(async |number| {
            let session = format!("session {number}");
            let who = InSession(&session, Method("who", ()));
            let reply = tool.send_await::<Value>(&who).await.unwrap();
            assert_eq!(reply, json!({ "from": session }));
        });
        join_all(calls).await;
        let nobody = tool.send_await::<Value>(&Method("who", ())).await;
        match nobody.unwrap_err() {
            CallError::Unpack(Failure::Remote(error)) => assert_eq!(error.code, -32601),
            other => panic!("{other:?}"),
        }
        tool.close().await
    };
    block_on(join(asking, browser));
}

#[test]
fn a_stray_from_another_session_is_counted_and_an_event_keeps_its_session() {
    let (left, mut peer) = memory::pair::<String>(8);
    let (tool, mut incoming) = AwaitLayer::new(left, Cdp::new()).split();
    block_on(async {
        let command = InSession("a", Method("x", ()));
        let mut call = tool.send_await::<Value>(&command);
        assert!(poll_immediate(&mut call).await.is_none());
        let asked: Value = serde_json::from_str(&peer.next().await.unwrap().unwrap()).unwrap();
        let stray = json!({ "id": asked["id"], "result": 1, "sessionId": "b" });
        let event = json!({ "method": "y", "sessionId": "b" });
        for message in [stray, event] {
            peer.send(message.to_string()).await.unwrap();
        }
        let Some(Event::Message(event)) = incoming.next().await else {
            panic!("no event");
        };
        let event: Received = tool.unpack(event).unwrap();
        assert_eq!(event.session.as_deref(), Some("b"));
        assert!(poll_immediate(&mut call).await.is_none());
        assert_eq!(tool.stats().unknown, 1);
        let reply = json!({ "id": asked["id"], "result": 2, "sessionId": "a" });
        peer.send(reply.to_string()).await.unwrap();
        assert_eq!(call.await.unwrap(), json!(2));
    });
}
