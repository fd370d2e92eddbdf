//! The transports, the same for every contender, and the echo at the far end.
//!
//! A frame is an 8-byte id and a body. It is packed with the room for the id,
//! so that nobody copies it again.

use std::io;
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use await_layer::Transport;
use await_layer::memory::{self, Duplex};
use bytes::{Buf, BytesMut};
use futures::{Sink, SinkExt, Stream, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::{Decoder, Encoder, Framed, LengthDelimitedCodec};

const ID: usize = size_of::<u64>();

/// What every contender runs over.
pub trait Wire: Transport<BytesMut, ReadError: Send> + Unpin + Send + 'static {}

impl<T: Transport<BytesMut, ReadError: Send> + Unpin + Send + 'static> Wire for T {}

/// A frame with a body of `size` bytes and room for an id.
pub fn packed(size: usize) -> BytesMut {
    BytesMut::zeroed(ID + size)
}

pub fn seal(frame: &mut BytesMut, id: u64) {
    frame[..ID].copy_from_slice(&id.to_be_bytes());
}

pub fn id_of(frame: &BytesMut) -> u64 {
    frame.first_chunk().copied().map_or(0, u64::from_be_bytes)
}

pub fn strip(frame: &mut BytesMut) {
    frame.advance(ID);
}

/// A transport whose flushes are counted.
pub struct Counted<T> {
    io: T,
    flushes: Arc<AtomicU64>,
}

impl<T> Counted<T> {
    pub fn new(io: T, flushes: Arc<AtomicU64>) -> Self {
        Self { io, flushes }
    }
}

impl<T: Wire> Stream for Counted<T> {
    type Item = T::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.io.poll_next_unpin(cx)
    }
}

impl<T: Wire> Sink<BytesMut> for Counted<T> {
    type Error = T::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        self.io.poll_ready_unpin(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: BytesMut) -> Result<(), T::Error> {
        self.io.start_send_unpin(frame)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        self.flushes.fetch_add(1, Ordering::Relaxed);
        self.io.poll_flush_unpin(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        self.io.poll_close_unpin(cx)
    }
}

/// In memory, the echo a task beside the client. The cheapest transport there
/// is, so that what a contender adds shows most.
pub fn in_memory() -> Duplex<BytesMut> {
    let (here, there) = memory::pair(1024);
    tokio::spawn(echo(there));
    here
}

/// Sends everything back, with one flush per burst.
async fn echo(io: impl Wire) {
    let (sink, stream) = io.split();
    let stream = stream.filter_map(|frame| async { frame.ok().map(Ok) });
    drop(stream.forward(sink).await);
}

/// tokio-util's length-delimited frames, `BytesMut` both ways.
pub struct Frames(LengthDelimitedCodec);

impl Decoder for Frames {
    type Item = BytesMut;
    type Error = io::Error;

    fn decode(&mut self, from: &mut BytesMut) -> io::Result<Option<BytesMut>> {
        self.0.decode(from)
    }
}

impl Encoder<BytesMut> for Frames {
    type Error = io::Error;

    fn encode(&mut self, frame: BytesMut, into: &mut BytesMut) -> io::Result<()> {
        self.0.encode(frame.freeze(), into)
    }
}

fn framed(socket: TcpStream) -> io::Result<Framed<TcpStream, Frames>> {
    socket.set_nodelay(true)?;
    Ok(Framed::new(socket, Frames(LengthDelimitedCodec::new())))
}

pub async fn tcp(port: u16) -> Framed<TcpStream, Frames> {
    let socket = TcpStream::connect(("127.0.0.1", port)).await;
    socket.and_then(framed).expect("the echo server listens")
}

/// The echo server: this program once more, so that neither its CPU time nor
/// its memory is taken for the client's.
pub struct Server {
    child: Child,
    pub port: u16,
}

impl Server {
    /// The argument that makes this program the server.
    pub const ROLE: &str = "--echo-server";

    pub fn start() -> io::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(Self::ROLE)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            io::BufRead::read_line(&mut io::BufReader::new(out), &mut line)?;
        }
        let port = line.trim().parse().map_err(io::Error::other)?;
        Ok(Self { child, port })
    }

    /// Serves until it is killed.
    pub async fn run() -> io::Result<()> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        println!("{}", listener.local_addr()?.port());
        loop {
            let (socket, _) = listener.accept().await?;
            tokio::spawn(echo(framed(socket)?));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
