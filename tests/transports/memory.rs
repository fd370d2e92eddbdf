//! In memory, under a bare `block_on`, with no task but the test's own.

use std::convert::Infallible;
use std::pin::pin;

use await_layer::{AwaitLayer, DefaultTimer, WsAwait, memory, serve};
use await_layer_testkit::conformance::{self, Text};
use await_layer_testkit::contract::Contract;
use futures::executor::block_on;
use futures::future::{join_all, select};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};

fn text() -> Text<String> {
    Text::new(|text| text, |frame| Some(frame.as_bytes()))
}

#[test]
fn conforms_with_room() {
    block_on(conformance::transport(
        text(),
        DefaultTimer::new(),
        async || memory::pair(64),
    ));
}

#[test]
fn conforms_one_frame_at_a_time() {
    block_on(conformance::transport(
        text(),
        DefaultTimer::new(),
        async || memory::pair(1),
    ));
}

#[test]
fn keeps_the_contract_of_sink_and_stream() {
    block_on(conformance::transport(
        text(),
        DefaultTimer::new(),
        async || {
            let (here, there) = memory::pair(2);
            (Contract::new(here), Contract::new(there))
        },
    ));
}

#[test]
fn a_call_alone_drives_itself() {
    let (near, mut far) = memory::pair(1);
    let layer = AwaitLayer::new(near, WsAwait::<String>::new());
    // On this wire a request that comes back unchanged is its own reply.
    let echo = std::thread::spawn(move || {
        block_on(async {
            let request: String = far.next().await.expect("a request").unwrap();
            assert!(request.contains(r#""say":"hello""#), "{request}");
            far.send(request).await.unwrap();
            far
        })
    });
    let hello = json!({ "say": "hello" });
    let reply = block_on(layer.send_await::<Value>(&hello));
    assert_eq!(reply.unwrap(), hello);
    drop(echo.join().unwrap());
}

#[test]
fn what_is_served_at_once_shares_flushes() {
    const CALLS: u64 = 8;
    const ROUNDS: u64 = 10;
    let (near, far) = memory::pair(64);
    let far = Contract::new(far);
    let counts = far.counts();
    let here = AwaitLayer::new(near, WsAwait::<String>::new());
    let (_there, to_there) = AwaitLayer::new(far, WsAwait::<String>::new()).split();
    let served = serve(to_there, 64, async |question: Value| {
        Ok::<_, Infallible>(question)
    });
    let calls = pin!(async {
        for _ in 0..ROUNDS {
            let calls = (0..CALLS).map(|n| here.send_await::<Value>(&json!({ "n": n })));
            assert!(join_all(calls).await.iter().all(Result::is_ok));
        }
    });
    let talk = select(calls, here.handle().driver());
    block_on(select(talk, pin!(served)));
    assert_eq!(counts.sends(), ROUNDS * CALLS);
    let flushes = counts.flushes();
    assert!(flushes <= ROUNDS * CALLS / 2, "{flushes} flushes");
}
