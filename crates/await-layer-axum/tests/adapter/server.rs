//! Servers on free ports of this machine, and their bare clients.

use std::net::SocketAddr;

use await_layer_axum::{Config, Handle, Incoming, Layer, Sockets, Upgrade};
use axum::Router;
use axum::routing::any;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// What a test plays the peer with.
pub(crate) type Bare = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Serves for as long as the test's runtime lives.
pub(crate) async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

/// Sends every socket's layer away, and leaves the end to the client.
pub(crate) fn handing_out(sockets: Sockets) -> (Router, mpsc::UnboundedReceiver<Layer>) {
    let (sender, layers) = mpsc::unbounded_channel();
    let handler = async move |upgrade: Upgrade| {
        upgrade.on_upgrade(|layer| async move {
            let handle = layer.handle();
            sender.send(layer).unwrap();
            handle.closed().await;
        })
    };
    let app = Router::new().route("/socket", any(handler));
    (app.with_state(sockets), layers)
}

/// A bare client of the server there.
pub(crate) async fn dial(address: SocketAddr) -> Bare {
    let url = format!("ws://{address}/socket");
    connect_async(url).await.unwrap().0
}

/// A layer of the server's, and the bare client that is its peer.
pub(crate) async fn connected(config: Config) -> (Handle, Incoming, Bare) {
    let (app, mut layers) = handing_out(Sockets::new(config).unwrap());
    let peer = dial(serve(app).await).await;
    let (handle, incoming) = layers.recv().await.unwrap().split();
    (handle, incoming, peer)
}

/// What a server answers to a request for a socket.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Asks for a socket, in these words where they differ from the usual.
pub(crate) async fn ask(address: SocketAddr, target: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = format!("GET {target} HTTP/1.1\r\n");
    let usual = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    for (name, value) in usual.iter().chain(headers) {
        request += &format!("{name}: {value}\r\n");
    }
    request += "\r\n";
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();

    let mut read = Vec::new();
    let (head, mut body) = loop {
        let count = stream.read_buf(&mut read).await.unwrap();
        assert_ne!(count, 0, "the server hangs up on {request}");
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            break (head.to_lowercase(), body.as_bytes().to_vec());
        }
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    while body.len() < length.map_or(0, |length| length.parse().unwrap()) {
        assert_ne!(stream.read_buf(&mut body).await.unwrap(), 0);
    }
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        body: String::from_utf8(body).unwrap(),
        head,
    }
}
