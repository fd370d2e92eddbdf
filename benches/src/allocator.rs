//! The same allocator for all.
//!
//! glibc's gives memory back to the system when the top of its heap is free,
//! and takes it again page by page. Whether that happens depends on what a
//! contender frees last and not on how much it uses, and with large payloads it
//! costs more than all the rest. So here it keeps what it has.

use std::env;
use std::io;
use std::process::Command;

const SETTINGS: [(&str, &str); 2] = [
    ("MALLOC_MMAP_THRESHOLD_", "33554432"),
    ("MALLOC_TRIM_THRESHOLD_", "1073741824"),
];

/// Starts the program again with an environment that says so, unless it has
/// one. glibc reads it once, and other allocators do not.
pub(crate) fn keep_what_it_has() -> io::Result<()> {
    if SETTINGS.iter().all(|(name, _)| env::var_os(name).is_some()) {
        return Ok(());
    }
    let mut again = Command::new(env::current_exe()?);
    again.args(env::args_os().skip(1)).envs(SETTINGS);
    replace(again)
}

#[cfg(unix)]
fn replace(mut again: Command) -> io::Result<()> {
    use std::os::unix::process::CommandExt;

    Err(again.exec())
}

#[cfg(not(unix))]
fn replace(_: Command) -> io::Result<()> {
    Ok(())
}
