//! Two ends that are connected, in memory.

use await_layer_ws_await::{Config, Data, Event, Events, WebSocketAwait, WebSocketAwaitServer};
use futures::StreamExt;
use tokio::join;
use tokio::net::TcpListener;

pub(crate) struct End {
    pub(crate) socket: WebSocketAwait,
    pub(crate) events: Events,
}

impl End {
    /// The next event, which is no `open`.
    pub(crate) async fn next(&mut self) -> Event {
        loop {
            match self.events.next().await.expect("no event is left") {
                Event::Open => {}
                event => return event,
            }
        }
    }

    /// The next event, which is a message.
    pub(crate) async fn message(&mut self) -> Data {
        match self.next().await {
            Event::Message(data) => data,
            other => panic!("{other:?}"),
        }
    }
}

/// A client and the server's socket.
pub(crate) async fn pair(client: impl Into<Config>, server: impl Into<Config>) -> (End, End) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let acceptor = WebSocketAwaitServer::on(listener, server).unwrap();
    pair_with(client, &acceptor).await
}

pub(crate) async fn pair_with(
    client: impl Into<Config>,
    server: &WebSocketAwaitServer,
) -> (End, End) {
    let (near, far) = tokio::io::duplex(1 << 16);
    let (near, far) = join!(
        WebSocketAwait::connect_on(near, "ws://localhost/", client),
        server.accept_on(far),
    );
    let end = |(socket, events)| End { socket, events };
    (end(near.unwrap()), end(far.unwrap()))
}
