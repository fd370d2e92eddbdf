//! The two halves and the network between them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use futures_core::Stream;
use futures_io::{AsyncRead, AsyncWrite};
use futures_sink::Sink;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::Control;

use crate::reader::{Reader, Received};
use crate::writer::Writer;
use crate::{Frame, WebSocketError};

/// Bytes that are read at once.
const READ: usize = 16 * 1024;
/// Reads before others get their turn: a peer can send for ever what is no
/// message. Enough for a large one.
const READS_AT_ONCE: usize = 128;
/// Room for what is written that is kept while there is nothing to write.
const KEPT: usize = 2 * GATHERED;
/// Bytes that may wait for the network before no more are taken.
const GATHERED: usize = 64 * 1024;

pub(crate) struct Wire<T> {
    io: T,
    reader: Reader,
    writer: Writer,
    /// To be answered; a newer ping takes its place.
    ping: Option<Bytes>,
    /// A pong has not left for certain.
    owes: bool,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Wire<T> {
    pub(crate) fn new(io: T, reader: Reader, writer: Writer) -> Self {
        Self {
            io,
            reader,
            writer,
            ping: None,
            owes: false,
        }
    }

    pub(crate) fn push(&mut self, frame: Frame) -> Result<(), WebSocketError> {
        self.writer.push(frame)
    }

    pub(crate) fn push_close(
        &mut self,
        goodbye: Option<&CloseFrame>,
    ) -> Result<(), WebSocketError> {
        self.writer.close(goodbye)
    }

    pub(crate) fn owe_pong(&mut self, ping: Bytes) {
        self.ping = Some(ping);
        self.owes = true;
    }

    /// Whether a pong waits to be flushed, which nobody else may do.
    pub(crate) fn owes(&self) -> bool {
        self.owes
    }

    /// Bytes, until a frame is complete.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Received, WebSocketError>> {
        for _ in 0..READS_AT_ONCE {
            if let Some(received) = self.reader.next()? {
                return Poll::Ready(Ok(received));
            }
            let buffer = self.reader.buffer();
            let start = buffer.len();
            buffer.resize(start.saturating_add(READ), 0);
            let room = buffer.get_mut(start..).unwrap_or_default();
            let polled = Pin::new(&mut self.io).poll_read(cx, room);
            let count = match &polled {
                Poll::Ready(Ok(count)) => (*count).min(READ),
                _ => 0,
            };
            buffer.truncate(start.saturating_add(count));
            match ready!(polled) {
                Ok(0) => return Poll::Ready(Err(WebSocketError::vanished())),
                Ok(_) => {}
                Err(error) => return Poll::Ready(Err(WebSocketError::read(&error))),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Writes until there is room for a message.
    pub(crate) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        self.poll_write(cx, GATHERED)
    }

    /// Writes all, and flushes.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        ready!(self.poll_write(cx, 1))?;
        if self.writer.buffer.capacity() > KEPT {
            self.writer.buffer = BytesMut::new();
        }
        match ready!(Pin::new(&mut self.io).poll_flush(cx)) {
            Ok(()) => self.owes = false,
            Err(error) => return Poll::Ready(Err(WebSocketError::failed(&error))),
        }
        Poll::Ready(Ok(()))
    }

    /// Writes until fewer bytes than `enough` are left.
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        enough: usize,
    ) -> Poll<Result<(), WebSocketError>> {
        loop {
            // A peer that pings and does not read makes us keep one pong.
            if self.writer.buffer.len() < GATHERED {
                if let Some(ping) = self.ping.take() {
                    self.writer.control(Control::Pong, &ping)?;
                }
            }
            if self.writer.buffer.len() < enough {
                return Poll::Ready(Ok(()));
            }
            let written = Pin::new(&mut self.io).poll_write(cx, &self.writer.buffer);
            let written = match ready!(written) {
                Ok(0) => Err(io::ErrorKind::WriteZero.into()),
                other => other,
            };
            match written {
                Ok(count) => {
                    let count = count.min(self.writer.buffer.len());
                    self.writer.buffer.advance(count);
                }
                Err(error) => return Poll::Ready(Err(WebSocketError::failed(&error))),
            }
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for Wire<T> {
    type Item = Result<Received, WebSocketError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_read(cx).map(Some)
    }
}

/// For pings of its own: messages are [pushed](Wire::push).
impl<T: AsyncRead + AsyncWrite + Unpin> Sink<Received> for Wire<T> {
    type Error = WebSocketError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.get_mut().poll_room(cx)
    }

    fn start_send(self: Pin<&mut Self>, it: Received) -> Result<(), Self::Error> {
        match it {
            Received::Ping(payload) => self.get_mut().writer.control(Control::Ping, &payload),
            _ => Ok(()),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.get_mut().poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.get_mut().poll_flush(cx)
    }
}
