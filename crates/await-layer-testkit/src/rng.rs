//! A small seeded generator: the same seed gives the same choices.

/// A SplitMix64 generator for simulations.
///
/// **Not cryptographic**: its output is predictable from a single number.
/// Never make a key, an id that must not be guessed, or a jitter against an
/// adversary with it.
///
/// The sequence of a seed is part of this crate's promise: it does not change
/// within a major version, so that a seed from a failed run stays useful.
///
/// ```
/// use await_layer_testkit::rng::Rng;
///
/// let (mut a, mut b) = (Rng::new(7), Rng::new(7));
/// assert_eq!(a.next_u64(), b.next_u64());
/// assert!(a.below(6) < 6);
/// ```
#[derive(Clone, Debug)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// Every seed is as good as any other, 0 included.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Any number.
    pub const fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, but not including, `n`.
    ///
    /// Favours some numbers by less than `n` in 2^64: nothing a test can see.
    ///
    /// # Panics
    ///
    /// If `n` is 0: no number is below it.
    #[track_caller]
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "no number is below 0");
        let scaled = (u128::from(self.next_u64()) * n as u128) >> 64;
        // Less than `n`, so it fits.
        scaled as usize
    }

    /// True with probability `p`: never at 0.0 and less, always at 1.0 and
    /// more, never for NaN.
    pub fn chance(&mut self, p: f64) -> bool {
        // 53 bits are what an f64 holds, so the unit is in [0, 1).
        let unit = (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        unit < p
    }

    /// Puts the items in any order, each order being equally likely.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last + 1);
            items.swap(last, other);
        }
    }

    /// A generator of its own sequence, for a part of the simulation whose
    /// number of choices must not change the rest.
    pub const fn fork(&mut self) -> Self {
        Self::new(self.next_u64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_published_sequence() {
        let mut rng = Rng::new(1_234_567);
        let first = [rng.next_u64(), rng.next_u64(), rng.next_u64()];
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
            ]
        );
    }

    #[test]
    fn below_reaches_all_and_only_what_is_below() {
        let mut rng = Rng::new(0);
        let mut seen = [0_u32; 5];
        for _ in 0..5_000 {
            seen[rng.below(5)] += 1;
        }
        assert!(seen.iter().all(|n| (850..1_150).contains(n)), "{seen:?}");
        assert_eq!(rng.below(1), 0);
        assert!(rng.below(usize::MAX) < usize::MAX);
    }

    #[test]
    #[should_panic(expected = "no number is below 0")]
    fn below_zero_panics() {
        Rng::new(0).below(0);
    }

    #[test]
    fn chance_follows_its_probability() {
        let mut rng = Rng::new(3);
        let hits = (0..10_000).filter(|_| rng.chance(0.25)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        assert!((0..1_000).all(|_| !rng.chance(0.0)));
        assert!((0..1_000).all(|_| rng.chance(1.0)));
        assert!(!rng.chance(f64::NAN));
    }

    #[test]
    fn shuffle_keeps_the_items_and_reaches_every_order() {
        let mut rng = Rng::new(9);
        let mut orders = std::collections::BTreeMap::new();
        for _ in 0..6_000 {
            let mut items = [1, 2, 3];
            rng.shuffle(&mut items);
            *orders.entry(items).or_insert(0_u32) += 1;
        }
        assert_eq!(orders.len(), 6);
        assert!(orders.values().all(|n| (850..1_150).contains(n)));
        rng.shuffle::<u8>(&mut []);
    }

    #[test]
    fn a_fork_does_not_disturb_its_origin() {
        let mut a = Rng::new(5);
        let mut b = Rng::new(5);
        let mut fork = a.fork();
        b.fork();
        for _ in 0..10 {
            fork.next_u64();
        }
        assert_eq!(a.next_u64(), b.next_u64());
    }
}
