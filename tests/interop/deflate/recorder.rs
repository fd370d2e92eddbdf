//! A stream in between that keeps what passes through it.

use std::io::{self, Cursor};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use await_layer_deflate::tungstenite::protocol::frame::FrameHeader;
use await_layer_deflate::tungstenite::protocol::frame::coding::OpCode;
use futures::{AsyncRead, AsyncWrite};

/// What went each way, as it was on the wire.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    read: Arc<Mutex<Vec<u8>>>,
    written: Arc<Mutex<Vec<u8>>>,
}

/// One frame on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) fin: bool,
    pub(super) rsv1: bool,
    pub(super) opcode: u8,
    pub(super) masked: bool,
    /// Bytes of payload, compressed if it is.
    pub(super) length: u64,
}

impl Record {
    /// The data frames that came in so far.
    pub(super) fn read(&self) -> Vec<Seen> {
        frames(&self.read.lock().unwrap())
    }

    /// The data frames that went out so far.
    pub(super) fn written(&self) -> Vec<Seen> {
        frames(&self.written.lock().unwrap())
    }

    /// The HTTP headers that came in and went out.
    pub(super) fn headers(&self) -> [String; 2] {
        [&self.read, &self.written].map(|bytes| {
            let bytes = bytes.lock().unwrap();
            String::from_utf8_lossy(&bytes[..head(&bytes)]).to_lowercase()
        })
    }
}

fn head(bytes: &[u8]) -> usize {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    end.expect("there is an HTTP header") + 4
}

fn frames(bytes: &[u8]) -> Vec<Seen> {
    let mut rest = &bytes[head(bytes)..];
    let mut seen = Vec::new();
    loop {
        let mut cursor = Cursor::new(rest);
        let Some((header, length)) = FrameHeader::parse(&mut cursor).unwrap() else {
            return seen;
        };
        let end = cursor.position() + length;
        let Some(after) = rest.get(usize::try_from(end).unwrap()..) else {
            return seen;
        };
        rest = after;
        assert!(!header.rsv2 && !header.rsv3);
        if let OpCode::Data(_) = header.opcode {
            seen.push(Seen {
                fin: header.is_final,
                rsv1: header.rsv1,
                opcode: header.opcode.into(),
                masked: header.mask.is_some(),
                length,
            });
        }
    }
}

/// Passes everything through, and keeps a copy.
#[derive(Debug)]
pub(super) struct Recorder<T> {
    io: T,
    record: Record,
}

impl<T> Recorder<T> {
    pub(super) fn new(io: T, record: Record) -> Self {
        Self { io, record }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Recorder<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let count = ready!(Pin::new(&mut this.io).poll_read(cx, buffer))?;
        this.record.read.lock().unwrap().extend(&buffer[..count]);
        Poll::Ready(Ok(count))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Recorder<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let count = ready!(Pin::new(&mut this.io).poll_write(cx, bytes))?;
        this.record.written.lock().unwrap().extend(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_close(cx)
    }
}
