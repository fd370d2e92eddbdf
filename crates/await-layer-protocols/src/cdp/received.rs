//! What comes in.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::ErrorObject;

/// An event of the browser's, or a command to it.
#[derive(Clone)]
pub struct Received {
    /// The session that it belongs to; the browser's own has no name.
    pub session: Option<String>,
    /// What happened, or what to do.
    pub method: String,
    pub(super) params: Option<Box<RawValue>>,
}

impl Received {
    /// The parameters as a `P`; none are `null`.
    ///
    /// # Errors
    /// The error object to answer with: invalid params (-32602).
    pub fn params<P: DeserializeOwned>(&self) -> Result<P, ErrorObject> {
        let text = self.params.as_deref().map_or("null", RawValue::get);
        serde_json::from_str(text).map_err(|_| ErrorObject::new(-32602, "Invalid parameters"))
    }
}

/// Prints no parameters.
impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("session", &self.session)
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}
