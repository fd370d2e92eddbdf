//! A network that has already said all that it will say.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures::{AsyncRead, AsyncWrite};

/// What is written, by whoever writes.
pub type Written = Arc<Mutex<Vec<u8>>>;
/// What a peer says once it has seen what was written.
type Answer = Box<dyn FnOnce(&[u8]) -> Vec<u8>>;

/// One end: what is to be read comes in pieces, and then the end.
pub struct Network {
    pieces: VecDeque<Vec<u8>>,
    answer: Option<Answer>,
    cuts: Vec<u8>,
    written: Written,
}

impl Network {
    pub fn new(stream: &[u8], cuts: &[u8]) -> Self {
        let pieces = crate::pieces::pieces(stream, cuts);
        Self {
            pieces: pieces.into_iter().map(<[u8]>::to_vec).collect(),
            answer: None,
            cuts: cuts.to_vec(),
            written: Written::default(),
        }
    }

    /// A peer that waits for what is written first.
    pub fn answering(cuts: &[u8], answer: impl FnOnce(&[u8]) -> Vec<u8> + 'static) -> Self {
        let mut network = Self::new(&[], cuts);
        network.answer = Some(Box::new(answer));
        network
    }

    pub fn written(&self) -> Written {
        self.written.clone()
    }
}

impl AsyncRead for Network {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        room: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some(answer) = this.answer.take() {
            let answer = answer(&this.written.lock().unwrap());
            let pieces = crate::pieces::pieces(&answer, &this.cuts);
            this.pieces = pieces.into_iter().map(<[u8]>::to_vec).collect();
        }
        let Some(mut piece) = this.pieces.pop_front() else {
            return Poll::Ready(Ok(0));
        };
        let count = piece.len().min(room.len());
        room[..count].copy_from_slice(&piece[..count]);
        let rest = piece.split_off(count);
        if !rest.is_empty() {
            this.pieces.push_front(rest);
        }
        Poll::Ready(Ok(count))
    }
}

impl AsyncWrite for Network {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.written.lock().unwrap().extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
