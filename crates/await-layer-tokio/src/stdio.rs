//! This program's own stdin and stdout.

use tokio::io::{Join, Stdin, Stdout, join, stdin, stdout};

/// This program's stdin and stdout as one stream.
pub type Stdio = Join<Stdin, Stdout>;

/// This program's stdin and stdout as one stream, for a program that is
/// started as a [`Child`](crate::Child).
///
/// Print nothing else to stdout. Closing cannot close stdout: the parent sees
/// the end when this program exits. tokio reads stdin on a thread, and a
/// runtime that is dropped waits for that thread until stdin ends.
#[must_use]
pub fn stdio() -> Stdio {
    join(stdin(), stdout())
}
