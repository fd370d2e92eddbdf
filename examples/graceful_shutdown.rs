//! A server goes away: what is under way finishes, nothing new starts, and
//! the client hears why.
//!
//! `cargo run --example graceful_shutdown`

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use await_layer::serve;
use await_layer_tungstenite::{Config, accept, close, connect};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}", listener.local_addr()?);
    let accepted = async { accept(listener.accept().await?.0, Config::default()).await };
    let (server, client) = tokio::try_join!(accepted, connect(url, Config::default()))?;
    let (server, requests) = server.split();
    let client = client.handle();

    let begun = &Notify::new();
    let serving = serve(requests, 8, async |job: Value| {
        println!("server: begins {job}");
        begun.notify_one();
        tokio::time::sleep(Duration::from_millis(200)).await;
        println!("server: is done with it");
        Ok::<_, Infallible>(json!({ "done": job["job"] }))
    });
    // Ctrl-C in a real server.
    let stopping = async {
        begun.notified().await;
        println!("server: is told to stop");
        // Gives up after `Limits::close_timeout`.
        close(&server, 1001, "restarting").await
    };
    let working = async {
        let answer = client.send_await::<Value>(&json!({ "job": "books" })).await;
        println!("client: gets {}", answer?);
        let reason = client.closed().await;
        println!("client: {reason}");
        let refused = client.send_await::<Value>(&json!({ "job": "more" })).await;
        let error = refused.expect_err("the connection is closed");
        println!("client: asks again and gets: {error}");
        Ok::<_, Box<dyn Error>>(())
    };
    let (_, stopped, worked) = tokio::join!(serving, stopping, working);
    println!("server: {}", stopped?);
    worked
}
