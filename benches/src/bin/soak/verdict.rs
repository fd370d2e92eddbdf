//! Whether the run was as it should be.

use await_layer::Stats;

use crate::record::{MIB, Row};
use crate::tally::Counts;

/// From so many seconds on the slope is what it is; a shorter run is too short
/// to tell a megabyte an hour from what is in flight by chance.
const LONG: f64 = 1800.0;

/// Bytes by which a short run may grow: buffers still reach their size.
const PER_CALL: f64 = 4.0;

/// Memory that the runtime and the threads may keep.
const KEPT: i64 = 64 << 10;

/// How live bytes grow, in MiB per hour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slope {
    pub(crate) per_hour: f64,
    /// Standard error.
    pub(crate) error: f64,
}

impl Slope {
    /// The line that fits best. None if there are too few rows.
    pub(crate) fn of(rows: &[Row]) -> Option<Self> {
        let n = rows.len() as f64;
        if rows.len() < 3 {
            return None;
        }
        let hours = |row: &Row| row.elapsed / 3600.0;
        let mib = |row: &Row| row.live as f64 / MIB;
        let middle = rows.iter().map(hours).sum::<f64>() / n;
        let mean = rows.iter().map(mib).sum::<f64>() / n;
        let spread = rows.iter().map(|row| (hours(row) - middle).powi(2));
        let spread = spread.sum::<f64>();
        let joint = rows
            .iter()
            .map(|row| (hours(row) - middle) * (mib(row) - mean));
        let per_hour = joint.sum::<f64>() / spread;
        let rest = rows
            .iter()
            .map(|row| (mib(row) - mean - per_hour * (hours(row) - middle)).powi(2));
        let error = (rest.sum::<f64>() / (n - 2.0) / spread).sqrt();
        Some(Self { per_hour, error })
    }
}

/// The median p99 of the first fifth, and that of the last.
pub(crate) fn drift(rows: &[Row]) -> Option<(f64, f64)> {
    let fifth = rows.len() / 5;
    if fifth == 0 {
        return None;
    }
    let median = |rows: &[Row]| {
        let mut of = rows.iter().map(|row| row.p99).collect::<Vec<_>>();
        of.sort_by(f64::total_cmp);
        of[of.len() / 2]
    };
    Some((median(&rows[..fifth]), median(&rows[rows.len() - fifth..])))
}

/// What is known at the end.
pub(crate) struct End {
    pub(crate) counts: Counts,
    /// Of all connections together.
    pub(crate) stats: Stats,
    /// Whether every task has ended.
    pub(crate) ended: bool,
    /// Live bytes above those before the start, after everything was dropped.
    pub(crate) kept: i64,
    pub(crate) strict: bool,
}

/// One aim, what was measured, and whether that fails the run.
pub(crate) struct Check {
    pub(crate) text: String,
    pub(crate) good: bool,
    pub(crate) fails: bool,
}

