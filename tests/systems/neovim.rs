//! MessagePack-RPC with neovim.

mod asking;
mod calling;
mod ending;

use std::process::Stdio;

use await_layer::Event;
use await_layer_protocols::msgpack_rpc::{Failure, Method, MsgpackRpc, RemoteError, SelfDelimited};
use await_layer_tokio::{Child, Config, Handle, Incoming, Layer, Link, Request, layer};
use bytes::Bytes;
use futures::StreamExt;
use tokio::process::Command;
use tokio::time::timeout;

use crate::programs::{DEADLINE, installed, patient};

type Nvim<T = Child> = Handle<Link<T, SelfDelimited, MsgpackRpc>>;
type FromNvim = Incoming<Link<Child, SelfDelimited, MsgpackRpc>>;
type Asked = Request<Link<Child, SelfDelimited, MsgpackRpc>>;
type CallError = await_layer::CallError<Bytes, Failure>;

fn config() -> Config<SelfDelimited, MsgpackRpc> {
    let mut config = Config::new(SelfDelimited::new(), MsgpackRpc);
    config.limits = patient();
    config
}

/// A command that starts neovim without anybody's settings.
fn command() -> Option<Command> {
    let mut command = Command::new(installed("nvim")?);
    command.args(["--clean", "-n", "--headless"]);
    command.env("NVIM_LOG_FILE", "/dev/null");
    Some(command)
}

/// A neovim of one's own, killed on drop, and its process id.
fn embedded() -> Option<(Layer<Child, SelfDelimited, MsgpackRpc>, u32)> {
    let mut command = command()?;
    command.arg("--embed").stderr(Stdio::null());
    let child = Child::spawn(&mut command).expect("neovim starts");
    let id = child.id().expect("it runs");
    Some((layer(child, config()), id))
}

/// No arguments: a `()` inside of parameters is nil.
const NOTHING: [u8; 0] = [];

/// Runs a chunk of Lua, whose `...` is `arguments`; the call is channel 1.
fn lua<A>(chunk: &str, arguments: A) -> Method<'static, (&str, A)> {
    Method("nvim_exec_lua", (chunk, arguments))
}

/// What neovim answered instead of a result.
fn remote(error: CallError) -> RemoteError {
    match error {
        CallError::Unpack(Failure::Remote(error)) => error,
        other => panic!("no error reply: {other}"),
    }
}

/// The next request of neovim's.
async fn asked(from_nvim: &mut FromNvim) -> Asked {
    match timeout(DEADLINE, from_nvim.next()).await {
        Ok(Some(Event::Request(request))) => request,
        other => panic!("no request: {other:?}"),
    }
}

/// Keeps neovim busy until somebody answers.
fn waiting(name: &str) -> Method<'static, (&'static str, (&str,))> {
    lua("return vim.rpcrequest(1, ...)", (name,))
}
