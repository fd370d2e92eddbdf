//! The command line.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) seconds: u64,
    /// Calls per second, over all connections and both of their ends.
    pub(crate) rate: f64,
    /// Connections per transport.
    pub(crate) lines: usize,
    pub(crate) seed: u64,
    /// Where to record, without the ending.
    pub(crate) out: Option<PathBuf>,
    pub(crate) plot_only: Option<PathBuf>,
    pub(crate) strict: bool,
}

impl Options {
    pub(crate) fn of(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            seconds: 60,
            rate: 10_000.0,
            lines: 16,
            seed: 1,
            out: None,
            plot_only: None,
            strict: false,
        };
        while let Some(argument) = arguments.next() {
            let name = argument.as_str();
            let mut next = || arguments.next();
            match name {
                "--seconds" => options.seconds = number(name, next())?,
                "--rate" => options.rate = number(name, next())?,
                "--lines" => options.lines = number(name, next())?,
                "--seed" => options.seed = number(name, next())?,
                "--out" => options.out = Some(number(name, next())?),
                "--plot-only" => options.plot_only = Some(number(name, next())?),
                "--strict" => options.strict = true,
                unknown => return Err(format!("what is {unknown}?")),
            }
        }
        if options.rate > 0.0 && options.lines > 0 && options.seconds >= 10 {
            Ok(options)
        } else {
            Err("it takes 10 seconds, a rate and a line at least".to_owned())
        }
    }

    /// Of a line of the record.
    pub(crate) fn interval(&self) -> Duration {
        Duration::from_secs(if self.seconds < 600 { 1 } else { 10 })
    }

    /// What is not judged: tables and buffers reach their size.
    pub(crate) fn warm_up(&self) -> u64 {
        (self.seconds / 3).min(120)
    }
}

fn number<T: FromStr>(name: &str, given: Option<String>) -> Result<T, String> {
    let given = given.ok_or_else(|| format!("{name} wants a value"))?;
    given.parse().map_err(|_| format!("{name} {given}?"))
}
