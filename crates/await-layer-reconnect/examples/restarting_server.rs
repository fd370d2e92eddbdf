//! Counts for its clients: `{"add": 2}` is answered with the sum so far. End it
//! and start it again while the example `reconnecting_client` runs.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};

use await_layer_tungstenite::{Config, accept};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

static SUM: AtomicU64 = AtomicU64::new(0);

async fn talk(stream: TcpStream) {
    let layer = match accept(stream, Config::default()).await {
        Ok(layer) => layer,
        Err(error) => return eprintln!("{error}"),
    };
    let (_handle, incoming) = layer.split();
    let reason = await_layer::serve(incoming, 16, async |question: Value| {
        let add = question["add"].as_u64().unwrap_or(0);
        let sum = SUM.fetch_add(add, Ordering::Relaxed).wrapping_add(add);
        Ok::<_, Infallible>(json!({ "sum": sum }))
    })
    .await;
    println!("a client left: {reason}");
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
