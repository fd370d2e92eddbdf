//! The command line.

use std::path::PathBuf;

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) quick: bool,
    pub(crate) csv: Option<PathBuf>,
    pub(crate) pictures: PathBuf,
    pub(crate) plot_only: Option<PathBuf>,
    filter: Option<String>,
}

impl Options {
    pub(crate) fn of(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            quick: false,
            csv: None,
            pictures: "docs/performance".into(),
            plot_only: None,
            filter: None,
        };
        while let Some(argument) = arguments.next() {
            let mut path = || {
                let path = arguments.next().map(PathBuf::from);
                path.ok_or_else(|| format!("{argument} wants a path"))
            };
            match argument.as_str() {
                "--quick" => options.quick = true,
                "--csv" => options.csv = Some(path()?),
                "--pictures" => options.pictures = path()?,
                "--plot-only" => options.plot_only = Some(path()?),
                unknown if unknown.starts_with("--") => return Err(format!("what is {unknown}?")),
                _ => options.filter = Some(argument),
            }
        }
        Ok(options)
    }

    /// Whether the scenario of that name is to be measured.
    pub(crate) fn wants(&self, scenario: &str) -> bool {
        let filter = self.filter.as_deref();
        filter.is_none_or(|filter| scenario.contains(filter))
    }
}
