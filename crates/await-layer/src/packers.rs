//! The packers that come with the crate, each behind a feature of its own
//! where it needs a dependency.

#[cfg(feature = "bincode")]
mod bincode;
mod closures;
mod error;
mod frame;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "msgpack")]
mod msgpack;
#[cfg(feature = "postcard")]
mod postcard;
mod raw;
#[cfg(all(
    test,
    any(
        feature = "bincode",
        feature = "json",
        feature = "msgpack",
        feature = "postcard"
    )
))]
mod sample;

#[cfg(feature = "bincode")]
pub use bincode::Bincode;
pub use closures::Closures;
pub use error::PackerError;
pub use frame::{BinaryFrame, JsonFrame};
#[cfg(feature = "json")]
pub use json::Json;
#[cfg(feature = "msgpack")]
pub use msgpack::MessagePack;
#[cfg(feature = "postcard")]
pub use postcard::Postcard;
pub use raw::Raw;
