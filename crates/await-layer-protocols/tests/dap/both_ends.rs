//! Both ends ours, and the testkit's suite.

use std::convert::Infallible;

use await_layer::{AwaitLayer, CallError, Pack, Packer, Protocol, SharedCounter, Unpack};
use await_layer::{memory, serve};
use await_layer_protocols::dap::{Codec, Command, Dap, Failure, Messages, Outcome, Received};
use await_layer_testkit::conformance::{self, Samples, mangled};
use futures::executor::block_on;
use futures::future::join;
use serde_json::{Value, json};

/// What the suite compares: it wants values that pack and unpack, and a
/// request is another type at each end.
#[derive(Debug, PartialEq)]
struct Asked(String, Value);

#[derive(Debug, PartialEq)]
struct Answered(Value);

/// The packer of the crate, for those two.
struct Both;

impl Packer for Both {
    type Error = Failure;
}

impl Pack<String, Asked> for Both {
    fn pack(&self, Asked(command, arguments): &Asked) -> Result<String, Failure> {
        Messages.pack(&Command(command, arguments))
    }
}

impl Unpack<String, Asked> for Both {
    fn unpack(&self, frame: String) -> Result<Asked, Failure> {
        let received: Received = Messages.unpack(frame)?;
        let arguments = received.arguments().map_err(Failure::Remote)?;
        Ok(Asked(received.command, arguments))
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
    type Ids = SharedCounter<i64>;

    fn into_parts(self) -> (Both, Codec, SharedCounter<i64>) {
        let (_, codec, ids) = Dap::<String>::new().into_parts();
        (Both, codec, ids)
    }
}

#[test]
fn dap_conforms() {
    let asked = |command: &str, arguments| Asked(command.to_owned(), arguments);
    let frame = br#"{"seq":7,"type":"request","command":"x","arguments":{"requestId":7}}"#;
    let hostile = mangled(frame, 7).into_iter();
    let samples = Samples::new(
        [
            asked("threads", Value::Null),
            asked("launch", json!({ "args": ["é"] })),
        ],
        [Answered(json!({ "is": 3 })), Answered(Value::Null)],
    )
    .numbered()
    .plain([r#"{"event":"output"}"#.to_owned()])
    .unsealable(["[1, 2]".to_owned(), "{}".to_owned()])
    .hostile(hostile.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
    conformance::protocol(|| Tried, &samples);
}

#[test]
fn an_error_of_the_handler_s_reaches_the_caller() {
    let (left, right) = memory::pair::<String>(8);
    let client = AwaitLayer::new(left, Dap::new()).handle();
    let (_, requests) = AwaitLayer::new(right, Dap::new()).split();
    let adapter = serve(requests, 16, async |request: Received| {
        Ok::<_, Infallible>(Outcome::<()>::Err(request.command.as_str().into()))
    });
    let call = client.send_await::<Value>(&Command("attach", ()));
    drop(client);
    let (reply, _) = block_on(join(call, adapter));
    match reply.unwrap_err() {
        CallError::Unpack(Failure::Remote(error)) => assert_eq!(error.message, "attach"),
        other => panic!("{other:?}"),
    }
}
