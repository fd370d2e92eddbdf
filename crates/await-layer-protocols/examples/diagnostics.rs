//! A tiny language-server client: prints what a server says of a file.
//!
//! `cargo run -p await-layer-protocols --features lsp --example diagnostics --
//! script.sh shellscript bash-language-server start`

use std::error::Error;

use await_layer::Event;
use await_layer_protocols::lsp::{Lsp, Method, Outcome, Received};
use await_layer_tokio::{Child, Config, ContentLength, layer};
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::process::Command;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "give a file, its language, and the command of a server";
    let file = std::fs::canonicalize(arguments.next().ok_or(usage)?)?;
    let language = arguments.next().ok_or(usage)?;
    let server = Child::spawn(Command::new(arguments.next().ok_or(usage)?).args(arguments))?;
    let config = Config::new(ContentLength::new(), Lsp::default());
    let (server, mut incoming) = layer(server, config).split();

    let us = json!({ "processId": std::process::id(), "rootUri": null, "capabilities": {} });
    let _: Value = server.send_await(&Method("initialize", us)).await?;
    server.send(&Method("initialized", json!({}))).await?;
    let uri = format!("file://{}", file.display());
    let text = std::fs::read_to_string(&file)?;
    let document = json!({ "uri": uri, "languageId": language, "version": 1, "text": text });
    let opened = Method("textDocument/didOpen", json!({ "textDocument": document }));
    server.send(&opened).await?;

    while let Some(event) = incoming.next().await {
        match event {
            Event::Message(frame) => {
                let note: Received = server.unpack(frame)?;
                let said: Value = note.params()?;
                if note.method != "textDocument/publishDiagnostics" || said["uri"] != uri {
                    continue;
                }
                for one in said["diagnostics"].as_array().into_iter().flatten() {
                    let line = one["range"]["start"]["line"].as_u64().unwrap_or(0);
                    println!("line {}: {}", line + 1, one["message"]);
                }
                break;
            }
            // Whatever it wants of us: we have nothing.
            Event::Request(it) => it.responder.reply(&Outcome::Ok(Value::Null)).await?,
            _ => {}
        }
    }
    server.send_await::<Value>(&Method("shutdown", ())).await?;
    server.send(&Method("exit", ())).await?;
    println!("{}", server.closed().await);
    Ok(())
}
