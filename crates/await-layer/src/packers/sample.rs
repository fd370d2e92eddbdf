//! A value that uses most of serde's shapes, for the packers' tests.

use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(super) enum Sample {
    Empty,
    Full {
        id: u64,
        text: String,
        numbers: Vec<i32>,
        inner: Option<Box<Self>>,
    },
}

pub(super) fn sample() -> Sample {
    Sample::Full {
        id: u64::MAX,
        text: "snow \u{2603} \"quoted\" \0".to_owned(),
        numbers: vec![i32::MIN, 0, i32::MAX],
        inner: Some(Box::new(Sample::Empty)),
    }
}
