//! Faults of a transport: it stops reading for a while, or is cut.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use await_layer::memory::{Disconnected, Duplex};
use bytes::BytesMut;
use futures::task::AtomicWaker;
use futures::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

const STOPPED: u8 = 1;
const CUT: u8 = 2;

/// Works the faults of one end.
#[derive(Default)]
pub(crate) struct Gate {
    state: AtomicU8,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl Gate {
    /// Nothing is read until [`read_on`](Self::read_on).
    pub(crate) fn stop(&self) {
        self.state.fetch_or(STOPPED, Ordering::AcqRel);
    }

    pub(crate) fn read_on(&self) {
        self.state.fetch_and(!STOPPED, Ordering::AcqRel);
        self.reader.wake();
    }

    /// Whoever reads or writes from now on finds the connection lost.
    pub(crate) fn cut(&self) {
        self.state.fetch_or(CUT, Ordering::AcqRel);
        self.reader.wake();
        self.writer.wake();
    }

    fn poll_read(&self, cx: &Context<'_>) -> Poll<Result<(), Cut>> {
        self.reader.register(cx.waker());
        match self.state.load(Ordering::Acquire) {
            state if state & CUT != 0 => Poll::Ready(Err(Cut)),
            state if state & STOPPED != 0 => Poll::Pending,
            _ => Poll::Ready(Ok(())),
        }
    }

    fn poll_write(&self, cx: &Context<'_>) -> Result<(), Cut> {
        self.writer.register(cx.waker());
        match self.state.load(Ordering::Acquire) & CUT {
            0 => Ok(()),
            _ => Err(Cut),
        }
    }
}

struct Cut;

impl From<Cut> for io::Error {
    fn from(_: Cut) -> Self {
        io::ErrorKind::ConnectionReset.into()
    }
}

impl From<Cut> for Disconnected {
    fn from(_: Cut) -> Self {
        Self
    }
}

/// A transport with a gate in it: a socket below the framing, or a joined end
/// in memory.
pub(crate) struct Gated<T> {
    io: T,
    gate: Arc<Gate>,
}

impl<T> Gated<T> {
    pub(crate) fn new(io: T, gate: &Arc<Gate>) -> Self {
        let gate = gate.clone();
        Self { io, gate }
    }

    fn reader(&mut self, cx: &Context<'_>) -> Poll<Result<Pin<&mut T>, Cut>>
    where
        T: Unpin,
    {
        let Self { io, gate } = self;
        gate.poll_read(cx).map_ok(|()| Pin::new(io))
    }

    fn writer(&mut self, cx: &Context<'_>) -> Result<Pin<&mut T>, Cut>
    where
        T: Unpin,
    {
        self.gate.poll_write(cx)?;
        Ok(Pin::new(&mut self.io))
    }
}

impl AsyncRead for Gated<TcpStream> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.reader(cx)? {
            Poll::Ready(io) => io.poll_read(cx, into),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncWrite for Gated<TcpStream> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writer(cx)?.poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer(cx)?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer(cx)?.poll_shutdown(cx)
    }
}

impl Stream for Gated<Duplex<BytesMut>> {
    type Item = Result<BytesMut, Disconnected>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.reader(cx)? {
            Poll::Ready(io) => io.poll_next(cx),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Sink<BytesMut> for Gated<Duplex<BytesMut>> {
    type Error = Disconnected;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Disconnected>> {
        self.writer(cx)?.poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: BytesMut) -> Result<(), Disconnected> {
        Pin::new(&mut self.io).start_send(frame)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Disconnected>> {
        self.writer(cx)?.poll_flush(cx)
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Disconnected>> {
        self.writer(cx)?.poll_close(cx)
    }
}

#[cfg(test)]
mod tests {
    use await_layer::memory;
    use futures::{FutureExt, SinkExt, StreamExt};

    use super::*;

    #[test]
    fn what_comes_while_it_is_stopped_is_read_afterwards() {
        let gate = Arc::<Gate>::default();
        let (here, mut there) = memory::pair(4);
        let mut here = Gated::new(here, &gate);
        there.send(BytesMut::from("a")).now_or_never();
        gate.stop();
        assert_eq!(here.next().now_or_never(), None);
        gate.read_on();
        let read = here.next().now_or_never();
        assert_eq!(read, Some(Some(Ok(BytesMut::from("a")))));
    }

    #[test]
    fn what_is_cut_neither_reads_nor_writes() {
        let gate = Arc::<Gate>::default();
        let (here, _there) = memory::pair(4);
        let mut here = Gated::new(here, &gate);
        gate.cut();
        let read = here.next().now_or_never();
        assert_eq!(read, Some(Some(Err(Disconnected))));
        let sent = here.send(BytesMut::new()).now_or_never();
        assert_eq!(sent, Some(Err(Disconnected)));
    }
}
