//! What is measured: a place, a payload, and so many calls in flight.

use crate::contender::{Contender, Entry};

/// Where the calls go, and what runs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Memory,
    /// In memory, with the replies of each burst in reverse.
    Reversed,
    Tcp,
    WebSocket,
    /// In memory, on tokio's runtime for several threads, beside the one for
    /// one.
    Threads,
    /// In memory, on smol.
    Smol,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    pub(crate) place: Place,
    pub(crate) payload: usize,
    pub(crate) in_flight: usize,
    pub(crate) calls: usize,
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// How many calls make a run of some 50 ms. A lone call over a socket waits a
/// hundred times its cost, and mebibytes in flight are few, for they have to
/// fit into memory.
const CASES: &[(Place, usize, usize, usize)] = &[
    (Place::Memory, 64, 1, 60_000),
    (Place::Memory, 64, 64, 80_000),
    (Place::Memory, 64, 4096, 130_000),
    (Place::Memory, 4 * KIB, 1, 40_000),
    (Place::Memory, 4 * KIB, 64, 50_000),
    (Place::Memory, 4 * KIB, 4096, 50_000),
    (Place::Memory, MIB, 1, 300),
    (Place::Memory, MIB, 64, 320),
    (Place::Reversed, 64, 4096, 130_000),
    (Place::Tcp, 64, 1, 300),
    (Place::Tcp, 64, 64, 50_000),
    (Place::Tcp, 64, 4096, 90_000),
    (Place::Tcp, 4 * KIB, 1, 300),
    (Place::Tcp, 4 * KIB, 64, 20_000),
    (Place::Tcp, 4 * KIB, 4096, 30_000),
    (Place::Tcp, MIB, 1, 60),
    (Place::Tcp, MIB, 64, 128),
    (Place::WebSocket, 64, 1, 300),
    (Place::WebSocket, 64, 64, 20_000),
    (Place::WebSocket, 64, 1024, 25_000),
    (Place::WebSocket, 4 * KIB, 1, 300),
    (Place::WebSocket, 4 * KIB, 64, 5_000),
    (Place::WebSocket, 4 * KIB, 1024, 6_000),
    (Place::WebSocket, MIB, 1, 30),
    (Place::WebSocket, MIB, 64, 64),
    (Place::Threads, 64, 1, 30_000),
    (Place::Threads, 64, 64, 60_000),
    (Place::Threads, 64, 4096, 130_000),
    (Place::Smol, 64, 1, 30_000),
    (Place::Smol, 64, 64, 60_000),
    (Place::Smol, 64, 4096, 130_000),
];

pub(crate) fn all(quick: bool) -> impl Iterator<Item = Scenario> {
    let less = if quick { 5 } else { 1 };
    let cases = CASES.iter();
    cases.map(move |&(place, payload, in_flight, calls)| Scenario {
        place,
        payload,
        in_flight,
        calls: calls / less,
    })
}

impl Scenario {
    pub(crate) fn name(&self) -> String {
        let (place, in_flight) = (self.place.name(), self.in_flight);
        format!("{place} {} x {in_flight}", size(self.payload))
    }

    /// Who takes part.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let contenders = Contender::all().iter().copied();
        let here = contenders.filter(|contender| contender.runs_in(self.place));
        let threads = if self.place.has_threads() {
            1..=2
        } else {
            1..=1
        };
        here.flat_map(|contender| {
            let threads = threads.clone();
            threads.map(move |threads| Entry { contender, threads })
        })
        .collect()
    }
}

impl Place {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Reversed => "memory, reversed",
            Self::Tcp => "TCP",
            Self::WebSocket => "WebSocket",
            Self::Threads => "tokio threads",
            Self::Smol => "smol",
        }
    }

    /// Whether one connection is measured from several threads here.
    pub(crate) fn has_threads(self) -> bool {
        matches!(self, Self::Threads | Self::Smol)
    }
}

pub(crate) fn size(bytes: usize) -> String {
    match bytes {
        MIB.. => format!("{} MiB", bytes / MIB),
        KIB.. => format!("{} KiB", bytes / KIB),
        _ => format!("{bytes} B"),
    }
}
