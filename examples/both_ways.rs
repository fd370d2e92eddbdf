//! A server and a client over a real WebSocket, each asking the other.
//!
//! `cargo run --example both_ways`

use std::error::Error;

use await_layer_tungstenite::{Config, Event, Handle, Incoming, accept, connect};
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Shows what the other end says, and answers what it asks.
async fn listen(name: &str, mut incoming: Incoming) -> Result<(), Box<dyn Error>> {
    while let Some(event) = incoming.next().await {
        match event {
            Event::Message(frame) => println!("{name} is told:  {}", frame.as_text().unwrap_or("")),
            Event::Request(request) => {
                let (asked, responder) = request.unpack::<Value>().map_err(|(error, _)| error)?;
                println!("{name} is asked: {asked}");
                let square = asked["square"].as_i64().map(|number| number * number);
                responder.reply(&json!({ "is": square })).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Tells the other end something and asks it three things at once.
async fn talk(name: &str, handle: &Handle, numbers: [i64; 3]) -> Result<(), Box<dyn Error>> {
    handle.send(&json!({ "hello from": name })).await?;
    let ask = |number| handle.send_await::<Value>(&json!({ "square": number }));
    let answers = futures::future::try_join_all(numbers.map(ask)).await?;
    for (number, answer) in numbers.iter().zip(answers) {
        println!("{name} learns:   {number} squared is {}", answer["is"]);
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}", listener.local_addr()?);
    println!("the server listens on {url}");
    let accepted = async { accept(listener.accept().await?.0, Config::default()).await };
    let (server, client) = tokio::try_join!(accepted, connect(&url, Config::default()))?;
    let (server, from_client) = server.split();
    let (client, from_server) = client.split();
    let session = async {
        let client_talks = talk("client", &client, [10, 20, 30]);
        tokio::try_join!(talk("server", &server, [1, 2, 3]), client_talks)?;
        println!("client ends:     {}", client.close().await);
        Ok(())
    };
    let client_listens = listen("client", from_server);
    tokio::try_join!(session, listen("server", from_client), client_listens)?;
    println!("server ends:     {}", server.closed().await);
    Ok(())
}
