//! Looks at the process while the lines run.

use std::time::{Duration, Instant};

use await_layer_benches::rss::rss;
use await_layer_testkit::alloc::COUNTING;
use cpu_time::ProcessTime;
use tokio::time::{MissedTickBehavior, interval};

use crate::record::Row;
use crate::shared::Shared;
use crate::tally::Counts;

/// How often memory is looked at: what is in flight changes it all the time.
const LOOKS: Duration = Duration::from_millis(100);

pub(crate) fn live_bytes() -> i64 {
    let stats = COUNTING.stats();
    stats.bytes_allocated.wrapping_sub(stats.bytes_deallocated) as i64
}

/// Until the end of the schedule, adds a row per interval and prints it.
pub(crate) async fn run(shared: &Shared, every: Duration, rows: &mut Vec<Row>) {
    let per_row = (every.as_millis() / LOOKS.as_millis()) as usize;
    let (mut live, mut in_flight) = (Vec::with_capacity(per_row), Vec::with_capacity(per_row));
    let mut looks = interval(LOOKS);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut since, mut cpu) = (Instant::now(), ProcessTime::now());
    let mut before = Counts::default();
    let mut next = shared.start + every;
    while next <= shared.stop {
        looks.tick().await;
        live.push(live_bytes());
        in_flight.push(shared.tally.in_flight());
        let now = Instant::now();
        if now < next {
            continue;
        }
        next += every;
        let counts = shared.tally.counts();
        let [p50, p99, p999, most] = shared.tally.percentiles();
        let seconds = (now - since).as_secs_f64();
        let row = Row {
            elapsed: (now - shared.start).as_secs_f64(),
            calls_per_s: (counts.calls - before.calls) as f64 / seconds,
            live: median(&mut live),
            rss: rss(),
            in_flight: median(&mut in_flight),
            p50,
            p99,
            p999,
            most,
            replies: counts.replies - before.replies,
            timeouts: counts.timeouts - before.timeouts,
            cancelled: counts.cancelled - before.cancelled,
            ended: counts.ended - before.ended,
            wrong: counts.wrong() - before.wrong(),
            missed: counts.missed - before.missed,
            skipped: counts.skipped - before.skipped,
            reconnects: counts.reconnects - before.reconnects,
            behind: shared.tally.take_behind(),
            cores: cpu.elapsed().as_secs_f64() / seconds,
        };
        println!("{row}");
        rows.push(row);
        live.clear();
        in_flight.clear();
        (before, since, cpu) = (counts, now, ProcessTime::now());
    }
}

fn median(values: &mut [i64]) -> i64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}
