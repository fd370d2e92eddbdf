//! Child processes. The children are this program itself, in a role of theirs,
//! so there is no test harness that prints to their stdout.

mod role;

use std::env;

use await_layer::{AsyncIoTimer, CallError, Cause, CloseReason};
use await_layer_async_std::asynchronous_codec::Framed;
use await_layer_async_std::{Child, Codec, Config, ContentLength, Framing, Lines, layer};
use await_layer_testkit::conformance::{self, Text};
use await_layer_testkit::contract::Contract;
use bytes::Bytes;
use serde_json::{Value, json};
use smol::block_on;
use smol::net::{TcpListener, TcpStream};

fn main() {
    if let Ok(role) = env::var(role::VARIABLE) {
        return role::play(&role);
    }
    block_on(exit_ends_it());
    block_on(an_orphan_does_not_keep_it_open());
    block_on(closing_waits_for_the_exit());
    block_on(conforms(Lines::new()));
    block_on(conforms(ContentLength::new()));
    println!("all of child passed");
}

fn child(role: &str) -> Child {
    Child::spawn(&mut role::command(role).into()).unwrap()
}

/// What a call to such a child hears.
async fn call(role: &str) -> CloseReason {
    let layer = layer(child(role), Config::lines());
    match layer.send_await::<Value>(&json!({})).await {
        Err(CallError::Closed { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

async fn exit_ends_it() {
    for role in ["exit 0", "exit 3", "exit-at-once 5"] {
        let code = role.split(' ').next_back().unwrap().parse().unwrap();
        let reason = call(role).await;
        assert_eq!((reason.cause(), reason.code()), (Cause::Eof, Some(code)));
        let said = reason.text();
        assert!(said.starts_with("the child has ended, exit"), "{said}");
    }
}

async fn an_orphan_does_not_keep_it_open() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let role = format!("orphan {}", listener.local_addr().unwrap());
    let (reason, held) = futures::join!(call(&role), listener.accept());
    assert_eq!(reason.code(), Some(7), "{reason}");
    drop(held);
}

async fn closing_waits_for_the_exit() {
    let layer = layer(child("echo"), Config::lines());
    let handle = layer.handle();
    let question = json!({ "long": "x".repeat(500_000) });
    let call = handle.send_await::<Value>(&question);
    let (reply, reason) = futures::join!(call, handle.close());
    assert_eq!(reply.unwrap(), question);
    assert_eq!(reason.cause(), Cause::Local);
}

async fn relayed() -> (Child, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let child = child(&format!("relay {address}"));
    let (stream, _) = listener.accept().await.unwrap();
    stream.set_nodelay(true).unwrap();
    (child, stream)
}

/// The testkit's suite: a child at one end, and what it relays to at the other.
async fn conforms<C: Framing + Clone>(framing: C) {
    let text = Text::new(Bytes::from, |frame| Some(frame));
    conformance::transport(text, AsyncIoTimer::new(), async || {
        let (child, stream) = relayed().await;
        let codec = || Codec::new(framing.clone());
        (
            Contract::new(Framed::new(child, codec())),
            Contract::new(Framed::new(stream, codec())),
        )
    })
    .await;
}
