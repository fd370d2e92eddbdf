//! The counting allocator, and what an idle in-memory transport costs. Without
//! the harness, whose threads would be counted too.

use std::thread;

use await_layer::memory;
use await_layer_testkit::alloc::{COUNTING, Counting, Region};

#[global_allocator]
static ALLOCATOR: &Counting = &COUNTING;

fn main() {
    counts_what_is_taken_and_kept();
    an_idle_pair_is_one_allocation();
}

fn counts_what_is_taken_and_kept() {
    let region = Region::start();
    assert_eq!(region.change().allocations, 0, "looking costs nothing");

    let mut grown = Vec::with_capacity(100);
    grown.push(1_u8);
    grown.reserve_exact(300);
    let change = region.change();
    assert_eq!((change.allocations, change.reallocations), (1, 1));
    assert_eq!(change.live_bytes, 301, "growth is counted once");
    grown.shrink_to_fit();
    assert_eq!(region.change().live_bytes, 1);
    drop(grown);
    let change = region.change();
    assert_eq!((change.deallocations, change.live_bytes), (1, 0));

    let before = vec![0_u8; 50];
    let region = Region::start();
    drop(before);
    assert_eq!(region.change().live_bytes, -50);

    let region = Region::start();
    let elsewhere = thread::spawn(|| vec![0_u8; 10_000]).join().unwrap();
    assert!(region.change().live_bytes >= 10_000, "all threads count");
    drop(elsewhere);
}

fn an_idle_pair_is_one_allocation() {
    let mut pairs = Vec::with_capacity(10_000);
    let region = Region::start();
    for _ in 0..10_000 {
        pairs.push(memory::pair::<[u8; 1024]>(1024));
    }
    let change = region.change();
    assert_eq!(change.allocations, 10_000, "one each, no buffers");
    assert!(change.live_bytes <= 10_000 * 256, "{change:?}");
}
