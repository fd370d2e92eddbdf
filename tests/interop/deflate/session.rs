//! One recorded connection between the compressing adapter and the original.

use std::time::Duration;

use await_layer::{Limits, TokioTimer};
use await_layer_deflate::{
    Config, Deflate, Handle, Incoming, Link, SendOptions, Tcp, accept_on, connect_on,
};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::compat::TokioAsyncReadCompatExt;

use super::recorder::{Record, Recorder};
use crate::node::{Node, Program};
use crate::session::Role;

/// The kind of connection that is recorded.
pub(super) type Recorded = Link<Recorder<Tcp>>;

/// Our end, the program at the other, and what passes between them.
pub(super) struct Session {
    pub(super) handle: Handle<Recorded>,
    pub(super) incoming: Incoming<Recorded>,
    pub(super) node: Program,
    pub(super) record: Record,
}

/// Compresses only what its options say, and keeps the context or not.
pub(super) fn config(keeps_context: bool) -> Config {
    let deflate = Deflate {
        threshold: usize::MAX,
        own_context: keeps_context,
        peer_context: keeps_context,
        ..Deflate::default()
    };
    Config {
        deflate: Some(deflate),
        limits: Limits {
            call_timeout: Duration::from_secs(60),
            max_in_flight: 4096,
            max_requests: 4096,
            max_inbound_bytes: 64 << 20,
            ..Limits::default()
        },
        ..Config::default()
    }
}

/// What the program is started with: it compresses small messages too.
pub(super) fn settings() -> Value {
    json!({ "perMessageDeflate": { "threshold": 0 } })
}

pub(super) fn compress(compress: bool) -> SendOptions {
    SendOptions {
        compress: Some(compress),
        ..SendOptions::default()
    }
}

/// Connects.
pub(super) async fn session(role: Role, settings: Value, config: Config) -> Session {
    let found = Node::require().expect("there are roles only with Node");
    let record = Record::default();
    let timer = TokioTimer::new();
    let (layer, mut node) = match role {
        Role::Client => {
            let server = found.server(settings).await;
            let address = server.url.trim_start_matches("ws://");
            let stream = TcpStream::connect(address).await.unwrap();
            let stream = Recorder::new(stream.compat(), record.clone());
            let layer = connect_on(stream, &server.url, config, timer).await;
            (layer.unwrap(), server.program)
        }
        Role::Server => {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("ws://{}", listener.local_addr().unwrap());
            let mut client = found.client(settings).await;
            client.run("connect", json!({ "url": url })).await;
            let (stream, _) = listener.accept().await.unwrap();
            let stream = Recorder::new(stream.compat(), record.clone());
            let layer = accept_on(stream, config, timer).await;
            (layer.unwrap(), client)
        }
    };
    assert_eq!(node.event("open").await, 0);
    let (handle, incoming) = layer.split();
    Session {
        handle,
        incoming,
        node,
        record,
    }
}
