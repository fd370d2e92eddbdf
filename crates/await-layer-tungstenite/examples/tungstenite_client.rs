//! Asks the example `tungstenite_server`, and answers it.
//!
//! `cargo run -p await-layer-tungstenite --example tungstenite_client`

use std::convert::Infallible;
use std::error::Error;

use await_layer::serve;
use await_layer_tungstenite::{Config, connect};
use serde_json::{Value, json};
use tokio::sync::Notify;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1);
    let url = url.as_deref().unwrap_or("ws://127.0.0.1:9020");
    let (server, questions) = connect(url, Config::default()).await?.split();
    let asked = &Notify::new();
    let answers = serve(questions, 4, async |question: Value| {
        println!("the server asks {question}");
        asked.notify_one();
        Ok::<_, Infallible>(json!({ "i": "am the example client" }))
    });
    let asking = async {
        // All leave at once.
        let squares: Vec<_> = (1..=3).map(|number| json!({ "square": number })).collect();
        for reply in server.send_await_all::<Value, _>(&squares).await {
            println!("the server says {}", reply?);
        }
        // Who closes takes no further questions.
        asked.notified().await;
        println!("{}", server.close().await);
        Ok(())
    };
    tokio::join!(asking, answers).0
}
