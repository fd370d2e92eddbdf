//! A program that asks the example `axum_server`, and answers it.
//!
//! `cargo run -p await-layer-axum --example axum_client`, while the server runs.

use std::error::Error;

use await_layer::serve;
use await_layer_tungstenite::{Config, connect};
use serde_json::{Value, json};
use tokio::sync::Notify;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:3000");
    let layer = connect(format!("ws://{address}/socket"), Config::default()).await?;
    let (handle, incoming) = layer.split();

    let asked = &Notify::new();
    let answers = serve(incoming, 16, async |question: Value| {
        println!("the server asks: {question}");
        asked.notify_one();
        Ok::<_, String>(json!({ "name": "a program" }))
    });
    let questions = async {
        let ask = |number| handle.send_await::<Value>(&json!({ "square": number }));
        let answers = futures::future::try_join_all([2, 3, 4].map(ask)).await?;
        for answer in answers {
            println!("the server says: {}", answer["is"]);
        }
        // Who closes takes no further questions.
        asked.notified().await;
        println!("goodbye: {}", handle.close().await);
        Ok(())
    };
    tokio::join!(questions, answers).0
}
