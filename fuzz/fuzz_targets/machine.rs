//! Operations on the machine and on the model beside it: each does what the
//! other says, and what can be seen of both is the same after every step.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| await_layer::fuzzing::machine(bytes));
