//! Text in frames of any type.

use std::fmt;

/// How frames of type `F` carry text: what [`transport`](super::transport)
/// must know of them.
pub struct Text<F> {
    pub(super) make: fn(String) -> F,
    pub(super) read: fn(&F) -> Option<&[u8]>,
}

impl<F> Text<F> {
    /// `make` puts text into a frame; `read` finds it again, or says `None` of
    /// a frame that carries none (a ping, say).
    ///
    /// ```
    /// use await_layer_testkit::conformance::Text;
    ///
    /// let text = Text::new(String::into_bytes, |frame| Some(frame));
    /// # let _: Text<Vec<u8>> = text;
    /// ```
    pub const fn new(make: fn(String) -> F, read: fn(&F) -> Option<&[u8]>) -> Self {
        Self { make, read }
    }
}

impl<F> Clone for Text<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Text<F> {}

impl<F> fmt::Debug for Text<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text").finish_non_exhaustive()
    }
}
