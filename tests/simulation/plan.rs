//! What one seed tries.

use std::time::Duration;

use await_layer::{Limits, Overflow};
use await_layer_testkit::rng::Rng;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A kind byte and `u32` ids.
    Wide,
    /// A kind byte and `u16` ids: those of ended calls are retired.
    Narrow,
    /// No kind on the wire.
    WsAwait,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Driving {
    /// Calls drive.
    Nobody,
    Spawned,
    /// Polled once, then left alone for a while.
    Parked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Serving {
    /// [`await_layer::serve`] with so many at a time.
    Serve(usize),
    /// A task for each request.
    Spawn,
    /// The loop awaits each answer before it takes the next event.
    Inline,
    /// The layer is polled as a plain stream.
    Layer,
    /// The stream is dropped after so many events.
    Quits(usize),
    /// Nobody takes anything.
    Nobody,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// This end reads the end of the stream.
    Eof,
    /// This end reads an error.
    Read,
    /// This end can no longer write.
    Write,
    /// No frame passes any more, and nobody is told.
    Silence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blow {
    Cut(Cut),
    Close,
    /// Everything at this end is dropped.
    Abandon,
}

#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) callers: usize,
    pub(crate) calls: usize,
    pub(crate) plains: usize,
    pub(crate) driving: Driving,
    pub(crate) serving: Serving,
    pub(crate) limits: Limits,
}

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    pub(crate) ends: [Part; 2],
    /// How likely an operation of the transport is pending for no reason.
    pub(crate) stall: f64,
    pub(crate) spurious: f64,
    pub(crate) capacity: usize,
    /// How long a frame travels at most.
    pub(crate) delay: Duration,
    /// How likely an answer comes twice, and whether long after.
    pub(crate) twice: f64,
    pub(crate) echo: f64,
    pub(crate) cancels: f64,
    pub(crate) parks: f64,
    pub(crate) chosen: f64,
    /// After this many polls, at this end.
    pub(crate) blows: Vec<(u64, usize, Blow)>,
}

impl Plan {
    pub(crate) fn draw(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let rng = &mut rng;
        let kind = one(rng, &[Kind::Wide, Kind::Narrow, Kind::WsAwait]);
        let parks = one(rng, &[0.0, 0.0, 0.15]);
        let twice = one(rng, &[0.0, 0.0, 0.3]);
        // An id that comes round again cannot be told from its earlier self.
        let echo = match kind {
            Kind::Narrow => 0.0,
            _ => one(rng, &[0.0, 0.1]),
        };
        let honest = twice == 0.0 && echo == 0.0;
        let blows = (0..one(rng, &[0, 0, 0, 1, 2]))
            .map(|_| (rng.below(2500) as u64, rng.below(2), blow(rng)))
            .collect();
        Self {
            kind,
            ends: [part(rng, parks > 0.0), part(rng, parks > 0.0)],
            stall: one(rng, &[0.0, 0.05, 0.3]),
            spurious: one(rng, &[0.0, 0.1]),
            capacity: one(rng, &[1, 2, 4, 64]),
            delay: Duration::from_millis(one(rng, &[0, 3, 40, 600])),
            twice,
            echo,
            cancels: one(rng, &[0.0, 0.1, 0.4]),
            parks,
            chosen: if honest { one(rng, &[0.0, 0.1]) } else { 0.0 },
            blows,
        }
    }

    /// Whether everybody who waits is polled when he is woken.
    pub(crate) fn nobody_parks(&self) -> bool {
        self.parks == 0.0
    }
}

fn part(rng: &mut Rng, parks: bool) -> Part {
    let serving = match rng.below(10) {
        0..4 => Serving::Serve(one(rng, &[1, 2, 8])),
        4..8 => Serving::Spawn,
        8 => Serving::Inline,
        9 if rng.chance(0.4) => Serving::Quits(rng.below(20)),
        _ => one(rng, &[Serving::Layer, Serving::Nobody]),
    };
    let driving = match rng.below(if parks { 3 } else { 2 }) {
        0 => Driving::Nobody,
        1 => Driving::Spawned,
        _ => Driving::Parked,
    };
    Part {
        callers: rng.below(5),
        calls: 10 + rng.below(30),
        plains: one(rng, &[0, 10, 40]),
        driving,
        serving,
        limits: Limits {
            max_in_flight: one(rng, &[1, 3, 1024]),
            max_inbound: one(rng, &[1, 4, 256]),
            max_requests: one(rng, &[1, 4, 256]),
            max_outbound: one(rng, &[1, 1024]),
            frames_per_turn: one(rng, &[1, 2, 32]),
            overflow: one(
                rng,
                &[
                    Overflow::Lag,
                    Overflow::Lag,
                    Overflow::Lag,
                    Overflow::Backpressure,
                ],
            ),
            ..Limits::default()
        },
    }
}

fn blow(rng: &mut Rng) -> Blow {
    match rng.below(3) {
        0 => Blow::Close,
        1 => Blow::Abandon,
        _ => Blow::Cut(one(rng, &[Cut::Eof, Cut::Read, Cut::Write, Cut::Silence])),
    }
}

pub(crate) fn one<T: Clone>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.below(of.len())].clone()
}
