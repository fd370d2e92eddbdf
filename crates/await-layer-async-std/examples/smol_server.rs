//! A WebSocket server on smol: answers questions, and asks each client one.
//!
//! `cargo run -p await-layer-async-std --example smol_server`, then the example
//! `smol_client`.

use std::convert::Infallible;
use std::error::Error;

use await_layer_async_std::smol::websocket::{Layer, accept};
use await_layer_async_std::websocket::Config;
use serde_json::{Value, json};
use smol::net::TcpListener;

async fn serve(layer: Layer) {
    let (client, incoming) = layer.split();
    // While we answer, we ask: either end may.
    let asking = async {
        match client.send_await::<Value>(&json!({ "your": "name" })).await {
            Ok(name) => println!("the client is {name}"),
            Err(error) => println!("the client says nothing: {error}"),
        }
    };
    let answering = await_layer::serve(incoming, 16, async |question: Value| {
        let sum = question["add"].as_array().into_iter().flatten();
        let sum: i64 = sum.filter_map(Value::as_i64).sum();
        Ok::<_, Infallible>(json!({ "sum": sum }))
    });
    futures::join!(asking, answering);
    if let Some(reason) = client.close_reason() {
        println!("{reason}");
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    smol::block_on(async {
        let address = std::env::args().nth(1);
        let address = address.as_deref().unwrap_or("127.0.0.1:7071");
        let listener = TcpListener::bind(address).await?;
        println!("ws://{}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            smol::spawn(async {
                match accept(stream, Config::default()).await {
                    Ok(layer) => serve(layer).await,
                    Err(error) => println!("{error}"),
                }
            })
            .detach();
        }
    })
}
