//! The testkit's suite, with each framing over each kind of stream.

use await_layer::TokioTimer;
use await_layer_testkit::conformance::{self, Text};
use await_layer_testkit::contract::Contract;
use await_layer_tokio::{Codec, ContentLength, Framing, LengthDelimited, Lines, Newline};
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::Framed;

async fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, server) = tokio::join!(TcpStream::connect(address), listener.accept());
    let sockets = (client.unwrap(), server.unwrap().0);
    sockets.0.set_nodelay(true).unwrap();
    sockets.1.set_nodelay(true).unwrap();
    sockets
}

async fn conforms<C, A, B>(framing: C, mut connect: impl AsyncFnMut() -> (A, B))
where
    C: Framing + Clone,
    A: AsyncRead + AsyncWrite,
    B: AsyncRead + AsyncWrite,
{
    let text = Text::new(Bytes::from, |frame| Some(frame));
    conformance::transport(text, TokioTimer::new(), async || {
        let (here, there) = connect().await;
        let framed = |framing: &C| Codec::new(framing.clone());
        (
            Contract::new(Framed::new(here, framed(&framing))),
            Contract::new(Framed::new(there, framed(&framing))),
        )
    })
    .await;
}

#[tokio::test]
async fn length_delimited_over_tcp() {
    conforms(LengthDelimited::new(), tcp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn length_delimited_over_tcp_on_several_threads() {
    conforms(LengthDelimited::new(), tcp).await;
}

#[tokio::test]
async fn lines_over_tcp() {
    conforms(Lines::new(), tcp).await;
    conforms(Lines::new().newline(Newline::CrLf), tcp).await;
}

#[tokio::test]
async fn content_length_over_tcp() {
    conforms(ContentLength::new(), tcp).await;
}

#[cfg(unix)]
#[tokio::test]
async fn all_over_unix_sockets() {
    let pair = async || tokio::net::UnixStream::pair().unwrap();
    conforms(LengthDelimited::new(), pair).await;
    conforms(Lines::new(), pair).await;
    conforms(ContentLength::new(), pair).await;
}

#[tokio::test]
async fn all_in_small_pieces() {
    let narrow = async || duplex(509);
    conforms(LengthDelimited::new(), narrow).await;
    conforms(Lines::new(), narrow).await;
    conforms(ContentLength::new(), narrow).await;
}
