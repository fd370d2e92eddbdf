//! Runs a script in Node.js through the DevTools protocol and prints what it
//! says: `cargo run --example devtools -- script.js`

use std::{env, error::Error, process::Stdio};

use await_layer_protocols::cdp::{Cdp, Method, Received};
use await_layer_tungstenite::{Config, Event, connect};
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

const TELL_THE_END: &str = "NodeRuntime.notifyWhenWaitingForDisconnect";
const SCRIPT: &str = "console.log('six by seven is', 6 * 7); process.exitCode = 3";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut node = Command::new("node");
    node.arg("--inspect-brk=127.0.0.1:0").kill_on_drop(true);
    match env::args_os().nth(1) {
        Some(file) => node.arg(file),
        None => node.args(["-e", SCRIPT]),
    };
    let mut node = node.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let mut said = BufReader::new(node.stderr.take().ok_or("no stderr")?).lines();
    let url = loop {
        let line = said.next_line().await?.ok_or("node has no inspector")?;
        if let Some(url) = line.strip_prefix("Debugger listening on ") {
            break url.to_owned();
        }
    };
    tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });

    let (tool, mut events) = connect(url, Config::new(Cdp::new())).await?.split();
    let end = Method(TELL_THE_END, json!({ "enabled": true }));
    tool.send_await::<Value>(&end).await?;
    for method in ["Runtime.enable", "Runtime.runIfWaitingForDebugger"] {
        tool.send_await::<Value>(&Method(method, ())).await?;
    }
    while let Some(event) = events.next().await {
        let event: Received = match event {
            Event::Message(frame) => tool.unpack(frame)?,
            _ => continue,
        };
        let params: Value = event.params()?;
        match event.method.as_str() {
            "Runtime.consoleAPICalled" => {
                let words = params["args"].as_array().into_iter().flatten();
                let words: Vec<_> = words.map(|it| it["value"].to_string()).collect();
                println!("{}: {}", params["type"], words.join(" "));
            }
            "Runtime.exceptionThrown" => println!("{}", params["exceptionDetails"]["exception"]),
            "NodeRuntime.waitingForDisconnect" => break,
            _ => {}
        }
    }
    println!("{}", tool.close().await);
    println!("node: {}", node.wait().await?);
    Ok(())
}
