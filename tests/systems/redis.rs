//! RESP3 with Redis.

mod calling;
mod ending;
mod pushes;

use std::process::Stdio;

use await_layer_protocols::resp::{Resp, Value, Values};
use await_layer_tokio::{Config, Handle, Layer, Link, layer};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

use crate::programs::{Folder, installed, patient};

type Redis = Handle<Link<UnixStream, Values, Resp>>;

/// A server of one's own on a unix socket, killed on drop.
struct Server {
    process: Child,
    folder: Folder,
}

impl Server {
    fn start(name: &str) -> Option<Self> {
        let mut command = Command::new(installed("redis-server")?);
        let folder = Folder::new(name);
        command.args(["--port", "0", "--save", "", "--enable-debug-command", "yes"]);
        command
            .arg("--unixsocket")
            .arg(folder.path().join("socket"));
        command.arg("--dir").arg(folder.path());
        command.stdout(Stdio::null()).kill_on_drop(true);
        let process = command.spawn().expect("Redis starts");
        Some(Self { process, folder })
    }

    /// A connection that has said hello; tries until there is one.
    async fn connect(&mut self) -> Layer<UnixStream, Values, Resp> {
        loop {
            let end = self.process.try_wait().expect("it can be asked");
            assert!(end.is_none(), "Redis has ended: {end:?}");
            let Ok(stream) = UnixStream::connect(self.folder.path().join("socket")).await else {
                tokio::task::yield_now().await;
                continue;
            };
            let mut config = Config::new(Values::new(), Resp::new());
            config.limits = patient();
            let redis = layer(stream, config);
            let hello = redis.send_await::<Value>(&["HELLO", "3"]).await;
            assert!(matches!(hello, Ok(Value::Map(_))), "{hello:?}");
            return redis;
        }
    }
}

/// What Redis answers to a command that it does.
async fn run(redis: &Redis, words: &[&str]) -> Value {
    let reply = redis.send_await(words).await;
    reply.unwrap_or_else(|error| panic!("{}: {error}", words.join(" ")))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned().into())
}
