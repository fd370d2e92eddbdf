//! A clock that stands still and allocates nothing.

use std::task::{Context, Poll};

use await_layer::{Sleep, Timer};

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Still;

impl Timer for Still {
    type Sleep = Self;

    fn now(&self) -> u64 {
        0
    }

    fn sleep(&self) -> Self {
        Self
    }
}

impl Sleep for Still {
    fn poll_until(&mut self, _: u64, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}
