//! The three framings, fed with bytes.

mod checked;
mod content_length;
mod feed;
mod length;
mod lines;
mod noise;
