//! A line of the record, and the file that keeps them.

use std::error::Error;
use std::fmt;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// An interval. Latencies are in milliseconds, from when a call was due to its
/// reply; counts are those of the interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    /// Seconds since the start.
    pub(crate) elapsed: f64,
    pub(crate) calls_per_s: f64,
    /// Bytes asked of the allocator and not given back: the median of the
    /// interval, as of `in_flight`.
    pub(crate) live: i64,
    pub(crate) rss: f64,
    pub(crate) in_flight: i64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) most: f64,
    pub(crate) replies: u64,
    pub(crate) timeouts: u64,
    pub(crate) cancelled: u64,
    pub(crate) ended: u64,
    pub(crate) wrong: u64,
    pub(crate) missed: u64,
    pub(crate) skipped: u64,
    pub(crate) reconnects: u64,
    /// Milliseconds that a call left after it was due, at most.
    pub(crate) behind: f64,
    /// Processors in use by this process.
    pub(crate) cores: f64,
}

pub(crate) const MIB: f64 = 1024.0 * 1024.0;

/// Above what [`Row`] prints.
pub(crate) const TITLES: &str = "    s   calls/s  live MiB  RSS MiB  in flight  p50 ms  p99 ms \
    p999 ms  replies timeouts cancelled  ended  wrong missed skipped reconnects behind ms cores";

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>5.0} {:>9.0} {:>9.2} {:>8.1} {:>10} {:>7.2} {:>7.2} {:>7.1} {:>8} {:>8} {:>9} \
             {:>6} {:>6} {:>6} {:>7} {:>10} {:>9.1} {:>5.2}",
            self.elapsed,
            self.calls_per_s,
            self.live as f64 / MIB,
            self.rss / MIB,
            self.in_flight,
            self.p50,
            self.p99,
            self.p999,
            self.replies,
            self.timeouts,
            self.cancelled,
            self.ended,
            self.wrong,
            self.missed,
            self.skipped,
            self.reconnects,
            self.behind,
            self.cores,
        )
    }
}

/// The lines of `about` come first, as comments.
pub(crate) fn write(file: &Path, about: &[String], rows: &[Row]) -> Result<(), Box<dyn Error>> {
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut out = File::create(file)?;
    for line in about {
        writeln!(out, "# {line}")?;
    }
    let mut table = csv::Writer::from_writer(out);
    for row in rows {
        table.serialize(row)?;
    }
    Ok(table.flush()?)
}

pub(crate) fn read(file: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut table = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .from_path(file)?;
    Ok(table.deserialize().collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use std::{env, process};

    use super::*;
    use crate::picture;

    #[test]
    fn what_was_recorded_is_read_and_drawn() {
        let row = |elapsed, live| Row {
            elapsed,
            calls_per_s: 10_000.5,
            live,
            rss: 1e7,
            in_flight: 17,
            p50: 1.0,
            p99: 5.25,
            p999: 9.0,
            most: 11.0,
            replies: 9_900,
            timeouts: 50,
            cancelled: 40,
            ended: 10,
            wrong: 0,
            missed: 0,
            skipped: 0,
            reconnects: 10,
            behind: 2.0,
            cores: 0.5,
        };
        let directory = env::temp_dir().join(format!("await-layer-soak-{}", process::id()));
        let (file, picture) = (directory.join("soak.csv"), directory.join("soak.svg"));
        let rows = [row(10.0, 1 << 20), row(20.0, 3 << 20)];
        write(&file, &["seed: 1".to_owned()], &rows).unwrap();
        let read = read(&file).unwrap();
        picture::draw(&read, &picture).unwrap();
        let drawn = fs::read_to_string(&picture).unwrap();
        fs::remove_dir_all(&directory).unwrap();

        assert_eq!(read, rows);
        assert!(drawn.contains("live bytes, MiB") && drawn.contains("p99, ms"));
    }
}
