//! The life of one socket.

use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::pin::pin;
use std::time::Duration;

use await_layer::{Connection, Handle};
use await_layer_websocket::Parting;
use futures_util::FutureExt;

use crate::sockets::Open;

/// "Going away".
const LEAVING: u16 = 1001;
/// "Internal error".
const PANICKED: u16 = 1011;

/// Closes the connection of `handle` when `work`, which uses it, is done.
///
/// When the server goes away the connection is closed first; `work` has
/// `grace` after that to see it and finish.
pub(crate) async fn attend<L: Connection>(
    handle: Handle<L>,
    parting: Parting,
    grace: Duration,
    mut open: Open,
    work: impl Future<Output = ()>,
) {
    let mut work = pin!(AssertUnwindSafe(work).catch_unwind());
    let done = tokio::select! {
        biased;
        () = open.leave() => None,
        done = &mut work => Some(done),
    };
    let done = match done {
        Some(done) => done,
        None => {
            parting.set(LEAVING);
            let end = async {
                handle.close().await;
                tokio::time::sleep(grace).await;
            };
            tokio::select! {
                biased;
                done = &mut work => done,
                () = end => Ok(()),
            }
        }
    };
    if done.is_err() {
        parting.set(PANICKED);
    }
    handle.close().await;
    drop(open);
    if let Err(panic) = done {
        resume_unwind(panic);
    }
}
