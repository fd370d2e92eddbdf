//! Functions of the user's.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde_json::Value;

use crate::{AwaitId, Data, Payload};

/// What a function of the settings fails with.
pub type HookError = Box<dyn Error + Send + Sync>;

pub(crate) type Pack = dyn Fn(&Value) -> Result<Payload, HookError> + Send + Sync;
pub(crate) type Unpack = dyn Fn(&Payload) -> Result<Data, HookError> + Send + Sync;
pub(crate) type Generate = dyn Fn() -> Result<AwaitId, HookError> + Send + Sync;
pub(crate) type Attach = dyn Fn(Data, &AwaitId) -> Result<Data, HookError> + Send + Sync;
pub(crate) type Extract = dyn Fn(&Data) -> Option<AwaitId> + Send + Sync;
pub(crate) type Delete = dyn Fn(Data) -> Data + Send + Sync;

/// The usual function, or one of the user's.
pub(crate) enum Hook<F: ?Sized> {
    Usual,
    Own(Arc<F>),
}

impl<F: ?Sized> Clone for Hook<F> {
    fn clone(&self) -> Self {
        match self {
            Self::Usual => Self::Usual,
            Self::Own(own) => Self::Own(own.clone()),
        }
    }
}

impl<F: ?Sized> Hook<F> {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Own(_) => "own",
        }
    }
}

/// Runs the user's code: its panic is an error of the one message.
pub(crate) fn guarded<R>(
    name: &'static str,
    run: impl FnOnce() -> Result<R, HookError>,
) -> Result<R, HookError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        // It may throw again, and what it throws then is kept: a peer can make
        // most functions panic, but not one that is so made.
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(again);
        }
        Err(format!("{name} panicked").into())
    })
}
