//! The testkit's suite, with each framing over each kind of stream, under two
//! kinds of executor.

use await_layer::AsyncIoTimer;
use await_layer_async_std::asynchronous_codec::Framed;
use await_layer_async_std::{Codec, ContentLength, Framing, LengthDelimited, Lines, Newline};
use await_layer_testkit::conformance::{self, Text};
use await_layer_testkit::contract::Contract;
use bytes::Bytes;
use futures::io::{AsyncRead, AsyncWrite};
use smol::net::{TcpListener, TcpStream};

async fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, server) = futures::join!(TcpStream::connect(address), listener.accept());
    let sockets = (client.unwrap(), server.unwrap().0);
    sockets.0.set_nodelay(true).unwrap();
    sockets.1.set_nodelay(true).unwrap();
    sockets
}

async fn conforms<C, A, B>(framing: C, mut connect: impl AsyncFnMut() -> (A, B))
where
    C: Framing + Clone,
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    let text = Text::new(Bytes::from, |frame| Some(frame));
    conformance::transport(text, AsyncIoTimer::new(), async || {
        let (here, there) = connect().await;
        let codec = || Codec::new(framing.clone());
        (
            Contract::new(Framed::new(here, codec())),
            Contract::new(Framed::new(there, codec())),
        )
    })
    .await;
}

#[test]
fn length_delimited_over_tcp() {
    smol::block_on(conforms(LengthDelimited::new(), tcp));
}

#[test]
fn length_delimited_over_tcp_on_an_executor() {
    let executor = smol::LocalExecutor::new();
    let suite = conforms(LengthDelimited::new(), tcp);
    smol::block_on(executor.run(suite));
}

#[test]
fn lines_over_tcp() {
    smol::block_on(conforms(Lines::new(), tcp));
    smol::block_on(conforms(Lines::new().newline(Newline::CrLf), tcp));
}

#[test]
fn content_length_over_tcp() {
    smol::block_on(conforms(ContentLength::new(), tcp));
}

#[cfg(unix)]
#[test]
fn all_over_unix_sockets() {
    use smol::net::unix::UnixStream;
    let pair = async || UnixStream::pair().unwrap();
    smol::block_on(conforms(LengthDelimited::new(), pair));
    smol::block_on(conforms(Lines::new(), pair));
    smol::block_on(conforms(ContentLength::new(), pair));
}
