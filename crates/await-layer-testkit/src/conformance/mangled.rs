//! Good frames, damaged.

use crate::rng::Rng;

/// At most this many places of a frame are damaged in each way.
const PLACES: usize = 64;

/// Damaged copies of a frame: cut short, a byte changed, doubled, or followed
/// by rubbish. The same frame and seed give the same copies, a few hundred at
/// most.
///
/// ```
/// use await_layer_testkit::conformance::mangled;
///
/// let copies = mangled(b"{\"id\":1}", 7);
/// assert!(copies.contains(&b"{\"id\"".to_vec()));
/// assert!(copies.iter().all(|copy| copy != b"{\"id\":1}"));
/// ```
pub fn mangled(frame: &[u8], seed: u64) -> Vec<Vec<u8>> {
    let mut rng = Rng::new(seed);
    let mut places: Vec<usize> = (0..frame.len()).collect();
    while places.len() > PLACES {
        places.swap_remove(rng.below(places.len()));
    }
    let mut copies = Vec::with_capacity(3 * places.len() + 2);
    for place in places {
        copies.push(frame[..place].to_vec());
        for change in [0x80, 1 << rng.below(7)] {
            let mut copy = frame.to_vec();
            copy[place] ^= change;
            copies.push(copy);
        }
    }
    if !frame.is_empty() {
        copies.push([frame, frame].concat());
    }
    copies.push([frame, &[0, 0xff]].concat());
    copies
}
