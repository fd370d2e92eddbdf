//! What a codec or a transport passes with one call.
//!
//! Write a protocol, then call [`protocol`] with values of your own; write an
//! adapter, then call [`transport`] with pairs of connected transports. A
//! fault panics, and the message names the case that failed.
//!
//! Both check what await-layer asks of its parts, not whether they speak some
//! standard: that wants tests of its own, with frames from a real peer.

mod calls;
mod case;
mod closing;
mod driving;
mod end;
mod ends;
mod failing;
mod frames;
mod hostile;
mod mangled;
mod protocol;
mod samples;
mod text;
mod transport;
mod wire;

pub use mangled::mangled;
pub use protocol::protocol;
pub use samples::Samples;
pub use text::Text;
pub use transport::transport;
