//! Measures the cases, and prints a line for each.

use std::collections::BTreeMap;
use std::error::Error;

use crate::case::{Case, Contender};
use crate::instructions;

/// Every count by its name.
pub(crate) struct Table {
    counts: BTreeMap<String, f64>,
}

impl Table {
    /// Those whose name contains `filter`.
    pub(crate) fn measure(filter: &str) -> Result<Self, Box<dyn Error>> {
        println!(
            "{:<20} {:>12} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
            "per call", "instructions", "x floor", "x hand", "allocs", "bytes", "wakes", "flushes"
        );
        let mut table = Self {
            counts: BTreeMap::new(),
        };
        for case in Case::all() {
            if case.to_string().contains(filter) {
                table.line(case)?;
            }
        }
        Ok(table)
    }

    fn line(&mut self, case: Case) -> Result<(), Box<dyn Error>> {
        let [short, long] = case.rounds();
        let (less, more) = (case.run(short)?, case.run(long)?);
        let calls = (more.calls - less.calls) as f64;
        let per_call = |more: u64, less: u64| (more as f64 - less as f64) / calls;
        let instructions = instructions::per_call(case)?;
        let allocations = per_call(more.allocations, less.allocations);
        let bytes = per_call(more.bytes, less.bytes);
        let flushes = per_call(more.flushes, less.flushes);
        let wakes = match (case.wakes(long)?, case.wakes(short)?) {
            (Some(more), Some(less)) => Some(per_call(more, less)),
            _ => None,
        };
        self.keep(case, "instructions", instructions);
        self.keep(case, "allocations", allocations);
        self.keep(case, "bytes", bytes);
        self.keep(case, "flushes", flushes);
        if let Some(wakes) = wakes {
            self.keep(case, "wakes", wakes);
        }
        println!(
            "{:<20} {instructions:>12.0} {:>8} {:>8} {allocations:>8.3} {bytes:>8.1} {:>8} {flushes:>8.3}",
            case.to_string(),
            self.ratio(case, Contender::Floor),
            self.ratio(case, Contender::HandWritten),
            wakes.map_or_else(String::new, |wakes| format!("{wakes:.3}")),
        );
        Ok(())
    }

    fn keep(&mut self, case: Case, what: &str, count: f64) {
        self.counts.insert(name(case, what), count);
    }

    /// The instructions as a multiple of those of `other`, if it was measured.
    fn ratio(&self, case: Case, other: Contender) -> String {
        let of = |case| self.counts.get(&name(case, "instructions"));
        let other = Case {
            contender: other,
            ..case
        };
        match (of(case), of(other)) {
            (Some(this), Some(other)) => format!("{:.2}", this / other),
            _ => String::new(),
        }
    }

    /// One that belongs to no case.
    pub(crate) fn count(&mut self, name: &str, count: f64) {
        println!("{name:<32} {count:>8.1}");
        self.counts.insert(name.to_owned(), count);
    }

    pub(crate) fn counts(self) -> BTreeMap<String, f64> {
        self.counts
    }
}

fn name(case: Case, what: &str) -> String {
    format!("{case}: {what}")
}
