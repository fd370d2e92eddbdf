//! What a stretch of calls cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use await_layer_testkit::alloc::{COUNTING, Region};
use cpu_time::{ProcessTime, ThreadTime};

/// Costs of one call.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Nanoseconds that passed.
    pub wall: f64,
    /// Nanoseconds the client's thread was on the processor.
    pub cpu: f64,
    /// Nanoseconds the client's process was on the processor.
    pub process_cpu: f64,
    pub allocations: f64,
    /// Bytes asked of the allocator, whether kept or not.
    pub bytes: f64,
    pub flushes: f64,
}

/// Runs from `start` to `stop`, on one thread.
pub struct Meter {
    flushes: Arc<AtomicU64>,
    flushes_before: u64,
    bytes_before: usize,
    region: Region,
    wall: Instant,
    process_cpu: ProcessTime,
    cpu: ThreadTime,
}

impl Meter {
    pub fn start(flushes: &Arc<AtomicU64>) -> Self {
        Self {
            flushes_before: flushes.load(Ordering::Relaxed),
            flushes: flushes.clone(),
            bytes_before: COUNTING.stats().bytes_allocated,
            region: Region::start(),
            wall: Instant::now(),
            process_cpu: ProcessTime::now(),
            cpu: ThreadTime::now(),
        }
    }

    pub fn stop(self, calls: usize) -> Sample {
        let cpu = self.cpu.elapsed();
        let process_cpu = self.process_cpu.elapsed();
        let wall = self.wall.elapsed();
        let flushes = self.flushes.load(Ordering::Relaxed) - self.flushes_before;
        let bytes = COUNTING.stats().bytes_allocated - self.bytes_before;
        let calls = calls as f64;
        let nanos = |time: Duration| time.as_nanos() as f64 / calls;
        Sample {
            wall: nanos(wall),
            cpu: nanos(cpu),
            process_cpu: nanos(process_cpu),
            allocations: self.region.change().allocations as f64 / calls,
            bytes: bytes as f64 / calls,
            flushes: flushes as f64 / calls,
        }
    }
}
