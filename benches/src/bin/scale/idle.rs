//! Connections that have made one call each and wait for the next.

use std::error::Error;

use await_layer_benches::load::Client;
use await_layer_benches::rss::rss;
use await_layer_benches::{hand_written, layer, wire};
use await_layer_testkit::alloc::Region;

use crate::contender::{CAPACITY, frame, load, runtime};
use crate::plan::{CALLERS, DRIVER, HAND_WRITTEN};

pub(crate) fn measure(contender: &str, connections: usize) -> Result<Vec<f64>, Box<dyn Error>> {
    let runtime = runtime()?;
    let load = load(CAPACITY, 1);
    let figures = runtime.block_on(async {
        match contender {
            HAND_WRITTEN => Ok(idle(connections, || hand_written::open(wire::in_memory())).await),
            CALLERS => Ok(idle(connections, || layer::open(wire::in_memory(), &load)).await),
            DRIVER => Ok(idle(connections, || {
                let handle = layer::open(wire::in_memory(), &load);
                tokio::spawn(handle.driver());
                handle
            })
            .await),
            _ => Err(format!("no contender is called {contender}").into()),
        }
    });
    std::mem::forget(runtime);
    figures
}

async fn idle<C: Client>(connections: usize, open: impl Fn() -> C) -> Vec<f64> {
    let frame = frame();
    let mut clients = Vec::with_capacity(connections);
    let (rss_before, region) = (rss(), Region::start());
    for _ in 0..connections {
        let client = open();
        drop(client.call(frame).await);
        clients.push(client);
    }
    let connections = connections as f64;
    vec![
        region.change().live_bytes as f64 / connections,
        (rss() - rss_before) / connections,
    ]
}
