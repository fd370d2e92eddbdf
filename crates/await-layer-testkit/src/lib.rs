//! What it takes to test an await-layer codec, adapter or transport: scripted
//! transports, oracles, and an executor whose every step is chosen by a seed.
//!
//! | room | question it answers |
//! |---|---|
//! | [`contract`] | does the code above this transport keep the `Sink` and `Stream` rules? |
//! | [`script`] | what happens when the transport stalls, fails or answers just then? |
//! | [`wakers`] | who was woken, and how often? |
//! | [`ledger`] | did each call get exactly one outcome, and its own? |
//! | [`steps`] | does it hold for this order of polls, and is anybody stuck? |
//! | [`rng`] | which order, again, from the same seed |
//! | `alloc` (feature) | how much memory did that take? |
//!
//! Nothing here needs a runtime, sleeps, or reads a clock.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub mod alloc;
pub mod contract;
pub mod ledger;
pub mod rng;
pub mod script;
pub mod steps;
pub mod wakers;
