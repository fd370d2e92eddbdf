//! Ways in for the fuzz targets. Not part of the API: it is compiled with
//! `--cfg fuzzing` alone.

/// Runs the operations that `bytes` are on the machine and on its model.
///
/// # Panics
/// If the two differ.
pub fn machine(bytes: &[u8]) {
    crate::machine::tests::fuzzed::run(bytes);
}
