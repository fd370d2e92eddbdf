//! Echoes what clients ask, compressed. Then run the example `deflate_client`.

use std::convert::Infallible;

use await_layer_deflate::{Config, accept};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

async fn talk(stream: TcpStream) {
    let layer = match accept(stream, Config::default()).await {
        Ok(layer) => layer,
        Err(error) => return eprintln!("{error}"),
    };
    let (handle, incoming) = layer.split();
    await_layer::serve(incoming, 16, async |question: Value| {
        Ok::<_, Infallible>(json!({ "echo": question }))
    })
    .await;
    let reason = handle.close_reason().map(|reason| reason.to_string());
    println!("{}", reason.unwrap_or_default());
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:9010")).await?;
    println!("ws://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(talk(stream));
    }
}
