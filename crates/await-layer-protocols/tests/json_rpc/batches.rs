//! Arrays of messages.

use std::convert::Infallible;

use await_layer::{AwaitLayer, DefaultTimer, Event, Staged, memory, serve};
use await_layer_protocols::json_rpc::{Batches, JsonRpc, Method, Outcome, Received};
use await_layer_protocols::mcp::{self, Mcp};
use futures::executor::block_on;
use futures::future::{join, poll_immediate};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};

type Wire = Staged<memory::Duplex<String>, Batches<String>>;
type Layer = AwaitLayer<Wire, JsonRpc<String>, DefaultTimer>;

fn layer(io: memory::Duplex<String>) -> Layer {
    Layer::new(Staged::new(io, Batches::default()), JsonRpc::new())
}

async fn echo(request: Received) -> Result<Outcome, Infallible> {
    Ok(request.params())
}

/// What comes back to `sent`, a message each, until our end is done with it.
fn answers(sent: &[Value]) -> Vec<Value> {
    let (ours, mut theirs) = memory::pair(64);
    let (_handle, incoming) = layer(ours).split();
    let peer = async {
        for message in sent {
            theirs.send(message.to_string()).await.unwrap();
        }
        // The answer to this one comes after those to what came before.
        let last = json!({ "id": "last", "method": "echo" });
        theirs.send(last.to_string()).await.unwrap();
        let mut answers = Vec::new();
        loop {
            let answer: Value =
                serde_json::from_str(&theirs.next().await.unwrap().unwrap()).unwrap();
            if answer["id"] == "last" {
                drop(theirs);
                return answers;
            }
            answers.push(answer);
        }
    };
    block_on(join(serve(incoming, 8, echo), peer)).1
}

#[test]
fn a_batch_of_requests_is_answered_by_one_array() {
    let batch = json!([
        { "id": 1, "method": "echo", "params": ["first"] },
        { "method": "note" },
        { "id": "x", "method": "echo", "params": ["second"] },
    ]);
    let answers = answers(&[batch]);
    let [answer] = answers.as_slice() else {
        panic!("{answers:?}");
    };
    let mut answers = answer.as_array().unwrap().clone();
    answers.sort_by_key(|answer| answer["id"].is_string());
    assert_eq!(answers.len(), 2, "a notification has no answer");
    assert_eq!(answers[0]["id"], json!(1));
    assert_eq!(answers[0]["result"], json!(["first"]));
    assert_eq!(answers[1]["id"], json!("x"));
    assert_eq!(answers[1]["result"], json!(["second"]));
}

#[test]
fn an_empty_array_is_answered_with_an_error_that_names_no_request() {
    let answers = answers(&[json!([])]);
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0]["error"]["code"], json!(-32600));
    assert_eq!(answers[0]["id"], Value::Null);
}

#[test]
fn an_array_of_notifications_is_answered_with_nothing() {
    let answers = answers(&[json!([{ "method": "a" }, { "method": "b" }])]);
    assert_eq!(answers, [] as [Value; 0]);
}

#[test]
fn an_array_of_replies_reaches_every_call() {
    let (ours, mut theirs) = memory::pair(8);
    let handle = layer(ours).handle();
    let call = |n: u64| handle.send_await::<Vec<u64>>(&Method("echo", [n]));
    let peer = async {
        let mut replies = Vec::new();
        for _ in 0..2 {
            let request: Value =
                serde_json::from_str(&theirs.next().await.unwrap().unwrap()).unwrap();
            replies.push(json!({ "id": request["id"], "result": request["params"] }));
        }
        replies.reverse();
        theirs.send(Value::from(replies).to_string()).await.unwrap();
        theirs
    };
    let ((a, b), _open) = block_on(join(join(call(5), call(6)), peer));
    assert_eq!((a.unwrap(), b.unwrap()), (vec![5], vec![6]));
}

#[test]
fn of_batches_that_nobody_answers_the_newest_sixteen_are_kept() {
    let (ours, mut theirs) = memory::pair(64);
    let (_handle, mut incoming) = layer(ours).split();
    block_on(async {
        let mut requests = Vec::new();
        for id in 0..17 {
            let batch = json!([{ "id": id, "method": "x" }]);
            theirs.send(batch.to_string()).await.unwrap();
            match incoming.next().await {
                Some(Event::Request(request)) => requests.push(request),
                other => panic!("{other:?}"),
            }
        }
        for (id, request) in requests.into_iter().enumerate().rev() {
            let answer: Outcome<usize> = Ok(id);
            request.responder.reply(&answer).await.unwrap();
            let frame = theirs.next().await.unwrap().unwrap();
            assert_eq!(frame.starts_with('['), id > 0, "{frame}");
        }
    });
}

/// A request twice under one id gets one answer: the other is not waited for.
#[test]
fn an_id_that_comes_twice_holds_no_answer_back() {
    let request = json!({ "id": 1, "method": "echo", "params": ["x"] });
    let answers = answers(&[json!([request, request]), json!([request])]);
    let expected = json!([{ "jsonrpc": "2.0", "id": 1, "result": ["x"] }]);
    assert_eq!(answers.first(), Some(&expected));
}

/// Of more requests than a connection takes at once most are refused, and some
/// in silence if the peer does not read: their array would never be complete.
#[test]
fn the_answers_to_a_large_batch_leave_one_by_one() {
    let (ours, mut theirs) = memory::pair::<String>(8);
    let mut ours = Staged::new(ours, Batches::new());
    let requests = (0..1000).map(|id| json!({ "id": id, "method": "x" }));
    let batch = Value::from_iter(requests).to_string();
    block_on(async {
        theirs.send(batch).await.unwrap();
        for _ in 0..1000 {
            ours.next().await.unwrap().unwrap();
        }
        let answer = json!({ "id": 7, "result": 5 }).to_string();
        ours.send(answer.clone()).await.unwrap();
        let frame = poll_immediate(theirs.next()).await.expect("an answer");
        assert_eq!(frame.unwrap().unwrap(), answer);
    });
}

/// Where what was cancelled must not be answered.
#[test]
fn a_cancel_in_a_batch_holds_no_answer_back() {
    let (ours, mut theirs) = memory::pair::<String>(64);
    let batches = Batches::<String, mcp::Requests>::default();
    let layer = AwaitLayer::new(Staged::new(ours, batches), Mcp::default());
    let (_handle, mut incoming) = layer.split();
    block_on(async {
        let cancel =
            |id: u8| json!({ "method": "notifications/cancelled", "params": { "requestId": id } });
        let [one, two, three] = [1, 2, 3].map(|id| json!({ "id": id, "method": "x" }));
        let batch = json!([one, two, three, cancel(3)]);
        theirs.send(batch.to_string()).await.unwrap();
        let mut requests = Vec::new();
        for _ in 0..3 {
            match incoming.next().await {
                Some(Event::Request(request)) => requests.push(request),
                other => panic!("{other:?}"),
            }
        }
        requests.pop();
        let second = requests.pop().unwrap();
        let first = requests.pop().unwrap();
        theirs.send(cancel(2).to_string()).await.unwrap();
        assert!(poll_immediate(incoming.next()).await.is_none());
        assert!(second.responder.is_cancelled());
        assert!(!first.responder.is_cancelled());
        let answer: Outcome<u8> = Ok(5);
        first.responder.reply(&answer).await.unwrap();
        let frame = poll_immediate(theirs.next()).await.expect("an answer");
        let frame: Value = serde_json::from_str(&frame.unwrap().unwrap()).unwrap();
        assert_eq!(frame, json!([{ "jsonrpc": "2.0", "id": 1, "result": 5 }]));
    });
}
