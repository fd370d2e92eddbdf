//! The testkit's suite: a child at one end, and what it relays to at the other.

use await_layer::TokioTimer;
use await_layer_testkit::conformance::{self, Text};
use await_layer_testkit::contract::Contract;
use await_layer_tokio::{Child, Codec, ContentLength, Framing, LengthDelimited, Lines};
use bytes::Bytes;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio_util::codec::Framed;

use crate::role::command;

pub(crate) const ALL: [(&str, fn()); 4] = [
    ("conforms with lengths", || conforms(LengthDelimited::new())),
    ("conforms with lines", || conforms(Lines::new())),
    ("conforms with headers", || conforms(ContentLength::new())),
    ("conforms on several threads", on_several_threads),
];

async fn relayed() -> (Child, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let child = Child::spawn(&mut command(&format!("relay {address}"))).unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    stream.set_nodelay(true).unwrap();
    (child, stream)
}

async fn suite<C: Framing + Clone>(framing: C) {
    let text = Text::new(Bytes::from, |frame| Some(frame));
    conformance::transport(text, TokioTimer::new(), async || {
        let (child, stream) = relayed().await;
        let codec = || Codec::new(framing.clone());
        (
            Contract::new(Framed::new(child, codec())),
            Contract::new(Framed::new(stream, codec())),
        )
    })
    .await;
}

fn conforms<C: Framing + Clone>(framing: C) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(suite(framing));
}

fn on_several_threads() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(suite(LengthDelimited::new()));
}
