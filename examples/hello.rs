//! Both ends ask over the in-memory transport, with nothing spawned.
//!
//! `cargo run --example hello`

use std::convert::Infallible;

use await_layer::{AwaitLayer, WsAwait, memory, serve};
use bytes::Bytes;
use futures::executor::block_on;
use futures::future::join3;
use serde_json::{Value, json};

fn main() {
    let (left, right) = memory::pair::<Bytes>(8);
    let (ada, from_bob) = AwaitLayer::new(left, WsAwait::new()).split();
    let (bob, from_ada) = AwaitLayer::new(right, WsAwait::new()).split();

    // Each end answers what the other asks, four requests at a time.
    let answers_of_ada = serve(from_bob, 4, async |question: Value| {
        Ok::<_, Infallible>(json!({ "ada": question["ask"] }))
    });
    let answers_of_bob = serve(from_ada, 4, async |question: Value| {
        Ok::<_, Infallible>(json!({ "bob": question["ask"] }))
    });
    let talk = async {
        let to_bob = ada.send_await::<Value>(&json!({ "ask": "how are you?" }));
        let to_ada = bob.send_await::<Value>(&json!({ "ask": "and you?" }));
        println!("bob answers ada: {}", to_bob.await.unwrap());
        println!("ada answers bob: {}", to_ada.await.unwrap());
        println!("closed: {}", ada.close().await);
    };
    block_on(join3(talk, answers_of_ada, answers_of_bob));
}
