//! Asks the example `deflate_server`, with and without compression.

use await_layer_deflate::{Config, SendOptions, With, connect};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1);
    let url = url.as_deref().unwrap_or("ws://127.0.0.1:9010");
    let handle = connect(url, Config::default()).await?.handle();
    for compress in [true, false] {
        let options = SendOptions {
            compress: Some(compress),
            ..SendOptions::default()
        };
        let question = json!({ "say": "ha ".repeat(10), "compressed": compress });
        let reply: Value = handle.send_await(&With(question, options)).await?;
        println!("{reply}");
    }
    println!("{}", handle.close().await);
    Ok(())
}
