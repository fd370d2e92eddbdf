//! Everything a connection may hold, and why not more.

use std::time::Duration;

/// What to do with plain messages that arrive while nobody takes those that
/// came before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// While no call of ours is pending, stop reading: ordinary backpressure.
    /// While one is, drop the newest messages and say how many in a
    /// [`Lagged`](crate::Event::Lagged). Risk: messages are lost, never replies.
    #[default]
    Lag,
    /// Stop reading, whatever is pending. Risk: a call whose reply stands
    /// behind the unread messages waits until they are taken or it times out;
    /// a loop that awaits a call before it reads on locks itself up.
    Backpressure,
    /// Close the connection with [`Cause::Overflow`](crate::Cause::Overflow);
    /// one that is being closed already drops them.
    /// Risk: a burst ends the connection.
    Close,
}

/// The limits of one connection. All are finite by default.
///
/// Change the fields you need and keep the rest:
/// `Limits { max_in_flight: 16, ..Limits::default() }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a call may take unless it says otherwise: the wait for a
    /// permit, the queue, the write and the reply together. For streamed
    /// replies it bounds each gap between parts. [`Duration::MAX`] is for ever.
    /// Default 10 s, as in the npm package ws-await: long for a reply over a
    /// network, short for somebody who waits.
    pub call_timeout: Duration,
    /// Calls of ours that are written or about to be, at most. Calls beyond it
    /// wait in the order in which they were first polled, within their
    /// timeout. Bounds our tables and what we ask of the peer. Zero counts as
    /// one. Default 1,024: deep enough to fill a connection.
    pub max_in_flight: usize,
    /// Frames queued by whoever does not wait for them, at most: the layer's
    /// own `Sink` and [`try_send`](crate::Handle::try_send). Calls and sends
    /// hold their frame themselves until its turn. Bounds what a peer that
    /// does not read makes us keep; one frame always fits. Default 1,024: a
    /// burst.
    pub max_outbound: usize,
    /// Bytes queued likewise, as [`AwaitIdCodec::size`](crate::AwaitIdCodec::size)
    /// counts them plus 128 per frame, which is what a slot costs.
    /// Default 1 MiB: a few times a socket's buffer.
    pub max_outbound_bytes: usize,
    /// Plain messages that nobody has taken yet, at most: what a slow
    /// application makes us keep. One always fits. Default 256: a burst.
    pub max_inbound: usize,
    /// Bytes of messages not taken, at most, and likewise of requests not
    /// answered, with 128 per frame on top so that empty frames are not free.
    /// The frame that passes the limit is still taken in: it is here already,
    /// and its size is the transport's to bound. Default 4 MiB: four of the
    /// largest messages that our adapters let through.
    pub max_inbound_bytes: usize,
    /// Requests of the peer's that are not answered yet, at most; those beyond
    /// it are refused. A request counts until its handler is done, cancelled
    /// or not, so that cancelling does not buy a peer more work. Default 256.
    pub max_requests: usize,
    /// Refusals that wait to be written, at most. While the transport takes
    /// them they are written before more is read; once it does not, those
    /// beyond are counted and not sent, so that a peer that floods and does not
    /// read costs no memory. Default 64.
    pub max_refusals: usize,
    /// Parts of one streamed reply that nobody has taken yet, at most. A
    /// stream beyond it ends with an error and is cancelled: waiting for its
    /// consumer would hold up every other reply. Default 1,024: what
    /// eight turns bring.
    pub max_parts: usize,
    /// Bytes of such parts, at most, with 128 per part on top. Default 1 MiB.
    pub max_parts_bytes: usize,
    /// Retired ids, at most, where ids are narrow or chosen by the caller.
    /// While there are as many, new calls wait. Zero counts as one. Default
    /// 1,024, as many as calls in flight.
    pub max_retired: usize,
    /// How long such an id stays retired when no late reply frees it: longer
    /// than any reply can take. Default 60 s.
    pub quarantine: Duration,
    /// Replies that match no call before the connection is closed; each reply
    /// that matches earns one back. Not counted are one late reply to each call
    /// that was given up, and the parts of a stream that was. Stray replies are
    /// normal, floods of them are not. Default 1,024.
    pub unmatched_budget: usize,
    /// Frames read, and frames written, in one turn at most. Keeps one busy
    /// connection from starving its task. A burst that takes several turns
    /// still leaves in one flush, up to eight turns of it: a transport whose
    /// `poll_ready` never says no may hold that many frames. Default 128.
    pub frames_per_turn: usize,
    /// How long [`close`](crate::Handle::close) waits for calls in flight,
    /// for answers that are due and for the transport: a peer that is gone
    /// must not keep a program from ending. After it the transport is asked to
    /// close once more and dropped. Default 5 s.
    pub close_timeout: Duration,
    /// What happens to plain messages beyond `max_inbound`.
    pub overflow: Overflow,
}

/// Charged per frame on top of its bytes: what a slot costs.
pub(crate) const FRAME_OVERHEAD: usize = 128;

impl Default for Limits {
    fn default() -> Self {
        Self {
            call_timeout: Duration::from_secs(10),
            max_in_flight: 1024,
            max_outbound: 1024,
            max_outbound_bytes: 1 << 20,
            max_inbound: 256,
            max_inbound_bytes: 4 << 20,
            max_requests: 256,
            max_refusals: 64,
            max_parts: 1024,
            max_parts_bytes: 1 << 20,
            max_retired: 1024,
            quarantine: Duration::from_secs(60),
            unmatched_budget: 1024,
            frames_per_turn: 128,
            close_timeout: Duration::from_secs(5),
            overflow: Overflow::default(),
        }
    }
}

/// The bytes a frame of `size` is charged.
pub(crate) fn charge(size: usize) -> usize {
    size.saturating_add(FRAME_OVERHEAD)
}

/// A duration in nanoseconds; `None` is for ever.
pub(crate) fn nanos(duration: Duration) -> Option<u64> {
    u64::try_from(duration.as_nanos())
        .ok()
        .filter(|n| *n < u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_counted_in_nanoseconds_as_far_as_that_goes() {
        let longest = Duration::from_nanos(u64::MAX - 1);
        assert_eq!(nanos(longest), Some(u64::MAX - 1));
        assert_eq!(nanos(longest + Duration::from_nanos(1)), None);
        assert_eq!(nanos(Duration::MAX), None);
    }
}
