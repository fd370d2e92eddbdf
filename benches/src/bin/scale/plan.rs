//! The tables, and which measurement fills each.

use std::error::Error;

use crate::{answered, beside, cancelled, connections, contender, deadlines, held, idle, tasks};

pub(crate) struct Plan {
    pub(crate) title: &'static str,
    /// The measurement.
    pub(crate) what: &'static str,
    pub(crate) columns: &'static [&'static str],
    pub(crate) contenders: &'static [&'static str],
    pub(crate) sizes: &'static [usize],
    /// Whether it should be the same for all sizes.
    pub(crate) flat: bool,
}

pub(crate) const HAND_WRITTEN: &str = "hand-written";
pub(crate) const CALLERS: &str = "layer, callers";
pub(crate) const DRIVER: &str = "layer, driver";
pub(crate) const MEMORY: &str = "memory";
pub(crate) const TCP: &str = "TCP, loopback";

const EVERYBODY: &[&str] = &[HAND_WRITTEN, CALLERS, DRIVER];
const PENDING: &[usize] = &[10_000, 100_000, 1_000_000];
const FROM_THOUSAND: &[usize] = &[1000, 10_000, 100_000, 1_000_000];

/// Per connection, but for the last.
const CONNECTIONS: &[&str] = &[
    "heap, idle",
    "RSS, idle",
    "heap, busy",
    "RSS, busy",
    "us to connect",
    "us a second, waiting",
    "ns a call",
    "calls/s",
];

pub(crate) const ALL: &[Plan] = &[
    Plan {
        title: "bytes per pending call, the caller's task included",
        what: "tasks",
        columns: &["heap", "RSS"],
        contenders: EVERYBODY,
        sizes: PENDING,
        flat: false,
    },
    Plan {
        title: "bytes per pending call, apart from the future in the caller's task",
        what: "held",
        columns: &["heap", "future"],
        contenders: &[HAND_WRITTEN, DRIVER],
        sizes: PENDING,
        flat: false,
    },
    Plan {
        title: "bytes per idle connection, its far end included",
        what: "idle",
        columns: &["heap", "RSS"],
        contenders: EVERYBODY,
        sizes: &[10_000],
        flat: false,
    },
    Plan {
        title: "ns per call, all begun, then all answered",
        what: "answered",
        columns: &["in order", "reversed", "random"],
        contenders: EVERYBODY,
        sizes: FROM_THOUSAND,
        flat: true,
    },
    Plan {
        title: "ns per call, 64 in flight, beside so many that wait",
        what: "beside",
        columns: &["beside"],
        contenders: EVERYBODY,
        sizes: FROM_THOUSAND,
        flat: true,
    },
    Plan {
        title: "ns per call, every call with a deadline of its own",
        what: "deadlines",
        columns: &["expired", "answered"],
        contenders: &[DRIVER],
        sizes: &[1000, 10_000, 100_000],
        flat: true,
    },
    Plan {
        title: "ns per call that is cancelled, of so many pending",
        what: "cancelled",
        columns: &[
            "sent",
            "sent, random",
            "unsent",
            "unsent, random",
            "no permit",
            "no permit, random",
        ],
        contenders: &[DRIVER],
        sizes: &[1000, 100_000, 1_000_000],
        flat: true,
    },
    Plan {
        title: "connections whose both ends are here and ask, 4 calls of each in flight",
        what: "connections",
        columns: CONNECTIONS,
        contenders: &[MEMORY],
        sizes: &[1000, 10_000],
        flat: false,
    },
    // The last one: where there are too few descriptors, nothing comes after it.
    Plan {
        title: "the same over TCP: `ulimit -n 20000`",
        what: "connections",
        columns: CONNECTIONS,
        contenders: &[TCP],
        sizes: &[1000, 9900],
        flat: false,
    },
];

/// One line of a table.
pub(crate) fn measure(
    what: &str,
    contender: &str,
    size: usize,
) -> Result<Vec<f64>, Box<dyn Error>> {
    match what {
        "tasks" => contender::run(contender, size, tasks::Tasks { pending: size }),
        "held" => contender::run(contender, size, held::Held { pending: size }),
        "answered" => contender::run(contender, size, answered::Answered { at_once: size }),
        "beside" => contender::run(
            contender,
            size + beside::IN_FLIGHT,
            beside::Beside { waiting: size },
        ),
        "connections" => connections::measure(contender, size),
        "idle" => idle::measure(contender, size),
        "deadlines" => Ok(deadlines::measure(size)),
        "cancelled" => Ok(cancelled::measure(size)),
        _ => Err(format!("no measurement is called {what}").into()),
    }
}
