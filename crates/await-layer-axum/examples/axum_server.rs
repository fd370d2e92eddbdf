//! A server that answers browsers and programs, and asks them.
//!
//! `cargo run -p await-layer-axum --example axum_server`, then open the address that
//! it prints, or run the example `axum_client`. Ctrl-C ends it.

use std::io;

use await_layer::serve;
use await_layer_axum::{Sockets, Upgrade};
use axum::response::{Html, Response};
use axum::routing::{any, get};
use axum::{Router, serve::ListenerExt};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Pages of other sites never get here.
async fn socket(upgrade: Upgrade) -> Response {
    upgrade.on_upgrade(|layer| async move {
        let (handle, incoming) = layer.split();
        let curious = async {
            match handle
                .send_await::<Value>(&json!({ "who": "are you?" }))
                .await
            {
                Ok(answer) => println!("here is {}", answer["name"]),
                Err(error) => println!("somebody does not say who: {error}"),
            }
        };
        let (reason, ()) = tokio::join!(serve(incoming, 16, answer), curious);
        println!("somebody left: {reason}");
    })
}

async fn answer(question: Value) -> Result<Value, String> {
    let number = question["square"].as_f64().ok_or("I only square")?;
    Ok(json!({ "is": number * number }))
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:3000")).await?;
    println!("http://{}", listener.local_addr()?);

    let sockets = Sockets::default();
    let app = Router::new()
        .route("/", get(Html(include_str!("page.html"))))
        .route("/socket", any(socket))
        .with_state(sockets.clone());
    let stop = async move {
        tokio::signal::ctrl_c().await.unwrap_or_default();
        println!("{} sockets are told to go", sockets.open());
        sockets.shutdown().await;
    };
    // Small messages go at once.
    let listener = listener.tap_io(|tcp| drop(tcp.set_nodelay(true)));
    axum::serve(listener, app)
        .with_graceful_shutdown(stop)
        .await
}
