//! What is printed, and what is beyond its limit.

use std::fmt;

/// Prints a line for each figure, and remembers those that are beyond.
pub(crate) struct Table {
    name: &'static str,
    beyond: Vec<String>,
}

impl Table {
    pub(crate) fn new() -> Self {
        println!("figure | what | measured | limit");
        Self {
            name: "",
            beyond: Vec::new(),
        }
    }

    /// What follows belongs to this figure.
    pub(crate) fn figure(&mut self, name: &'static str) {
        self.name = name;
    }

    /// May be as much as `limit` and no more.
    pub(crate) fn at_most(&mut self, what: &str, value: usize, unit: &str, limit: usize) {
        self.row(what, value, unit, format_args!("{limit}"), value <= limit);
    }

    /// Must be this and nothing else.
    pub(crate) fn exactly(&mut self, what: &str, value: u64, unit: &str, wanted: u64) {
        let limit = format_args!("exactly {wanted}");
        self.row(what, value, unit, limit, value == wanted);
    }

    /// As [`at_most`](Self::at_most), of what is no whole number.
    pub(crate) fn below(&mut self, what: &str, value: f64, unit: &str, limit: f64) {
        let shown = format!("{value:.3e}");
        self.row(what, shown, unit, format_args!("{limit:e}"), value < limit);
    }

    /// Fails as a limit does unless it holds.
    pub(crate) fn holds(&mut self, what: &str, holds: bool) {
        let shown = if holds { "yes" } else { "no" };
        self.row(what, shown, "", format_args!("yes"), holds);
    }

    /// Depends on the machine: shown, and no test.
    pub(crate) fn shown(&mut self, what: &str, value: f64, unit: &str) {
        let value = format!("{value:.0}");
        self.row(what, value, unit, format_args!("none"), true);
    }

    fn row(
        &mut self,
        what: &str,
        value: impl fmt::Display,
        unit: &str,
        limit: fmt::Arguments<'_>,
        holds: bool,
    ) {
        let space = if unit.is_empty() { "" } else { " " };
        println!("{} | {what} | {value}{space}{unit} | {limit}", self.name);
        if !holds {
            self.beyond.push(format!("{}: {what}", self.name));
        }
    }

    /// # Panics
    /// If a figure was beyond its limit.
    pub(crate) fn finish(self) {
        assert!(self.beyond.is_empty(), "beyond: {:#?}", self.beyond);
    }
}
