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
//! | [`conformance`] | does my codec, or my transport, do what the layer relies on? |
//! | [`example`] | does an example still run, and say what it should? |
//! | [`words`] | what is the least a call can cost, on a wire that costs nothing? |
//! | [`rng`] | which order, again, from the same seed |
//! | `alloc` (feature) | how much memory did that take? |
//!
//! Nothing here needs a runtime, and but for [`conformance::transport`], whose
//! calls have timeouts, and [`example`], nothing reads a clock.
//!
//! # One call for a codec, one for a transport
//!
//! ```
//! use await_layer::{DefaultTimer, WsAwait, memory};
//! use await_layer_testkit::conformance::{self, Samples, Text, mangled};
//! use serde_json::json;
//!
//! let damaged = mangled(br#"{"awaitId":"_1","body":[]}"#, 7);
//! let samples = Samples::new([json!({}), json!({ "ask": [1, "é"] })], [json!({ "say": null })])
//!     .plain([r#"{"no":"id"}"#.to_owned()])
//!     .unsealable(["[1, 2]".to_owned(), "7".to_owned()])
//!     .hostile(damaged.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()));
//! conformance::protocol(WsAwait::<String>::new, &samples);
//!
//! let text = Text::new(|text| text, |frame: &String| Some(frame.as_bytes()));
//! let connect = async || memory::pair(8);
//! futures::executor::block_on(conformance::transport(text, DefaultTimer::new(), connect));
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub mod alloc;
pub mod conformance;
pub mod contract;
pub mod example;
pub mod ledger;
pub mod rng;
pub mod script;
pub mod steps;
pub mod wakers;
pub mod words;
