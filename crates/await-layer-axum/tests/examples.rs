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
fn example(name: &str, address: &str) -> Command {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap().join("examples");
    let program: PathBuf = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "run `cargo build --examples` first");
    let mut command = Command::new(program);
    command
        .arg(address)
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    command
}

#[tokio::test]
async fn the_client_asks_the_server_and_answers_it() {
    let mut server = example("server", "127.0.0.1:0").spawn().unwrap();
    let mut said = BufReader::new(server.stdout.take().unwrap()).lines();
    let mut next = async || {
        let line = timeout(DEADLINE, said.next_line()).await;
        line.expect("the server is silent")
            .unwrap()
            .unwrap_or_default()
    };
    let url = next().await;
    let address = url.strip_prefix("http://").expect("it says where it is");

    let client = timeout(DEADLINE, example("client", address).output()).await;
    let client = client.expect("the client does not end").unwrap();
    assert!(client.status.success());
    let heard = String::from_utf8(client.stdout).unwrap();
    for line in [
        r#"the server asks: {"who":"are you?"}"#,
        "the server says: 4",
        "the server says: 9",
        "the server says: 16",
        "goodbye: closed here",
    ] {
        assert!(heard.contains(line), "{heard}");
    }
    assert_eq!(next().await, "here is \"a program\"");
    assert_eq!(
        next().await,
        "somebody left: closed by the peer (code 1000)"
    );

    if cfg!(unix) {
        let id = server.id().unwrap().to_string();
        let told = Command::new("kill").args(["-INT", &id]).status().await;
        assert!(told.unwrap().success());
        assert_eq!(next().await, "0 sockets are told to go");
        let ended = timeout(DEADLINE, server.wait()).await;
        assert!(ended.expect("it does not end").unwrap().success());
    }
}

#[test]
fn an_example_has_sixty_lines_at_most() {
    for text in [
        include_str!("../examples/server.rs"),
        include_str!("../examples/client.rs"),
        include_str!("../examples/page.html"),
    ] {
        assert!(text.lines().count() <= 60, "{}", text.lines().count());
    }
}
