//! Both ends ours, in each dialect, and the testkit's suite on each.

use std::convert::Infallible;
use std::pin::pin;

use await_layer::{AwaitLayer, CallError, Event, JsonNumberIds, Pack, Packer, Protocol};
use await_layer::{SendError, Unpack, memory, serve};
use await_layer_protocols::json_rpc::{
    Codec, Dialect, ErrorObject, Failure, JsonRpc, Messages, Method, Outcome, Plain, Received,
};
use await_layer_protocols::lsp::{self, Lsp};
use await_layer_protocols::mcp::{self, Mcp};
use await_layer_testkit::conformance::{self, Samples, mangled};
use futures::executor::block_on;
use futures::future::{join, poll_immediate};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};

/// What the suite compares: it wants values that pack and unpack, and a
/// request of JSON-RPC is another type at each end.
#[derive(Debug, PartialEq)]
struct Asked(&'static str, Value);

#[derive(Debug, PartialEq)]
struct Answered(Value);

/// The packer of the crate, for those two.
struct Both;

impl Packer for Both {
    type Error = Failure;
}

impl Pack<String, Asked> for Both {
    fn pack(&self, Asked(method, params): &Asked) -> Result<String, Failure> {
        Messages.pack(&Method(method, params))
    }
}

impl Unpack<String, Asked> for Both {
    fn unpack(&self, frame: String) -> Result<Asked, Failure> {
        let received: Received = Messages.unpack(frame)?;
        let known = ["shutdown", "sum"]
            .into_iter()
            .find(|it| *it == received.method);
        let params = received.params().map_err(Failure::Remote)?;
        Ok(Asked(known.unwrap_or_default(), params))
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

struct Tried<D>(JsonRpc<String, D>);

impl<D: Dialect> Protocol for Tried<D> {
    type Frame = String;
    type Packer = Both;
    type Codec = Codec<D>;
    type Ids = JsonNumberIds;

    fn into_parts(self) -> (Both, Codec<D>, JsonNumberIds) {
        let (_, codec, ids) = self.0.into_parts();
        (Both, codec, ids)
    }
}

fn conforms<D: Dialect>() {
    let frame = br#"{"jsonrpc":"2.0","id":"a","method":"x","params":{"id":7}}"#;
    let hostile = mangled(frame, 7).into_iter();
    let samples = Samples::new(
        [
            Asked("shutdown", json!(null)),
            Asked("sum", json!([1, 2, { "deep": ["é"] }])),
        ],
        [Answered(json!({ "is": 3 })), Answered(Value::Null)],
    )
    .plain([
        r#"{"jsonrpc":"2.0","method":"note"}"#.to_owned(),
        "noise".to_owned(),
    ])
    .unsealable(["[1, 2]".to_owned(), "{}".to_owned()])
    .hostile(hostile.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
    conformance::protocol(|| Tried::<D>(JsonRpc::default()), &samples);
}

#[test]
fn json_rpc_conforms() {
    conforms::<Plain>();
}

#[test]
fn lsp_conforms() {
    conforms::<lsp::Requests>();
}

#[test]
fn mcp_conforms() {
    conforms::<mcp::Requests>();
}

#[test]
fn an_error_of_the_handler_s_reaches_the_caller_with_its_code() {
    let (left, right) = memory::pair::<String>(8);
    let client = AwaitLayer::new(left, JsonRpc::new()).handle();
    let (_, requests) = AwaitLayer::new(right, JsonRpc::new()).split();
    let server = serve(requests, 16, async |_: Received| {
        Ok::<_, Infallible>(Outcome::<()>::Err(ErrorObject::method_not_found()))
    });
    let call = client.send_await::<Value>(&Method("nothing", ()));
    drop(client);
    let (reply, _) = block_on(join(call, server));
    match reply.unwrap_err() {
        CallError::Unpack(Failure::Remote(error)) => assert_eq!(error.code, -32601),
        other => panic!("{other:?}"),
    }
}

/// What a server writes to a peer that withdraws its request and asks again.
fn after_a_cancel<D: Dialect>(cancel: Value) -> Vec<Value> {
    let (left, mut peer) = memory::pair::<String>(8);
    let protocol = JsonRpc::<String, D>::default();
    let (handle, mut incoming) = AwaitLayer::new(left, protocol).split();
    block_on(async {
        let request = json!({ "id": 7, "method": "slow" });
        peer.send(request.to_string()).await.unwrap();
        let Some(Event::Request(request)) = incoming.next().await else {
            panic!("no request");
        };
        peer.send(cancel.to_string()).await.unwrap();
        assert!(poll_immediate(incoming.next()).await.is_none());
        assert!(request.responder.is_cancelled());
        let late: Outcome<&str> = Ok("too late");
        let replied = request.responder.reply(&late).await;
        let withdrawn = matches!(replied, Err(SendError::Withdrawn { .. }));
        assert_eq!(withdrawn, !D::ANSWERS_CANCELLED);
        let note = Method("note", ());
        handle.send(&note).await.unwrap();
        let mut written = Vec::new();
        let mut frames = pin!(peer);
        while let Some(Some(frame)) = poll_immediate(frames.next()).await {
            written.push(serde_json::from_str(&frame.unwrap()).unwrap());
        }
        written
    })
}

#[test]
fn lsp_answers_what_was_withdrawn() {
    let cancel = json!({ "method": "$/cancelRequest", "params": { "id": 7 } });
    let written = after_a_cancel::<lsp::Requests>(cancel);
    assert_eq!(written.len(), 2, "{written:?}");
    assert_eq!(written[0]["id"], json!(7));
    assert_eq!(written[1]["method"], "note");
}

#[test]
fn mcp_does_not_answer_what_was_withdrawn() {
    let cancel = json!({ "method": "notifications/cancelled", "params": { "requestId": 7 } });
    let written = after_a_cancel::<mcp::Requests>(cancel);
    assert_eq!(written.len(), 1, "{written:?}");
    assert_eq!(written[0]["method"], "note");
}

/// What a server writes to a peer that withdraws its request, of which the
/// handler goes away without an answer, before the cancel is read or after it.
fn dropped_and_cancelled(after: bool) -> Vec<String> {
    let (left, mut peer) = memory::pair::<String>(8);
    let (_handle, mut incoming) = AwaitLayer::new(left, Mcp::default()).split();
    block_on(async {
        let request = json!({ "id": 7, "method": "slow" });
        peer.send(request.to_string()).await.unwrap();
        let Some(Event::Request(request)) = incoming.next().await else {
            panic!("no request");
        };
        let cancel = json!({ "method": "notifications/cancelled", "params": { "requestId": 7 } });
        peer.send(cancel.to_string()).await.unwrap();
        if after {
            assert!(poll_immediate(incoming.next()).await.is_none());
            assert!(request.responder.is_cancelled());
        }
        drop(request);
        let mut written = Vec::new();
        for _ in 0..4 {
            assert!(poll_immediate(incoming.next()).await.is_none());
            while let Some(Some(frame)) = poll_immediate(peer.next()).await {
                written.push(frame.unwrap());
            }
        }
        written
    })
}

#[test]
fn mcp_says_nothing_of_a_withdrawn_request_whose_handler_went_away() {
    assert_eq!(dropped_and_cancelled(true), [] as [String; 0]);
    assert_eq!(dropped_and_cancelled(false), [] as [String; 0]);
}

#[test]
fn a_call_that_is_dropped_is_withdrawn_at_the_peer() {
    let (left, mut peer) = memory::pair::<String>(8);
    let handle = AwaitLayer::new(left, Mcp::default()).handle();
    block_on(async {
        let mut call = pin!(handle.send_await::<Value>(&Method("slow", ())));
        assert!(poll_immediate(&mut call).await.is_none());
        let request: Value = serde_json::from_str(&peer.next().await.unwrap().unwrap()).unwrap();
        call.set(handle.send_await::<Value>(&Method("other", ())));
        assert!(poll_immediate(&mut call).await.is_none());
        let cancel: Value = serde_json::from_str(&peer.next().await.unwrap().unwrap()).unwrap();
        assert_eq!(cancel["method"], "notifications/cancelled");
        assert_eq!(cancel["params"]["requestId"], request["id"]);
    });
}

#[test]
fn a_struct_holds_a_handle_of_a_named_protocol() {
    struct Editor {
        _server: await_layer::Handle<
            await_layer::Link<memory::Duplex<String>, Lsp<String>, await_layer::DefaultTimer>,
        >,
    }
    let (left, _right) = memory::pair::<String>(1);
    let _editor = Editor {
        _server: AwaitLayer::new(left, Lsp::default()).handle(),
    };
}
