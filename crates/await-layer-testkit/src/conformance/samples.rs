//! What a protocol is tried with.

use std::fmt;

/// Values and frames for [`protocol`](super::protocol): `Q` is what one end
/// asks, `R` what the other answers, `F` a frame.
pub struct Samples<F, Q, R> {
    pub(super) requests: Vec<Q>,
    pub(super) replies: Vec<R>,
    pub(super) plain: Vec<F>,
    pub(super) numbered: bool,
    pub(super) unsealable: Vec<F>,
    pub(super) hostile: Vec<F>,
}

impl<F, Q, R> Samples<F, Q, R> {
    /// Requests and replies as the application has them. Take several of each
    /// size and shape that the wire tells apart.
    ///
    /// # Panics
    /// If one of the two is empty: nothing would be checked.
    #[track_caller]
    pub fn new(
        requests: impl IntoIterator<Item = Q>,
        replies: impl IntoIterator<Item = R>,
    ) -> Self {
        let samples = Self {
            requests: requests.into_iter().collect(),
            replies: replies.into_iter().collect(),
            plain: Vec::new(),
            numbered: false,
            unsealable: Vec::new(),
            hostile: Vec::new(),
        };
        assert!(
            !samples.requests.is_empty() && !samples.replies.is_empty(),
            "at least one request and one reply"
        );
        samples
    }

    /// Frames that are neither request nor reply. They must pass unchanged.
    #[must_use]
    pub fn plain(mut self, frames: impl IntoIterator<Item = F>) -> Self {
        self.plain.extend(frames);
        self
    }

    /// This wire numbers every message: plain frames may change on their way
    /// out.
    #[must_use]
    pub fn numbered(mut self) -> Self {
        self.numbered = true;
        self
    }

    /// Frames that cannot carry an id. Sealing must fail and leave them whole.
    #[must_use]
    pub fn unsealable(mut self, frames: impl IntoIterator<Item = F>) -> Self {
        self.unsealable.extend(frames);
        self
    }

    /// Frames that a broken or hostile peer sends: nothing may panic. See
    /// [`mangled`](super::mangled) for a start.
    #[must_use]
    pub fn hostile(mut self, frames: impl IntoIterator<Item = F>) -> Self {
        self.hostile.extend(frames);
        self
    }

    /// A request for every number, over and over.
    pub(super) fn request(&self, n: usize) -> &Q {
        &self.requests[n % self.requests.len()]
    }

    /// A reply for every number.
    pub(super) fn reply(&self, n: usize) -> &R {
        &self.replies[n % self.replies.len()]
    }
}

impl<F, Q, R> fmt::Debug for Samples<F, Q, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Samples")
            .field("requests", &self.requests.len())
            .field("replies", &self.replies.len())
            .field("plain", &self.plain.len())
            .field("numbered", &self.numbered)
            .field("unsealable", &self.unsealable.len())
            .field("hostile", &self.hostile.len())
            .finish()
    }
}
