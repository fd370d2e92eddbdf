//! What one seed tries.

use std::time::Duration;

use await_layer::{Limits, Overflow};
use await_layer_testkit::rng::Rng;

use crate::fuse::{POINTS, Point};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A kind byte and `u32` ids.
    Wide,
    /// A kind byte and `u16` ids, of which each slot has two.
    Narrow,
    /// No kind on the wire.
    WsAwait,
}

impl Kind {
    /// Whether an id comes round so seldom that an old one is told apart.
    pub(crate) fn keeps_ids_apart(self) -> bool {
        self != Self::Narrow
    }

    /// Whether what is no frame of the protocol's is a plain message.
    pub(crate) fn passes_garbage(self) -> bool {
        self == Self::WsAwait
    }
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
    /// The layer is polled as a plain stream, and written to as a plain sink.
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
    /// This end reads no more, and nobody is told.
    Stuck,
}

const CUTS: [Cut; 5] = [Cut::Eof, Cut::Read, Cut::Write, Cut::Silence, Cut::Stuck];

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
    /// How often the time that calls have is changed.
    pub(crate) settings: usize,
    /// What panics, and at which item.
    pub(crate) fuse: Option<(Point, u64)>,
}

/// How likely a caller's next calls are of this form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Forms {
    pub(crate) batches: f64,
    pub(crate) streams: f64,
    pub(crate) permits: f64,
    /// Calls in a batch at most.
    pub(crate) batch: usize,
}

/// Every call of such a number is dropped after so many polls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe {
    pub(crate) call: u64,
    pub(crate) polls: usize,
}

/// One connection.
#[derive(Clone, Debug)]
pub(crate) struct PairPlan {
    pub(crate) link: usize,
    pub(crate) kind: Kind,
    pub(crate) ends: [Part; 2],
    /// Everybody has much to say.
    pub(crate) is_heavy: bool,
    /// The second end is no layer but a peer that means harm.
    pub(crate) stranger: bool,
    pub(crate) forms: Forms,
    /// How likely an operation of the transport is pending for no reason.
    pub(crate) stall: f64,
    pub(crate) capacity: usize,
    /// How long a frame travels at most.
    pub(crate) delay: Duration,
    /// How long one frame arrives after another at least, in nanoseconds.
    pub(crate) pace: u64,
    /// How likely a frame overtakes.
    pub(crate) overtake: f64,
    /// How likely a frame comes twice at once, or again long after.
    pub(crate) twice: f64,
    pub(crate) echo: f64,
    /// Not only answers.
    pub(crate) repeats_all: bool,
    pub(crate) cancels: f64,
    pub(crate) parks: f64,
    pub(crate) chosen: f64,
    pub(crate) probe: Option<Probe>,
    /// After this many operations of the transport of this end.
    pub(crate) snap: Option<(u64, usize, Cut)>,
    /// After this many polls, at this end.
    pub(crate) blows: Vec<(u64, usize, Blow)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) spurious: f64,
    pub(crate) pairs: Vec<PairPlan>,
}

impl Plan {
    /// Most seeds try one pair. The last digit says what else.
    pub(crate) fn draw(seed: u64) -> Self {
        let rng = &mut Rng::new(seed);
        // Counts up from seed to seed that has the same last digit.
        let turn = seed / 10;
        let spurious = one(rng, &[0.0, 0.1]);
        let pairs = match seed % 10 {
            0 if seed >= 500 || seed == 250 => {
                let calls = if seed == 250 { 20 } else { 85 };
                let draw = |link| PairPlan::draw(rng, link).heavy(rng, calls);
                (0..8).map(draw).collect()
            }
            0 | 1 => many(rng),
            2 => vec![PairPlan::draw(rng, 0).probed(turn)],
            3 => vec![PairPlan::draw(rng, 0).snapped(rng, turn)],
            4 => vec![PairPlan::draw(rng, 0).fused(rng, turn)],
            5 | 6 => vec![PairPlan::draw(rng, 0).visited(rng)],
            _ => vec![PairPlan::draw(rng, 0)],
        };
        Self { spurious, pairs }
    }
}

/// Several at a time, of which one breaks, one is visited and one panics.
fn many(rng: &mut Rng) -> Vec<PairPlan> {
    let pairs = 2 + rng.below(5);
    let turn = rng.next_u64() % 50;
    (0..pairs)
        .map(|link| {
            let mut pair = PairPlan::draw(rng, link);
            for end in &mut pair.ends {
                end.calls = end.calls.div_ceil(2);
            }
            match link {
                1 => pair.visited(rng),
                2 => pair.fused(rng, turn),
                3 => pair.snapped(rng, turn),
                _ => pair,
            }
        })
        .collect()
}

