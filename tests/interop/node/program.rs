//! One running JavaScript program, its commands and its events.

use std::collections::VecDeque;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// Only a test that hangs reaches it.
const DEADLINE: Duration = Duration::from_secs(60);

/// A program of `tests/node`, killed on drop.
///
/// Its commands and events are described in `tests/node/commands.js`. Do not
/// use it under tokio's paused clock, which runs into the deadline at once.
#[derive(Debug)]
pub(crate) struct Program {
    name: &'static str,
    child: Child,
    commands: ChildStdin,
    events: Lines<BufReader<ChildStdout>>,
    // Events that came while another was awaited, oldest first.
    passed: VecDeque<(String, Value)>,
}

impl Program {
    pub(super) fn start(name: &'static str, modules: &Path, settings: &Value) -> Self {
        let mut child = Command::new("node")
            .arg(super::scripts().join(name))
            .arg(settings.to_string())
            .env("NODE_PATH", modules)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let commands = child.stdin.take().expect("stdin is piped");
        let events = child.stdout.take().expect("stdout is piped");
        Self {
            name,
            child,
            commands,
            events: BufReader::new(events).lines(),
            passed: VecDeque::new(),
        }
    }

    /// Gives a command and does not wait for its result, which is the event of
    /// the same name.
    pub(crate) async fn tell(&mut self, command: &str, with: Value) {
        let line = format!("{}\n", json!({ command: with }));
        let written = timeout(DEADLINE, self.commands.write_all(line.as_bytes())).await;
        written
            .unwrap_or_else(|_| panic!("{} does not read {command}", self.name))
            .unwrap_or_else(|error| panic!("{} cannot be told {command}: {error}", self.name));
    }

    /// Gives a command and waits for its result.
    pub(crate) async fn run(&mut self, command: &str, with: Value) -> Value {
        self.tell(command, with).await;
        self.event(command).await
    }

    /// The oldest event of that name; waits for it. Others are kept.
    ///
    /// Cancel safe: an event is either returned or kept.
    ///
    /// # Panics
    ///
    /// When a command failed, the program ended, or nothing came for long.
    pub(crate) async fn event(&mut self, name: &str) -> Value {
        let found = self.passed.iter().position(|(other, _)| other == name);
        if let Some((_, value)) = found.and_then(|index| self.passed.remove(index)) {
            return value;
        }
        timeout(DEADLINE, self.next_named(name))
            .await
            .unwrap_or_else(|_| panic!("{}: no {name}, only {:?}", self.name, self.passed))
    }

    async fn next_named(&mut self, name: &str) -> Value {
        loop {
            let line = self.events.next_line().await;
            let line = line.unwrap_or_else(|error| panic!("{}: {error}", self.name));
            let Some(line) = line else {
                panic!("{} ended before {name}", self.name);
            };
            let event: Map<String, Value> = serde_json::from_str(&line)
                .unwrap_or_else(|error| panic!("{}: {error} in {line}", self.name));
            for (other, value) in event {
                assert_ne!(other, "failed", "{}: {value}", self.name);
                if other == name {
                    return value;
                }
                self.passed.push_back((other, value));
            }
        }
    }

    /// Ends stdin and waits until the program has ended by itself.
    ///
    /// # Panics
    ///
    /// When it fails or does not end.
    pub(crate) async fn finish(self) {
        let Self {
            name,
            mut child,
            commands,
            ..
        } = self;
        drop(commands);
        let status = timeout(DEADLINE, child.wait()).await;
        let status = status.unwrap_or_else(|_| panic!("{name} does not end"));
        let status = status.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(status.success(), "{name} ended with {status}");
    }
}
