//! The examples, one against the other, as `cargo test` has built them.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

/// Only a test that hangs reaches it.
const DEADLINE: Duration = Duration::from_secs(30);

/// Cargo builds examples beside the folder of the tests.
fn example(name: &str, argument: &str) -> Command {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap().join("examples");
    let program: PathBuf = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "run `cargo build --examples` first");
    let mut command = Command::new(program);
    command
        .arg(argument)
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    command
}

#[tokio::test]
async fn the_client_asks_the_server_and_answers_it() {
    let mut server = example("ws_await_server", "127.0.0.1:0").spawn().unwrap();
    let mut said = BufReader::new(server.stdout.take().unwrap()).lines();
    let mut next = async || {
        let line = timeout(DEADLINE, said.next_line()).await;
        line.expect("the server is silent")
            .unwrap()
            .unwrap_or_default()
    };
    let url = next().await;
    assert!(url.starts_with("ws://"), "{url}");
    let client = timeout(DEADLINE, example("ws_await_client", &url).output()).await;
    let client = client.expect("the client does not end").unwrap();
    assert!(client.status.success());
    let heard = String::from_utf8(client.stdout).unwrap();
    for line in [
        "the server asks: \"are you?\"",
        "the server says: 4.0",
        "the server says: 9.0",
        "the server says: 16.0",
        "goodbye: closed here",
    ] {
        assert!(heard.contains(line), "{heard}");
    }
    let mut lines = [next().await, next().await, next().await];
    lines.sort();
    assert_eq!(lines[0], "here is \"a program\"");
    assert_eq!(lines[1], "somebody left: closed by the peer (code 1000)");
    assert_eq!(lines[2], "told Some(String(\"hello\"))");
}

#[test]
fn an_example_has_sixty_lines_at_most() {
    for text in [
        include_str!("../examples/ws_await_server.rs"),
        include_str!("../examples/ws_await_client.rs"),
    ] {
        assert!(text.lines().count() <= 60, "{}", text.lines().count());
    }
}
