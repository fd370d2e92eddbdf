//! One connection between our library and the original, in both roles.

use std::convert::Infallible;
use std::time::Duration;

use await_layer::Limits;
use await_layer_tungstenite::{Config, Event, Handle, Incoming, Request, accept, connect};
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::node::{Node, Program};

/// What we are to the original.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    Client,
    Server,
}

impl Role {
    /// Both, or none where Node is missing: that was said loudly, and is a
    /// failure in CI.
    pub(crate) fn both() -> &'static [Self] {
        match Node::require() {
            Some(_) => &[Self::Client, Self::Server],
            None => &[],
        }
    }
}

/// Our end, and the program at the other.
pub(crate) struct Session {
    pub(crate) handle: Handle,
    pub(crate) incoming: Incoming,
    pub(crate) node: Program,
}

/// Connects. `settings` are described in `tests/node/settings.js`.
pub(crate) async fn session(role: Role, settings: Value, config: Config) -> Session {
    let found = Node::require().expect("there are roles only with Node");
    let (layer, mut node) = match role {
        Role::Client => {
            let server = found.server(settings).await;
            let layer = connect(&server.url, config).await.unwrap();
            (layer, server.program)
        }
        Role::Server => {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("ws://{}", listener.local_addr().unwrap());
            let mut client = found.client(settings).await;
            client.run("connect", json!({ "url": url })).await;
            let (stream, _) = listener.accept().await.unwrap();
            (accept(stream, config).await.unwrap(), client)
        }
    };
    assert_eq!(node.event("open").await, 0);
    let (handle, incoming) = layer.split();
    Session {
        handle,
        incoming,
        node,
    }
}

/// Room for everything that a test asks at once. No call may time out by
/// itself on a slow machine.
pub(crate) fn roomy() -> Config {
    Config {
        limits: Limits {
            call_timeout: Duration::from_secs(60),
            max_in_flight: 4096,
            max_requests: 4096,
            // The wire cannot say that a request was refused for want of room.
            max_inbound_bytes: 64 << 20,
            ..Limits::default()
        },
        ..Config::default()
    }
}

/// The answer that the programs of `tests/node` give, and count as right.
pub(crate) fn echo(data: &Value) -> Value {
    json!({ "echo": data })
}

/// Answers everything the original asks, until the connection ends.
pub(crate) async fn echo_all(incoming: Incoming) {
    let answer = async |data: Value| Ok::<_, Infallible>(echo(&data));
    await_layer::serve(incoming, 64, answer).await;
}

/// The next request of the original's; a message before it is a failure.
pub(crate) async fn next_request(incoming: &mut Incoming) -> Request {
    match incoming.next().await {
        Some(Event::Request(request)) => request,
        other => panic!("{other:?} came instead of a request"),
    }
}
