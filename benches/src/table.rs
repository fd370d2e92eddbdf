//! The table that is printed.

use crate::record::Row;

/// One line per contender. Times of a call are in nanoseconds, its latency in
/// microseconds; `±` is half of what lies between the extremes, in percent.
pub(crate) fn print(rows: &[Row]) {
    let Some(first) = rows.first() else { return };
    println!(
        "{:<31} {:>9} {:>5} {:>9} {:>5} {:>9} {:>9} {:>9} {:>7} {:>9} {:>6} {:>7} {:>7} {:>13} {:>7} {:>9}",
        first.scenario,
        "wall ns",
        "±%",
        "CPU ns",
        "±%",
        "p50 µs",
        "p99 µs",
        "p99.9 µs",
        "allocs",
        "bytes",
        "wakes",
        "flushes",
        "× floor",
        "least-most",
        "× hand",
        "× 1 thread"
    );
    for row in rows {
        println!(
            "{:<31} {:>9.0} {:>5.0} {:>9.0} {:>5.0} {:>9.1} {:>9.1} {:>9.1} {:>7} {:>9} {:>6} {:>7} {:>7.2} {:>13} {:>7} {:>9}",
            row.contender,
            row.wall,
            percent(row.wall_least, row.wall, row.wall_most),
            row.cpu,
            percent(row.cpu_least, row.cpu, row.cpu_most),
            row.p50 / 1000.0,
            row.p99 / 1000.0,
            row.p999 / 1000.0,
            known(row.allocations, 2),
            known(row.bytes, 0),
            known(row.wakes, 2),
            known(row.flushes, 3),
            row.to_floor,
            format!("{:.2}-{:.2}", row.to_floor_least, row.to_floor_most),
            known(row.to_hand_written, 2),
            known(row.to_one_thread, 2),
        );
    }
    println!();
}

fn percent(least: f64, median: f64, most: f64) -> f64 {
    100.0 * (most - least) / 2.0 / median
}

fn known(figure: Option<f64>, digits: usize) -> String {
    figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.digits$}"))
}
