//! The root package owns the workspace's `tests/` and `examples/`. This, its
//! library, only makes the README's examples run as tests.
#![doc = include_str!("../README.md")]
