//! Binary frames, the transports that carry them, and the echo at the far end:
//! the same for every contender.
//!
//! A frame is an 8-byte id and a body. It is packed with the room for the id,
//! so that nobody copies it again.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use await_layer::Transport;
use await_layer::memory::{self, Duplex};
use bytes::{Buf, BytesMut};
use futures::{Sink, SinkExt, Stream, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::codec::{Decoder, Encoder, Framed, LengthDelimitedCodec};

use crate::runtime::{Runtime, Tokio};

const ID: usize = size_of::<u64>();

/// The most that are answered in reverse: as many as are ever in flight.
const BURST: usize = 4096;

/// How often in a row the echo that answers in reverse finds nothing new
/// before it takes the burst for complete.
const QUIET: usize = 2;

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

impl<T: Stream + Unpin> Stream for Counted<T> {
    type Item = T::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.io.poll_next_unpin(cx)
    }
}

impl<F, T: Sink<F> + Unpin> Sink<F> for Counted<T> {
    type Error = T::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        self.io.poll_ready_unpin(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: F) -> Result<(), T::Error> {
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
    in_memory_on(&Tokio)
}

/// As [`in_memory`], with the echo on that runtime.
pub fn in_memory_on(runtime: &impl Runtime) -> Duplex<BytesMut> {
    let (here, there) = memory::pair(1024);
    runtime.spawn(echo(there));
    here
}

/// In memory, with an echo that answers all it finds in reverse, the last one
/// first.
pub fn in_memory_reversed() -> Duplex<BytesMut> {
    let (here, there) = memory::pair(BURST);
    tokio::spawn(echo_reversed(there));
    here
}

/// Sends everything back, with one flush per burst.
async fn echo(io: impl Wire) {
    let (sink, stream) = io.split();
    let stream = stream.filter_map(|frame| async { frame.ok().map(Ok) });
    drop(stream.forward(sink).await);
}

/// Holds what comes until nothing more does, for a client may write in small
/// bursts; then answers.
async fn echo_reversed(mut io: impl Wire) {
    let (mut held, mut quiet) = (Vec::with_capacity(BURST), 0);
    poll_fn(|cx: &mut Context<'_>| {
        loop {
            match io.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    held.push(frame);
                    quiet = 0;
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending if held.is_empty() => return Poll::Pending,
                Poll::Pending if quiet < QUIET => {
                    quiet += 1;
                    // The others run before it is polled again.
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Pending => {
                    while let Some(frame) = held.pop() {
                        let room = io.poll_ready_unpin(cx);
                        assert!(room.is_ready(), "a whole burst fits");
                        if io.start_send_unpin(frame).is_err() {
                            return Poll::Ready(());
                        }
                    }
                    drop(io.poll_flush_unpin(cx));
                }
            }
        }
    })
    .await;
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

/// Frames on a stream of bytes.
pub fn frames<T: AsyncRead + AsyncWrite>(io: T) -> Framed<T, Frames> {
    Framed::new(io, Frames(LengthDelimitedCodec::new()))
}

fn framed(socket: TcpStream) -> io::Result<Framed<TcpStream, Frames>> {
    socket.set_nodelay(true)?;
    Ok(frames(socket))
}

pub async fn tcp(port: u16) -> Framed<TcpStream, Frames> {
    let socket = TcpStream::connect(("127.0.0.1", port)).await;
    socket.and_then(framed).expect("the echo server listens")
}

/// Sends every frame back.
pub(crate) async fn echo_tcp(socket: TcpStream) -> io::Result<()> {
    echo(framed(socket)?).await;
    Ok(())
}
