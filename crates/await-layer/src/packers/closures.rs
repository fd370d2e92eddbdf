//! A packer out of two closures.

use std::fmt;
use std::marker::PhantomData;

use crate::{Pack, Packer, Unpack};

/// Packs with one closure and unpacks with the other; `X` is their error.
///
/// ```
/// use await_layer::{Closures, Pack, Unpack};
///
/// let upper = Closures::new(
///     |text: &str| if text.is_ascii() { Ok(text.to_uppercase()) } else { Err("not ASCII") },
///     |frame: String| Ok(frame.len()),
/// );
/// assert_eq!(upper.pack("abc"), Ok("ABC".to_owned()));
/// assert_eq!(upper.unpack("ABC".to_owned()), Ok(3));
/// ```
#[derive(Clone)]
pub struct Closures<P, U, X> {
    pack: P,
    unpack: U,
    error: PhantomData<fn() -> X>,
}

impl<P, U, X> Closures<P, U, X> {
    /// A packer that calls `pack` and `unpack`, possibly from several callers
    /// at once.
    pub fn new<F, T, R>(pack: P, unpack: U) -> Self
    where
        P: Fn(&T) -> Result<F, X>,
        U: Fn(F) -> Result<R, X>,
        T: ?Sized,
    {
        Self {
            pack,
            unpack,
            error: PhantomData,
        }
    }
}

impl<P, U, X> Packer for Closures<P, U, X> {
    type Error = X;
}

impl<F, T, P, U, X> Pack<F, T> for Closures<P, U, X>
where
    P: Fn(&T) -> Result<F, X>,
    T: ?Sized,
{
    fn pack(&self, value: &T) -> Result<F, X> {
        (self.pack)(value)
    }
}

impl<F, R, P, U, X> Unpack<F, R> for Closures<P, U, X>
where
    U: Fn(F) -> Result<R, X>,
{
    fn unpack(&self, frame: F) -> Result<R, X> {
        (self.unpack)(frame)
    }
}

impl<P, U, X> fmt::Debug for Closures<P, U, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closures").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_closure_does_its_direction_and_its_errors_come_back() {
        let digits = Closures::new(
            |number: &u32| match number {
                0 => Err("zero"),
                n => Ok(n.to_string()),
            },
            |frame: String| frame.parse::<u32>().map_err(|_| "no number"),
        );
        assert_eq!(digits.pack(&7), Ok("7".to_owned()));
        assert_eq!(digits.pack(&0), Err("zero"));
        assert_eq!(digits.unpack("8".to_owned()), Ok(8));
        assert_eq!(digits.unpack("x".to_owned()), Err("no number"));
    }
}
