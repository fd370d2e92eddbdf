//! The id generators that come with the crate.

mod closure;
mod random_text;
mod sequential;
mod shared_counter;
mod slots;
mod text;

pub use closure::ClosureIds;
pub use random_text::RandomText;
pub use sequential::Sequential;
pub use shared_counter::SharedCounter;
pub use slots::{JsonNumberIds, SlotIds};
pub use text::TextId;
