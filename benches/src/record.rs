//! The figures of a contender in a scenario, over all rounds, and the file
//! that keeps them.

use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::contender::{Contender, Entry};
use crate::round::Round;
use crate::scenario::Scenario;

/// Costs are of one call, times in nanoseconds. A figure is the median of the
/// rounds, `least` and `most` are the extremes among them; a ratio is of CPU
/// time, and each round's own: what disturbed a round disturbed both.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) scenario: String,
    pub(crate) place: String,
    pub(crate) payload: usize,
    pub(crate) in_flight: usize,
    pub(crate) contender: String,
    pub(crate) rounds: usize,
    pub(crate) wall: f64,
    pub(crate) wall_least: f64,
    pub(crate) wall_most: f64,
    pub(crate) cpu: f64,
    pub(crate) cpu_least: f64,
    pub(crate) cpu_most: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) allocations: Option<f64>,
    pub(crate) bytes: Option<f64>,
    pub(crate) wakes: Option<f64>,
    pub(crate) flushes: Option<f64>,
    pub(crate) to_floor: f64,
    pub(crate) to_floor_least: f64,
    pub(crate) to_floor_most: f64,
    pub(crate) to_hand_written: Option<f64>,
    /// The same contender on one thread.
    pub(crate) to_one_thread: Option<f64>,
}

impl Row {
    /// `rounds` are each entry's.
    pub(crate) fn all(scenario: &Scenario, entries: &[Entry], rounds: &[Vec<Round>]) -> Vec<Self> {
        let find = |contender, threads| {
            let wanted = Entry { contender, threads };
            let index = entries.iter().position(|entry| *entry == wanted);
            index.map(|index| rounds[index].as_slice())
        };
        let floor = find(Contender::Floor, 1).expect("it is everywhere");
        let hand_written = find(Contender::HandWritten, 1);
        let rows = entries.iter().zip(rounds).map(|(entry, of)| {
            let each = |what: fn(&Round) -> f64| Spread::of(of.iter().map(what));
            let known = |what: fn(&Round) -> f64| {
                let median = each(what).median;
                (!median.is_nan()).then_some(median)
            };
            let ratio = |to: &[Round]| {
                let pairs = of.iter().zip(to);
                Spread::of(pairs.map(|(of, to)| of.cost.cpu / to.cost.cpu))
            };
            let one_thread = find(entry.contender, 1).filter(|_| entry.threads > 1);
            let (wall, cpu) = (each(|round| round.cost.wall), each(|round| round.cost.cpu));
            let to_floor = ratio(floor);
            Self {
                scenario: scenario.name(),
                place: scenario.place.name().to_owned(),
                payload: scenario.payload,
                in_flight: scenario.in_flight,
                contender: entry.name(scenario.place),
                rounds: of.len(),
                wall: wall.median,
                wall_least: wall.least,
                wall_most: wall.most,
                cpu: cpu.median,
                cpu_least: cpu.least,
                cpu_most: cpu.most,
                p50: each(|round| round.seen.p50).median,
                p99: each(|round| round.seen.p99).median,
                p999: each(|round| round.seen.p999).median,
                allocations: known(|round| round.cost.allocations),
                bytes: known(|round| round.cost.bytes),
                wakes: known(|round| round.seen.wakes.unwrap_or(f64::NAN)),
                flushes: known(|round| round.cost.flushes),
                to_floor: to_floor.median,
                to_floor_least: to_floor.least,
                to_floor_most: to_floor.most,
                to_hand_written: hand_written.map(|to| ratio(to).median),
                to_one_thread: one_thread.map(|to| ratio(to).median),
            }
        });
        rows.collect()
    }
}

struct Spread {
    least: f64,
    median: f64,
    most: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values = values.collect::<Vec<_>>();
        values.sort_by(f64::total_cmp);
        Self {
            least: values[0],
            median: values[values.len() / 2],
            most: values[values.len() - 1],
        }
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
    use std::env;
    use std::process;

    use super::*;
    use crate::picture;

    fn row(contender: &str, least: f64) -> Row {
        Row {
            scenario: "memory, reversed 64 B x 8".to_owned(),
            place: "memory, reversed".to_owned(),
            payload: 64,
            in_flight: 8,
            contender: contender.to_owned(),
            rounds: 3,
            wall: 2.0,
            wall_least: 1.0,
            wall_most: 3.0,
            cpu: 2.0,
            cpu_least: 1.0,
            cpu_most: 3.0,
            p50: 5.0,
            p99: 6.0,
            p999: 7.0,
            allocations: Some(0.5),
            bytes: None,
            wakes: None,
            flushes: Some(1.0),
            to_floor: 2.0 * least,
            to_floor_least: least,
            to_floor_most: 3.0 * least,
            to_hand_written: None,
            to_one_thread: None,
        }
    }

    #[test]
    fn what_was_recorded_is_read_and_drawn() {
        let directory = env::temp_dir().join(format!("await-layer-record-{}", process::id()));
        let file = directory.join("figures.csv");
        let rows = [row("floor", 1.0), row("layer: callers", 1.5)];
        write(&file, &["commit: none, as \"it\" is".to_owned()], &rows).unwrap();
        let read = read(&file).unwrap();
        picture::draw(&read, &directory).unwrap();
        let picture = fs::read_to_string(directory.join("memory-reversed.svg")).unwrap();
        fs::remove_dir_all(&directory).unwrap();

        assert_eq!(format!("{read:?}"), format!("{rows:?}"));
        assert!(picture.contains("layer: callers") && picture.contains("3.00"));
        assert!(picture.contains("64 B, 8 in flight"));
    }

    #[test]
    fn a_spread_has_its_median_in_the_middle() {
        let spread = Spread::of([3.0, 9.0, 1.0].into_iter());
        assert_eq!((spread.least, spread.median, spread.most), (1.0, 3.0, 9.0));
    }
}
