//! Where time comes from.

use std::task::{Context, Poll};

#[cfg(any(
    feature = "async-io",
    feature = "default-timer",
    feature = "tokio-time"
))]
mod alarm;
#[cfg(feature = "async-io")]
mod async_io;
#[cfg(all(
    test,
    any(
        feature = "async-io",
        feature = "default-timer",
        feature = "manual-timer",
        feature = "tokio-time"
    )
))]
mod check;
#[cfg(feature = "default-timer")]
mod default;
#[cfg(feature = "manual-timer")]
mod manual;
#[cfg(feature = "tokio-time")]
mod tokio;

#[cfg(feature = "async-io")]
pub use async_io::{AsyncIoSleep, AsyncIoTimer};
#[cfg(feature = "default-timer")]
pub use default::{DefaultSleep, DefaultTimer};
#[cfg(feature = "manual-timer")]
pub use manual::{ManualSleep, ManualTimer};
#[cfg(feature = "tokio-time")]
pub use tokio::{TokioSleep, TokioTimer};

/// A clock, and the sleeps that follow it.
///
/// Times are nanoseconds since a moment of the timer's own choosing; they
/// never run backwards. A connection reads the clock when a call is made and
/// at most once per turn, and keeps two sleeps: one for the next deadline and one that
/// watches over a party that was told to drive and does not.
pub trait Timer {
    /// A sleep that this clock drives.
    type Sleep: Sleep;

    /// Now, in nanoseconds.
    fn now(&self) -> u64;

    /// A new sleep. It does nothing until it is polled.
    fn sleep(&self) -> Self::Sleep;
}

/// One resettable sleep.
pub trait Sleep {
    /// Ready once the clock has reached `deadline`. Until then the waker of
    /// the last poll is woken when it does.
    ///
    /// A poll with another `deadline` moves the sleep, to later or earlier.
    /// Being ready is not remembered: the next poll may ask for another time.
    fn poll_until(&mut self, deadline: u64, cx: &mut Context<'_>) -> Poll<()>;
}
