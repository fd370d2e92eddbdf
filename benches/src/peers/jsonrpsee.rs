//! jsonrpsee's WebSocket client.
//!
//! It speaks JSON-RPC and nothing else, so its wire is its own: the same text
//! as the one parameter of a call, and as the result. The far end is the same
//! WebSocket echo, which here answers a call with its first parameter unread.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use jsonrpsee_core::client::ClientT;
use jsonrpsee_core::params::ArrayParams;
use jsonrpsee_ws_client::{WsClient, WsClientBuilder};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::TIMEOUT;
use crate::load::{Caller, Load};

#[derive(Clone)]
struct Jsonrpsee {
    client: Arc<WsClient>,
}

impl Caller for Jsonrpsee {
    type Question = String;
    type Answer = String;

    fn question(payload: usize) -> String {
        "x".repeat(payload)
    }

    async fn ask(&self, text: &String) -> String {
        let mut parameters = ArrayParams::new();
        parameters.insert(text).expect("text is JSON");
        let reply = self.client.request::<String, _>("echo", parameters).await;
        reply.expect("every call is answered")
    }

    fn size(text: &String) -> usize {
        text.len()
    }
}

pub async fn open(port: u16, load: &Load) -> impl Caller {
    let socket = TcpStream::connect(("127.0.0.1", port)).await;
    let socket = socket.expect("the server listens");
    socket.set_nodelay(true).expect("it is TCP");
    let flushes = load.flushes.clone();
    let builder = WsClientBuilder::new()
        .request_timeout(TIMEOUT)
        .max_concurrent_requests(load.in_flight.max(256))
        .max_request_size(4 << 20)
        .max_response_size(4 << 20);
    let url = format!("ws://127.0.0.1:{port}/");
    let client = builder.build_with_stream(url, Flushed { socket, flushes });
    let client = Arc::new(client.await.expect("the server speaks WebSocket"));
    Jsonrpsee { client }
}

/// A socket whose flushes are counted: the WebSocket's own are out of reach.
struct Flushed {
    socket: TcpStream,
    flushes: Arc<AtomicU64>,
}

impl AsyncRead for Flushed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, into)
    }
}

impl AsyncWrite for Flushed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flushes.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
