//! What goes wrong in a serde packer.

use std::fmt;

/// A value that does not pack, or a frame that does not unpack. `P` and
/// `U` are the format's own errors.
///
/// The format's error may quote the value it met. So neither `Debug` nor
/// `Display` prints it and it is no `source()`: whoever wants it in a log
/// takes it out of the variant.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PackerError<P, U = P> {
    /// The value has no form in this format. Nothing was sent: change the
    /// value or its `Serialize`.
    Pack(P),
    /// More bytes follow the value. Agree with the peer on the type.
    Trailing,
    /// The body is not the type that was asked for, or not in this format.
    /// Agree with the peer on both.
    Unpack(U),
    /// The frame is of a kind that never holds this format, such as a ping.
    /// Check what the peer sends.
    WrongFrame,
}

impl<P, U> fmt::Debug for PackerError<P, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pack(_) => "Pack(..)",
            Self::Trailing => "Trailing",
            Self::Unpack(_) => "Unpack(..)",
            Self::WrongFrame => "WrongFrame",
        })
    }
}

impl<P, U> fmt::Display for PackerError<P, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pack(_) => "the value does not pack: change it or its Serialize",
            Self::Trailing => "bytes follow the value: agree with the peer on its type",
            Self::Unpack(_) => "the body is not the expected type: agree with the peer on it",
            Self::WrongFrame => "the frame cannot hold this format: check what the peer sends",
        })
    }
}

impl<P, U> std::error::Error for PackerError<P, U> {}
