//! The conformance suites pass what is right, and name the case that finds
//! what is wrong.

mod faulty_codec;
mod faulty_transport;
mod protocol;
mod transport;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// The message of the panic that `suite` ends in.
fn verdict(suite: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(suite)).expect_err("the fault was not found");
    match panic.downcast::<String>() {
        Ok(said) => *said,
        Err(_) => panic!("a suite says what failed"),
    }
}
