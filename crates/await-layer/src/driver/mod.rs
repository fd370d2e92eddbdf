//! The only owner of the transport: moves frames between it and the machine.
//!
//! A turn does all of: timers, reading, writing, one flush, closing. It waits
//! for nothing: whatever returns `Pending` has the hub's waker. Reading and
//! writing are bounded, and a turn that stops at its bound says so.

mod alarms;
mod desk;
mod pump;
mod read;
mod spawned;
mod write;

pub(crate) use desk::Next;
pub(crate) use pump::Pump;
pub use spawned::Driver;