impl PairPlan {
    fn draw(rng: &mut Rng, link: usize) -> Self {
        let kind = one(rng, &[Kind::Wide, Kind::Narrow, Kind::WsAwait]);
        let parks = one(rng, &[0.0, 0.0, 0.15]);
        let twice = one(rng, &[0.0, 0.0, 0.3]);
        let (mut echo, mut overtake) = (one(rng, &[0.0, 0.1]), one(rng, &[0.0, 0.0, 0.3]));
        let mut repeats_all = rng.chance(0.5);
        // An id that comes round again cannot be told from its earlier self.
        if kind == Kind::Narrow {
            (echo, repeats_all) = (0.0, false);
            overtake = if twice > 0.0 { 0.0 } else { overtake };
        }
        let honest = twice == 0.0 && echo == 0.0;
        let blows = (0..one(rng, &[0, 0, 0, 1, 2]))
            .map(|_| (rng.below(2500) as u64, rng.below(2), blow(rng)))
            .collect();
        Self {
            link,
            kind,
            ends: [part(rng, parks > 0.0), part(rng, parks > 0.0)],
            is_heavy: false,
            stranger: false,
            forms: Forms {
                batches: one(rng, &[0.0, 0.2]),
                streams: one(rng, &[0.0, 0.2]),
                permits: one(rng, &[0.0, 0.2]),
                batch: 8,
            },
            stall: one(rng, &[0.0, 0.05, 0.3]),
            capacity: one(rng, &[1, 2, 4, 64]),
            delay: Duration::from_millis(one(rng, &[0, 3, 40, 600])),
            pace: one(rng, &[0, 0, 0, 0, 7_000_000]),
            overtake,
            twice,
            echo,
            repeats_all,
            cancels: one(rng, &[0.0, 0.1, 0.4]),
            parks,
            chosen: if honest { one(rng, &[0.0, 0.1]) } else { 0.0 },
            probe: None,
            snap: None,
            blows,
        }
    }

    /// Everybody has much to say, and the link lets them.
    fn heavy(mut self, rng: &mut Rng, calls: usize) -> Self {
        self.is_heavy = true;
        self.stall = self.stall.min(0.05);
        self.capacity = 64;
        self.delay = self.delay.min(Duration::from_millis(3));
        self.pace = 0;
        self.parks = 0.0;
        self.cancels = self.cancels.min(0.1);
        self.forms.batches = 0.5;
        self.forms.batch = 32;
        self.blows.retain(|_| rng.chance(0.2));
        for end in &mut self.ends {
            end.callers = 2;
            end.calls = calls;
            end.driving = one(rng, &[Driving::Nobody, Driving::Spawned]);
            end.serving = one(rng, &[Serving::Serve(8), Serving::Spawn]);
            end.limits.max_in_flight = one(rng, &[16, 1024]);
            end.limits.max_requests = 256;
            end.limits.frames_per_turn = 32;
        }
        self
    }

    fn probed(mut self, turn: u64) -> Self {
        self.parks = 0.0;
        for end in &mut self.ends {
            end.callers = end.callers.max(2);
            end.driving = if turn % 3 == 0 {
                Driving::Spawned
            } else {
                Driving::Nobody
            };
        }
        self.probe = Some(Probe {
            call: turn / 12 % 4,
            polls: 1 + (turn % 12) as usize,
        });
        self
    }

    fn snapped(mut self, rng: &mut Rng, turn: u64) -> Self {
        for end in &mut self.ends {
            end.callers = end.callers.max(1);
        }
        self.blows.clear();
        self.snap = Some((1 + turn, rng.below(2), one(rng, &CUTS)));
        self
    }

    fn fused(mut self, rng: &mut Rng, turn: u64) -> Self {
        let end = &mut self.ends[rng.below(2)];
        let point = POINTS[(turn % POINTS.len() as u64) as usize];
        end.callers = end.callers.max(2);
        end.serving = one(rng, &[Serving::Serve(8), Serving::Spawn, Serving::Inline]);
        end.fuse = Some((point, 1 + rng.below(30) as u64));
        self
    }

    fn visited(mut self, rng: &mut Rng) -> Self {
        self.stranger = true;
        self.twice = 0.0;
        self.echo = 0.0;
        self.chosen = 0.0;
        let end = &mut self.ends[0];
        end.callers = 1 + rng.below(4);
        end.limits.max_parts = one(rng, &[3, 1024]);
        end.limits.unmatched_budget = one(rng, &[8, 1024, 1024]);
        self
    }

    /// Whether everybody who waits is polled when he is woken.
    pub(crate) fn nobody_parks(&self) -> bool {
        self.parks == 0.0
    }

    /// Whether who is asked by this end can answer in parts.
    pub(crate) fn streams_to(&self, asker: usize) -> bool {
        self.stranger || !matches!(self.ends[1 - asker].serving, Serving::Serve(_))
    }

    /// Whether replies come that nobody has asked for.
    pub(crate) fn strays(&self) -> bool {
        self.stranger || self.twice > 0.0 || self.echo > 0.0
    }

    /// Whether frames come in the order in which they were sent, and once.
    pub(crate) fn is_orderly(&self) -> bool {
        !self.strays() && self.overtake == 0.0
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
    use Overflow::{Backpressure, Close, Lag};
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
            max_parts: one(rng, &[2, 1024]),
            max_refusals: one(rng, &[1, 64]),
            // Late replies to calls that were given up cost nothing.
            unmatched_budget: one(rng, &[0, 1024]),
            frames_per_turn: one(rng, &[1, 2, 32]),
            close_timeout: Duration::from_millis(one(rng, &[200, 5000])),
            overflow: one(rng, &[Lag, Lag, Lag, Lag, Lag, Lag, Backpressure, Close]),
            ..Limits::default()
        },
        settings: one(rng, &[0, 0, 4]),
        fuse: None,
    }
}

fn blow(rng: &mut Rng) -> Blow {
    match rng.below(3) {
        0 => Blow::Close,
        1 => Blow::Abandon,
        _ => Blow::Cut(one(rng, &CUTS)),
    }
}

pub(crate) fn one<T: Clone>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.below(of.len())].clone()
}
