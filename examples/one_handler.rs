//! One process, three kinds of connection, one handler: browsers come by axum,
//! a local program by a Unix socket, and a WebSocket client goes out.
//!
//! `cargo run --example one_handler` shows it and ends; with an address such as
//! `127.0.0.1:3000` it stays, and a browser can open what it prints.

use std::error::Error;

use await_layer::{Connection, Handle, Incoming, PackedBy, Unpack, serve};
use await_layer_axum::{Sockets, Upgrade};
use axum::{Router, response::Html, routing::get};
use serde_json::{Value, json};
use tokio::net::{TcpListener, UnixStream};

const PAGE: &str = include_str!("../crates/await-layer-axum/examples/page.html");

/// What happens on every connection: the other end is asked, and answered.
async fn attend<L>(by: &str, (handle, incoming): (Handle<L>, Incoming<L>), leave: bool)
where
    L: Connection<Packer: Unpack<L::Frame, Value>>,
    Value: PackedBy<L::Frame, L::Packer>,
{
    let asking = async {
        let reply = handle.send_await::<Value>(&json!({ "square": by.len() }));
        println!("{by} is told {:?}", reply.await.ok());
        if leave {
            handle.close().await;
        }
    };
    let (end, ()) = tokio::join!(serve(incoming, 16, answer), asking);
    println!("{by}: {end}");
}

async fn answer(question: Value) -> Result<Value, &'static str> {
    let number = question["square"].as_f64().ok_or("I square numbers")?;
    Ok(json!({ "is": number * number }))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let stay = std::env::args().nth(1);
    let port = TcpListener::bind(stay.as_deref().unwrap_or("127.0.0.1:0")).await?;
    let url = format!("ws://{}/socket", port.local_addr()?);
    println!("http://{}", port.local_addr()?);
    let socket = async |it: Upgrade| it.on_upgrade(|it| attend("axum", it.split(), false));
    let app = Router::new().route("/socket", get(socket));
    let app = app.route("/", get(Html(PAGE)));
    let app = app.with_state(Sockets::default());
    tokio::spawn(axum::serve(port, app).into_future());

    let (program, accepted) = UnixStream::pair()?;
    let local = |it| await_layer_tokio::layer(it, await_layer_tokio::Config::lines());
    tokio::spawn(attend("unix, this end", local(accepted).split(), false));
    let client = await_layer_tungstenite::connect(url, Default::default()).await?;
    let client = attend("tungstenite", client.split(), stay.is_none());
    let program = attend("unix", local(program).split(), stay.is_none());
    tokio::join!(client, program);
    Ok(())
}
