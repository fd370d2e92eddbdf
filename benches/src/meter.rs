//! What a stretch of calls cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use await_layer_testkit::alloc::Region;
use cpu_time::ThreadTime;

/// Costs of one call.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Nanoseconds that passed.
    pub wall: f64,
    /// Nanoseconds the client's thread was on the processor.
    pub cpu: f64,
    pub allocations: f64,
    pub flushes: f64,
}

/// Runs from `start` to `stop`, on one thread.
pub struct Meter {
    flushes: Arc<AtomicU64>,
    flushes_before: u64,
    region: Region,
    wall: Instant,
    cpu: ThreadTime,
}

impl Meter {
    pub fn start(flushes: &Arc<AtomicU64>) -> Self {
        Self {
            flushes_before: flushes.load(Ordering::Relaxed),
            flushes: flushes.clone(),
            region: Region::start(),
            wall: Instant::now(),
            cpu: ThreadTime::now(),
        }
    }

    pub fn stop(self, calls: usize) -> Sample {
        let cpu = self.cpu.elapsed();
        let wall = self.wall.elapsed();
        let flushes = self.flushes.load(Ordering::Relaxed) - self.flushes_before;
        let calls = calls as f64;
        let nanos = |time: Duration| time.as_nanos() as f64 / calls;
        Sample {
            wall: nanos(wall),
            cpu: nanos(cpu),
            allocations: self.region.change().allocations as f64 / calls,
            flushes: flushes as f64 / calls,
        }
    }
}
