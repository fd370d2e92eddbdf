//! Answers questions, and asks one itself; over TCP, or as a child process.
//!
//! `cargo run -p await-layer-tokio --example tokio_server`, then the example
//! `tokio_client` with `127.0.0.1:7070`; or the client alone, which starts this
//! one.

use std::convert::Infallible;
use std::error::Error;

use await_layer_tokio::{Config, Layer, Lines, accept, layer, stdio};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

async fn serve<T>(layer: Layer<T, Lines>)
where
    T: AsyncRead + AsyncWrite + Send + 'static,
{
    let (client, incoming) = layer.split();
    // While we answer, we ask: either end may.
    let asking = async {
        match client.send_await::<Value>(&json!({ "your": "name" })).await {
            Ok(name) => eprintln!("the client is {name}"),
            Err(error) => eprintln!("the client says nothing: {error}"),
        }
    };
    let answering = await_layer::serve(incoming, 16, async |question: Value| {
        let sum = question["add"].as_array().into_iter().flatten();
        let sum: i64 = sum.filter_map(Value::as_i64).sum();
        Ok::<_, Infallible>(json!({ "sum": sum }))
    });
    tokio::join!(asking, answering);
    if let Some(reason) = client.close_reason() {
        eprintln!("{reason}");
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    if address.as_deref() == Some("--stdio") {
        serve(layer(stdio(), Config::lines())).await;
        return Ok(());
    }
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:7070")).await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(serve(accept(stream, Config::lines())?));
    }
}
