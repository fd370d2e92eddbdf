//! Opens a contender's connection, the far end of which the experiment plays.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;

use await_layer::memory::{self, Duplex};
use await_layer_benches::load::{Client, Load};
use await_layer_benches::wire::packed;
use await_layer_benches::{hand_written, layer};
use bytes::BytesMut;
use tokio::runtime::{Builder, Runtime};

use crate::plan::{CALLERS, DRIVER, HAND_WRITTEN};

/// Bytes of a body.
pub(crate) const PAYLOAD: usize = 64;

/// Frames that fit into the transport.
pub(crate) const CAPACITY: usize = 1024;

pub(crate) trait Experiment {
    /// The figures of one line.
    fn run(self, client: impl Client, far_end: Duplex<BytesMut>) -> impl Future<Output = Vec<f64>>;
}

/// Runs `experiment` on a connection with room for `in_flight` calls.
pub(crate) fn run(
    contender: &str,
    in_flight: usize,
    experiment: impl Experiment,
) -> Result<Vec<f64>, Box<dyn Error>> {
    let runtime = runtime()?;
    let load = load(in_flight, in_flight);
    let figures = runtime.block_on(async {
        let (io, far_end) = memory::pair(CAPACITY);
        match contender {
            HAND_WRITTEN => Ok(experiment.run(hand_written::open(io), far_end).await),
            CALLERS => Ok(experiment.run(layer::open(io, &load), far_end).await),
            DRIVER => {
                let handle = layer::open(io, &load);
                tokio::spawn(handle.driver());
                Ok(experiment.run(handle, far_end).await)
            }
            _ => Err(format!("no contender is called {contender}").into()),
        }
    });
    // The process ends: a million tasks need not be dropped one by one.
    std::mem::forget(runtime);
    figures
}

pub(crate) fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

pub(crate) fn load(in_flight: usize, calls: usize) -> Load {
    Load {
        in_flight,
        payload: PAYLOAD,
        calls,
        flushes: Arc::default(),
    }
}

/// The frame of every request, for calls that borrow it as long as they run.
pub(crate) fn frame() -> &'static BytesMut {
    Box::leak(Box::new(packed(PAYLOAD)))
}
