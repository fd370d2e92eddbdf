//! A place for a connection: when its calls are due, and when it is cut and
//! made again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use await_layer_testkit::rng::Rng;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::dial::{Dialer, Kind};
use crate::end::Side;
use crate::issue::Issue;
use crate::shared::{Alive, Shared};
use crate::tally::add;

/// How often a line looks at its schedule.
const TICK: Duration = Duration::from_millis(1);

/// What kind of life a line leads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Role {
    pub(crate) kind: Kind,
    /// Has one connection from beginning to end.
    pub(crate) steady: bool,
    /// Its peers think for some time before they answer.
    pub(crate) slow: bool,
    /// One of its ends stops reading now and then.
    pub(crate) stops: bool,
}

impl Role {
    /// Line `index` of so many of a kind: of sixteen, four are steady, two are
    /// slow, and two stop reading; one that is steady among each.
    pub(crate) fn of(kind: Kind, index: usize) -> Self {
        let place = index % 16;
        Self {
            kind,
            steady: place % 4 == 0,
            slow: matches!(place, 3 | 4),
            stops: matches!(place, 5 | 8),
        }
    }

    /// Whether the time that a call takes is ours: slow peers' is not.
    pub(crate) fn is_measured(&self) -> bool {
        !self.slow && !self.stops
    }
}

pub(crate) struct Line {
    pub(crate) role: Role,
    pub(crate) issue: Issue,
    pub(crate) dialer: Dialer,
    /// Between two calls.
    pub(crate) gap: Duration,
    /// How long a connection is kept, on average.
    pub(crate) life: Duration,
    pub(crate) rng: Rng,
    pub(crate) shared: Arc<Shared>,
    pub(crate) alive: Alive,
}

impl Line {
    pub(crate) async fn run(mut self) {
        let mut due = self.shared.start;
        let mut first = true;
        while Instant::now() < self.shared.stop {
            let resets = self.rng.chance(0.25);
            let Ok(sides) = self.dialer.dial(resets).await else {
                add(&self.shared.tally.failed_dials, 1);
                sleep(Duration::from_millis(20)).await;
                continue;
            };
            if !first {
                add(&self.shared.tally.reconnects, 1);
            } else if self.role.steady {
                for side in &sides {
                    self.issue.fill(side);
                }
            }
            first = false;
            due = self.live(&sides, due).await;
            for side in &sides {
                side.gate.read_on();
            }
            let graceful = self.role.steady || (!resets && self.rng.chance(0.5));
            let farewell = Farewell {
                sides,
                from: self.rng.below(2),
                graceful,
                shared: self.shared.clone(),
                alive: self.alive.clone(),
            };
            // Meanwhile the next one is made.
            tokio::spawn(farewell.say());
        }
    }

    /// Makes the calls that are due until the connection's time is up; returns
    /// when the next one is due.
    async fn live(&mut self, sides: &[Side; 2], mut due: Instant) -> Instant {
        let stop = self.shared.stop;
        let end = if self.role.steady {
            stop
        } else {
            stop.min(Instant::now() + self.life.mul_f64(exponential(&mut self.rng)))
        };
        let mut stops = Stops::new(self.role.stops);
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now = Instant::now();
            let limit = now.min(stop);
            if due < limit {
                self.shared.tally.behind(limit - due);
            }
            while due < limit {
                let side = &sides[self.rng.below(2)];
                let calls = self.issue.next(side, due);
                due += self.gap * calls;
            }
            stops.look(now, sides, &mut self.rng);
            if now >= end {
                return due;
            }
        }
    }
}

/// Exponential, 1 on average.
fn exponential(rng: &mut Rng) -> f64 {
    let unit = (rng.below(1_000_000) + 1) as f64 / 1e6;
    -unit.ln()
}

/// When an end stops reading, and when it goes on.
struct Stops {
    stops: bool,
    since: Option<usize>,
    next: Option<Instant>,
}

impl Stops {
    fn new(stops: bool) -> Self {
        Self {
            stops,
            since: None,
            next: None,
        }
    }

    fn look(&mut self, now: Instant, sides: &[Side; 2], rng: &mut Rng) {
        if !self.stops {
            return;
        }
        let next = *self.next.get_or_insert_with(|| now + millis(rng, 0..1000));
        if now < next {
            return;
        }
        self.next = match self.since.take() {
            Some(side) => {
                sides[side].gate.read_on();
                Some(now + millis(rng, 0..4000))
            }
            None => {
                let side = rng.below(2);
                self.since = Some(side);
                sides[side].gate.stop();
                Some(now + millis(rng, 50..300))
            }
        };
    }
}

fn millis(rng: &mut Rng, range: std::ops::Range<usize>) -> Duration {
    let some = range.start + rng.below(range.end - range.start);
    Duration::from_millis(some as u64)
}

/// How a connection ends.
struct Farewell {
    sides: [Side; 2],
    /// The side that ends it.
    from: usize,
    graceful: bool,
    shared: Arc<Shared>,
    alive: Alive,
}

impl Farewell {
    async fn say(self) {
        let [here, there] = self.sides;
        let (first, second) = match self.from {
            0 => (here, there),
            _ => (there, here),
        };
        if self.graceful {
            drop(first.end.close().await);
        } else {
            first.gate.cut();
        }
        for side in [first, second] {
            drop(side.end.closed().await);
            let (in_flight, stats) = (side.end.in_flight(), side.end.stats());
            self.shared.tally.over(in_flight, &stats);
        }
        drop(self.alive);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_in_four_is_steady_and_some_of_those_have_faults() {
        let roles = (0..16).map(|index| Role::of(Kind::Tcp, index));
        let roles = roles.collect::<Vec<_>>();
        let count = |what: fn(&Role) -> bool| roles.iter().filter(|role| what(role)).count();
        assert_eq!(count(|role| role.steady), 4);
        assert_eq!(count(|role| role.slow), 2);
        assert_eq!(count(|role| role.stops), 2);
        assert_eq!(count(|role| role.slow && role.steady), 1);
        assert_eq!(count(|role| role.stops && role.steady), 1);
        assert_eq!(count(|role| role.stops && role.slow), 0);
    }

    #[test]
    fn lives_are_one_on_average() {
        let mut rng = Rng::new(1);
        let sum = (0..10_000).map(|_| exponential(&mut rng)).sum::<f64>();
        assert!((9_700.0..10_300.0).contains(&sum), "{sum}");
    }
}
