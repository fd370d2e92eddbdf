//! Answers whoever connects, and asks back. Its argument is where to listen.

use std::time::Duration;

use await_layer_ws_await::{Event, Events, Settings, WebSocketAwait, WebSocketAwaitServer};
use futures::StreamExt;
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut address = std::env::args().skip(1);
    let address = address
        .next()
        .unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let server = WebSocketAwaitServer::bind(address, Settings::new()).await?;
    println!("ws://{}", server.local_addr()?);
    loop {
        match server.accept().await {
            Ok((socket, events)) => drop(tokio::spawn(serve(socket, events))),
            // Out of files, say: it may pass.
            Err(error) => {
                println!("{error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn serve(socket: WebSocketAwait, mut events: Events) {
    while let Some(event) = events.next().await {
        match event {
            Event::Open => {
                // In a task of its own: its reply comes behind other events.
                let socket = socket.clone();
                tokio::spawn(async move {
                    match socket.send_await(json!({ "who": "are you?" })).await {
                        Ok(reply) => println!("here is {}", reply["name"]),
                        Err(error) => println!("somebody: {error}"),
                    }
                });
            }
            Event::MessageAwait(data, ask) => {
                let number = data["square"].as_f64().unwrap_or(f64::NAN);
                let answer = json!({ "is": number * number });
                if let Err(error) = socket.res_await(answer, ask).await {
                    println!("{error}");
                }
            }
            Event::Message(data) => println!("told {:?}", data.as_json()),
            Event::Error(error) => println!("{error}"),
            Event::Close(reason) => println!("somebody left: {reason}"),
            _ => {}
        }
    }
}
