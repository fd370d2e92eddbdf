//! Why a run did not come to its end.

use std::error::Error;
use std::fmt;

/// Tasks are left; both cases name them, in the order they were added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stuck {
    /// Nobody is woken: a wake was lost, or what would wake them never comes.
    /// See what each of them waits for.
    Deadlock {
        /// Polls until then.
        polls: u64,
        /// The tasks that wait.
        left: Vec<String>,
    },
    /// The polls ran out. Allow more, or see who wakes itself for ever.
    Exhausted {
        /// Polls until then.
        polls: u64,
        /// The tasks that are not done.
        left: Vec<String>,
    },
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadlock { polls, left } => write!(
                f,
                "deadlock after {polls} polls: nobody is woken, and these wait: {}",
                left.join(", ")
            ),
            Self::Exhausted { polls, left } => write!(
                f,
                "{polls} polls were not enough; not done: {}",
                left.join(", ")
            ),
        }
    }
}

impl Error for Stuck {}
