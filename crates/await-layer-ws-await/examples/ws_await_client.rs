//! Answers what the example server asks, and asks it. Its argument is the
//! server's URL.

use std::time::Duration;

use await_layer_ws_await::{Event, Settings, WebSocketAwait};
use futures::StreamExt;
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut url = std::env::args().skip(1);
    let url = url
        .next()
        .unwrap_or_else(|| "ws://127.0.0.1:3000".to_owned());
    let settings = Settings::new().with_await_timeout(Duration::from_secs(3));
    let (socket, mut events) = WebSocketAwait::connect(&url, settings).await?;

    while let Some(event) = events.next().await {
        if let Event::MessageAwait(data, ask) = event {
            println!("the server asks: {}", data["who"]);
            let answer = json!({ "name": "a program" });
            socket.res_await(answer, ask).await?;
            break;
        }
    }
    // Nobody listens from here on.
    drop(events);

    socket.send(json!("hello")).await?;
    for number in 2..5 {
        let reply = socket.send_await(json!({ "square": number })).await?;
        println!("the server says: {}", reply["is"]);
    }
    println!("goodbye: {}", socket.close().await);
    Ok(())
}
