//! Asks the example `restarting_server` once a second, whatever becomes of it.

use std::time::Duration;

use await_layer::{KeepAlive, TokioTimer};
use await_layer_reconnect::{Config, Dial, Reconnect};
use await_layer_tungstenite as websocket;
use serde_json::{Value, json};
use tokio::time::interval;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url = std::env::args().nth(1);
    let url = url.unwrap_or_else(|| "ws://127.0.0.1:9020".to_owned());
    let dial = move || {
        let url = url.clone();
        async move {
            let config = websocket::Config {
                keep_alive: Some(KeepAlive::default()),
                ..websocket::Config::default()
            };
            let handle = websocket::connect(url, config).await?.handle();
            // What every connection begins with.
            let sum: Value = handle.send_await(&json!({ "add": 0 })).await?;
            println!("connected: {sum}");
            Ok::<_, Box<dyn std::error::Error>>(handle)
        }
    };
    let reconnect = Reconnect::new(Dial::new(dial, TokioTimer::new()), Config::default());
    let asking = async {
        let mut seconds = interval(Duration::from_secs(1));
        loop {
            seconds.tick().await;
            let call = reconnect.send_await::<Value, _>(json!({ "add": 1 }));
            match call.timeout(Duration::from_secs(5)).await {
                Ok(sum) => println!("{sum}"),
                // Adding twice is not adding once: it is not repeated if the
                // server may have done it.
                Err(error) => println!("{error}; sent: {:?}", error.sent()),
            }
        }
    };
    tokio::select! {
        () = asking => {}
        why = reconnect.keep_up() => println!("{why}"),
    }
}
