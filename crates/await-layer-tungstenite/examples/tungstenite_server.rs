//! Answers questions, and asks each client one.
//!
//! `cargo run -p await-layer-tungstenite --example tungstenite_server`, then the
//! example `tungstenite_client`.

use await_layer::serve;
use await_layer_tungstenite::{Config, accept};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

async fn answer(question: Value) -> Result<Value, &'static str> {
    let number = question["square"].as_f64().ok_or("I only square")?;
    Ok(json!({ "is": number * number }))
}

async fn talk(stream: TcpStream) {
    let (client, questions) = match accept(stream, Config::default()).await {
        Ok(layer) => layer.split(),
        Err(error) => return println!("{error}"),
    };
    let name = client.send_await::<Value>(&json!({ "your": "name" }));
    let curious = async {
        match name.await {
            Ok(name) => println!("here is {name}"),
            Err(error) => println!("somebody does not say who: {error}"),
        }
    };
    let (end, ()) = tokio::join!(serve(questions, 16, answer), curious);
    println!("{end}");
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:9020")).await?;
    println!("ws://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(talk(stream));
    }
}
