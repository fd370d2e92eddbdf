//! Asks the example `smol_server`, and answers it.
//!
//! `cargo run -p await-layer-async-std --example smol_client`

use std::convert::Infallible;
use std::error::Error;

use await_layer_async_std::smol::websocket::connect;
use await_layer_async_std::websocket::Config;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    smol::block_on(async {
        let url = std::env::args().nth(1);
        let url = url.as_deref().unwrap_or("ws://127.0.0.1:7071");
        let layer = connect(url, Config::default()).await?;
        let (server, incoming) = layer.split();
        let (asked, was_asked) = smol::channel::bounded(1);
        let answering = await_layer::serve(incoming, 4, async |_question: Value| {
            let _ = asked.try_send(());
            Ok::<_, Infallible>(json!({ "i": "am the example client" }))
        });
        let asking = async {
            // Both leave at once.
            let (one, two) = futures::try_join!(
                server.send_await::<Value>(&json!({ "add": [1, 2, 3] })),
                server.send_await::<Value>(&json!({ "add": [40, 2] })),
            )?;
            println!("the server says {one} and {two}");
            // Who closes takes no further questions.
            was_asked.recv().await?;
            println!("{}", server.close().await);
            Ok(())
        };
        futures::join!(asking, answering).0
    })
}
