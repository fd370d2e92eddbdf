//! How long to wait between attempts, and when to stop.

use std::time::Duration;

/// When to dial again, and when to give up.
///
/// The first connection is dialed at once. One that is lost is dialed again
/// within [`first`](Self::first), and the wait doubles with every failure in a
/// row; each is drawn evenly, from the upper half of what is due if something
/// failed, so that the clients of a server that comes back do not all come at
/// once. A connection that lived for less than [`longest`](Self::longest)
/// counts as a failure: a server that accepts and hangs up is not dialed in a
/// loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first failure, at most. Less than a millisecond
    /// counts as one, here and below. Default 100 ms.
    pub first: Duration,
    /// No wait is longer. Default 30 s.
    pub longest: Duration,
    /// Failures in a row before it gives up; zero counts as one. Default 20:
    /// with the other defaults `within` comes first, unless connections are
    /// made and do not last.
    pub attempts: u32,
    /// How long one outage may last before it gives up, from the first poll of
    /// whoever waits for it. Time in which nobody waits does not count, but for
    /// the rest of a wait or an attempt. [`Duration::MAX`] is for ever. Default
    /// 5 minutes.
    pub within: Duration,
    /// How long one attempt may take. One that everybody left is gone on with
    /// by whoever comes within this time, or a second, after its end, and made
    /// anew by whoever comes later. [`Duration::MAX`] is for ever. Default 10 s.
    pub attempt_timeout: Duration,
    /// Makes the jitter the same each time, for tests. `None`, the default,
    /// draws a seed.
    pub seed: Option<u64>,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(100),
            longest: Duration::from_secs(30),
            attempts: 20,
            within: Duration::from_secs(300),
            attempt_timeout: Duration::from_secs(10),
            seed: None,
        }
    }
}

impl Backoff {
    /// The wait after so many failures in a row, in nanoseconds; never zero
    /// after one.
    pub(crate) fn wait(&self, failures: u32, rng: &mut fastrand::Rng) -> u64 {
        let doublings = failures.saturating_sub(1);
        let factor = 1_u64.checked_shl(doublings).unwrap_or(u64::MAX);
        let due = nanos(self.first)
            .saturating_mul(factor)
            .min(nanos(self.longest))
            .max(SHORTEST);
        match failures {
            0 => rng.u64(0..=due),
            _ => rng.u64(due / 2..=due),
        }
    }

    pub(crate) fn rng(&self) -> fastrand::Rng {
        match self.seed {
            Some(seed) => fastrand::Rng::with_seed(seed),
            None => fastrand::Rng::new(),
        }
    }
}

/// Attempts that fail at once must not be made in a loop: a millisecond.
pub(crate) const SHORTEST: u64 = 1_000_000;

/// In nanoseconds; more than they can count is for ever.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_are_drawn_from_the_upper_half() {
        let backoff = Backoff {
            first: Duration::from_millis(10),
            longest: Duration::from_millis(50),
            ..Backoff::default()
        };
        for seed in 0..200 {
            let mut rng = fastrand::Rng::with_seed(seed);
            assert!(backoff.wait(0, &mut rng) <= 10_000_000);
            for (failures, due) in [(1, 10), (2, 20), (3, 40), (4, 50), (99, 50)] {
                let wait = backoff.wait(failures, &mut rng);
                let due = due * 1_000_000;
                assert!(
                    (due / 2..=due).contains(&wait),
                    "seed {seed}: {wait} of {due}"
                );
            }
        }
    }

    #[test]
    fn no_wait_after_a_failure_is_zero() {
        let backoff = Backoff {
            first: Duration::ZERO,
            longest: Duration::ZERO,
            ..Backoff::default()
        };
        let mut rng = backoff.rng();
        assert!((1..99).all(|failures| backoff.wait(failures, &mut rng) >= SHORTEST / 2));
    }

    #[test]
    fn the_same_seed_waits_the_same_and_another_does_not() {
        let waits = |seed| {
            let backoff = Backoff {
                seed: Some(seed),
                ..Backoff::default()
            };
            let mut rng = backoff.rng();
            (1..9)
                .map(|n| backoff.wait(n, &mut rng))
                .collect::<Vec<_>>()
        };
        assert_eq!(waits(7), waits(7));
        assert_ne!(waits(7), waits(8));
    }

    #[test]
    fn endless_durations_do_not_overflow() {
        let backoff = Backoff {
            first: Duration::MAX,
            longest: Duration::MAX,
            ..Backoff::default()
        };
        let wait = backoff.wait(u32::MAX, &mut backoff.rng());
        assert!(wait >= u64::MAX / 2);
    }
}