/// `rows` without the warm-up.
pub(crate) fn all(rows: &[Row], end: &End) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut check = |good: bool, fails: bool, text: String| {
        let fails = fails && !good;
        checks.push(Check { text, good, fails });
    };
    let seconds =
        rows.last().map_or(0.0, |row| row.elapsed) - rows.first().map_or(0.0, |row| row.elapsed);
    if let Some(Slope { per_hour, error }) = Slope::of(rows) {
        let rate = rows.iter().map(|row| row.calls_per_s).sum::<f64>() / rows.len() as f64;
        let (aim, least) = if seconds >= LONG {
            (1.0, per_hour)
        } else {
            (PER_CALL * rate * 3600.0 / MIB, per_hour - 3.0 * error)
        };
        let text = format!(
            "live bytes grow by {per_hour:.2} MiB/h (standard error {error:.2}), at most {aim:.1}"
        );
        check(least <= aim, true, text);
    }
    let Counts {
        calls,
        replies,
        timeouts,
        cancelled,
        ended,
        garbled,
        refused,
        odd,
        ..
    } = end.counts;
    check(
        calls > 0 && end.counts.in_flight() == 0,
        true,
        format!(
            "{calls} calls = {replies} replies + {timeouts} timeouts + {cancelled} cancelled \
             + {ended} ended ({} off); {} of them were lost on purpose",
            calls as i64 - (replies + timeouts + cancelled + ended) as i64,
            end.counts.lost
        ),
    );
    check(
        end.counts.wrong() == 0 && end.counts.spoilt == 0,
        true,
        format!(
            "{garbled} wrong replies, {refused} calls refused, {odd} other errors, \
             {} requests or answers spoilt",
            end.counts.spoilt
        ),
    );
    check(
        end.counts.missed == 0,
        true,
        format!(
            "{} calls without the reply that was sent",
            end.counts.missed
        ),
    );
    check(
        end.ended && end.counts.left == 0,
        true,
        format!(
            "{} calls left on connections after their end, {}",
            end.counts.left,
            if end.ended {
                "every task has ended"
            } else {
                "tasks hang"
            }
        ),
    );
    check(
        end.kept <= KEPT,
        true,
        format!("{} bytes kept after everything was dropped", end.kept),
    );
    check(
        end.counts.skipped == 0 && end.counts.failed_dials == 0,
        end.strict,
        format!(
            "{} calls not made for want of processor time, {} connections not made at once",
            end.counts.skipped, end.counts.failed_dials
        ),
    );
    if let Some((first, last)) = drift(rows) {
        let percent = (last / first - 1.0) * 100.0;
        let text = format!(
            "p99 {first:.2} ms in the first fifth, {last:.2} ms in the last: {percent:+.1} %"
        );
        check(percent <= 10.0, end.strict, text);
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(elapsed: f64, live: i64, p99: f64) -> Row {
        Row {
            elapsed,
            calls_per_s: 10_000.0,
            live,
            rss: 0.0,
            in_flight: 0,
            p50: 1.0,
            p99,
            p999: 1.0,
            most: 1.0,
            replies: 1,
            timeouts: 0,
            cancelled: 0,
            ended: 0,
            wrong: 0,
            missed: 0,
            skipped: 0,
            reconnects: 0,
            behind: 0.0,
            cores: 1.0,
        }
    }

    /// A row every ten seconds; live bytes go up and down by 512 KiB and grow
    /// by so many MiB per hour.
    fn rows(seconds: usize, per_hour: f64) -> Vec<Row> {
        let row = |index: usize| {
            let elapsed = (index * 10) as f64;
            let chance = if index % 2 == 0 { 0.5 } else { 0.0 };
            let mib = 20.0 + chance + per_hour * elapsed / 3600.0;
            row(elapsed, (mib * MIB) as i64, 5.0)
        };
        (0..seconds / 10).map(row).collect()
    }

    fn well() -> End {
        End {
            counts: Counts {
                calls: 4,
                replies: 1,
                timeouts: 1,
                cancelled: 1,
                ended: 1,
                ..Counts::default()
            },
            stats: Stats::default(),
            ended: true,
            kept: 100,
            strict: false,
        }
    }

    fn failures(rows: &[Row], end: &End) -> usize {
        let checks = all(rows, end);
        checks.iter().filter(|check| check.fails).count()
    }

    #[test]
    fn a_slope_is_that_of_the_line() {
        let slope = Slope::of(&rows(3600, 3.0)).unwrap();
        assert!((slope.per_hour - 3.0).abs() < 0.05, "{slope:?}");
        assert!((0.01..0.1).contains(&slope.error), "{slope:?}");
        assert!(Slope::of(&rows(20, 3.0)).is_none());
    }

    #[test]
    fn a_megabyte_an_hour_fails_a_long_run_and_bytes_per_call_a_short_one() {
        assert_eq!(failures(&rows(3600, 0.9), &well()), 0);
        assert_eq!(failures(&rows(3600, 1.2), &well()), 1);
        assert_eq!(failures(&rows(600, 100.0), &well()), 0);
        assert_eq!(failures(&rows(600, 180.0), &well()), 1);
    }

    #[test]
    fn whatever_is_not_balanced_fails() {
        let rows = rows(3600, 0.0);
        let wrong: [fn(&mut End); 8] = [
            |end| end.counts.calls += 1,
            |end| {
                end.counts.calls += 1;
                end.counts.garbled += 1;
            },
            |end| end.counts = Counts::default(),
            |end| end.counts.missed = 1,
            |end| end.counts.spoilt = 1,
            |end| end.counts.left = 1,
            |end| end.ended = false,
            |end| end.kept = KEPT + 1,
        ];
        for change in wrong {
            let mut end = well();
            change(&mut end);
            assert_eq!(failures(&rows, &end), 1);
        }
    }

    #[test]
    fn drift_is_told_and_fails_only_if_asked_to() {
        let mut rows = rows(3600, 0.0);
        for row in rows.iter_mut().skip(300) {
            row.p99 = 6.0;
        }
        assert_eq!(drift(&rows), Some((5.0, 6.0)));
        let mut end = well();
        let checks = all(&rows, &end);
        assert_eq!(checks.iter().filter(|check| !check.good).count(), 1);
        assert_eq!(failures(&rows, &end), 0);
        end.strict = true;
        assert_eq!(failures(&rows, &end), 1);
    }
}
