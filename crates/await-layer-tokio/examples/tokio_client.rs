//! Asks the example `tokio_server`, and answers it.
//!
//! `cargo run -p await-layer-tokio --example tokio_client -- 127.0.0.1:7070`, or
//! `cargo build -p await-layer-tokio --examples` once and then without an
//! address: it starts the server as a child process.

use std::convert::Infallible;
use std::error::Error;

use await_layer_tokio::{Child, Config, Layer, Lines, connect, layer};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::process::Command;
use tokio::sync::Notify;

async fn ask<T>(layer: Layer<T, Lines>) -> Result<(), Box<dyn Error>>
where
    T: AsyncRead + AsyncWrite,
{
    let (server, incoming) = layer.split();
    let asked = &Notify::new();
    let answering = await_layer::serve(incoming, 4, async |question: Value| {
        println!("the server asks {question}");
        asked.notify_one();
        Ok::<_, Infallible>(json!({ "i": "am the example client" }))
    });
    let asking = async {
        // Both leave at once.
        let (one, two) = tokio::try_join!(
            server.send_await::<Value>(&json!({ "add": [1, 2, 3] })),
            server.send_await::<Value>(&json!({ "add": [40, 2] })),
        )?;
        println!("the server says {one} and {two}");
        // Who closes takes no further questions.
        asked.notified().await;
        println!("{}", server.close().await);
        Ok(())
    };
    tokio::join!(asking, answering).0
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1) {
        Some(address) => ask(connect(address, Config::lines()).await?).await,
        None => {
            let server = std::env::current_exe()?.with_file_name("tokio_server");
            let child = Child::spawn(Command::new(server).arg("--stdio"))?;
            ask(layer(child, Config::lines())).await
        }
    }
}
