//! A child process as a stream.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::process::Stdio;
use std::task::{Context, Poll, ready};

use await_layer::TokioTimer;
use await_layer_framing::ChildEnd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::process::{self, ChildStdin, ChildStdout, Command};

/// A child process as one stream: what is read is its stdout, what is written
/// is its stdin.
///
/// When the child exits, what it has written is still read; then the
/// connection ends with a reason that says how it exited, with its exit code
/// as the reason's code. So it does, within a second, when a process that the
/// child has left behind keeps stdout open, or the child closes one of the two
/// and goes on.
///
/// Closing ends the child's stdin and waits until it has exited; the layer
/// allows that [`close_timeout`](await_layer::Limits::close_timeout).
///
/// Poll both halves from one task, as the layer does.
///
/// ```no_run
/// use await_layer_tokio::{Child, Config, layer};
/// use tokio::process::Command;
///
/// let child = Child::spawn(&mut Command::new("rust-analyzer"))?;
/// let layer = layer(child, Config::content_length());
/// # drop(layer);
/// # Ok::<_, std::io::Error>(())
/// ```
pub struct Child {
    process: process::Child,
    /// Gone once this end has closed.
    stdin: Option<ChildStdin>,
    /// Gone once it has ended.
    stdout: Option<ChildStdout>,
    end: ChildEnd<TokioTimer>,
}

impl Child {
    /// Starts `command` with stdin and stdout as pipes. Dropping the layer
    /// kills the child; stderr and the rest is as `command` says.
    ///
    /// # Errors
    /// The child cannot be started: check the path and what is allowed.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        Self::new(command.kill_on_drop(true).spawn()?)
    }

    /// A child that was started with stdin and stdout as pipes, which nobody
    /// has used yet.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if one of them is no
    /// pipe: set both to [`Stdio::piped`].
    pub fn new(mut process: process::Child) -> io::Result<Self> {
        let (Some(stdin), Some(stdout)) = (process.stdin.take(), process.stdout.take()) else {
            let why = "stdin and stdout must both be `Stdio::piped()`";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        };
        Ok(Self {
            process,
            stdin: Some(stdin),
            stdout: Some(stdout),
            end: ChildEnd::new(TokioTimer::new()),
        })
    }

    /// The process id, until the child's exit was seen.
    pub fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Looks whether it has exited; wakes when it does.
    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.end.has_exited() {
            let status = ready!(pin!(self.process.wait()).poll(cx))?;
            self.end.exited(status);
        }
        Poll::Ready(Ok(()))
    }

    /// Ready when no more can be expected of the child.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let _ = self.poll_exit(cx)?;
        self.end.poll_over(self.stdout.is_none(), cx).map(Ok)
    }
}

impl AsyncRead for Child {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        if let Some(stdout) = &mut this.stdout {
            let before = buffer.filled().len();
            if let Poll::Ready(result) = Pin::new(stdout).poll_read(cx, buffer) {
                result?;
                if buffer.filled().len() > before {
                    return Poll::Ready(Ok(()));
                }
                this.stdout = None;
            }
        }
        ready!(this.poll_end(cx))?;
        let closed_here = this.stdin.is_none();
        match this.end.tell().filter(|_| !closed_here) {
            Some(reason) => Poll::Ready(Err(io::Error::other(reason))),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Child {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let Some(stdin) = &mut this.stdin else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        match ready!(Pin::new(stdin).poll_write(cx, bytes)) {
            // Its last words and its exit, which reading tells, come first.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                let _ = this.poll_exit(cx)?;
                if !this.end.has_exited() || this.stdout.is_some() {
                    ready!(this.end.poll_patience(cx));
                }
                let exited = this.end.has_exited();
                let told = this.end.tell().filter(|_| exited);
                Poll::Ready(Err(told.map_or(error, io::Error::other)))
            }
            result => Poll::Ready(result),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stdin {
            Some(stdin) => Pin::new(stdin).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.stdin = None;
        this.poll_exit(cx)
    }
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child")
            .field("id", &self.id())
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
