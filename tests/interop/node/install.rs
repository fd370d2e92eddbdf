//! Installs npm packages once into the target directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};

/// The `node_modules` that hold the packages of `scripts/package.json`,
/// installed if they are not there. The `directory` they are in names what is
/// pinned: a new pin, a new directory.
///
/// Several test processes may do so at once: each installs into a directory of
/// its own, and the first to rename it wins.
pub(super) fn modules(npm: &str, scripts: &Path, directory: &str) -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("node");
    let done = root.join(directory);
    if !done.is_dir() {
        let own = root.join(format!(".{directory}-{}", process::id()));
        let result = install(npm, scripts, &own).and_then(|()| publish(&own, &done));
        // Nothing is left of it after a rename; otherwise it is of no use.
        let _ = fs::remove_dir_all(&own);
        result?;
    }
    Ok(done.join("node_modules"))
}

fn install(npm: &str, scripts: &Path, own: &Path) -> Result<(), String> {
    fs::create_dir_all(own).map_err(|error| format!("{}: {error}", own.display()))?;
    for name in ["package.json", "package-lock.json"] {
        fs::copy(scripts.join(name), own.join(name)).map_err(|error| format!("{name}: {error}"))?;
    }
    let output = Command::new(npm)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(own)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{npm}: {error}"))?;
    if output.status.success() {
        Ok(())
    } else {
        let words = String::from_utf8_lossy(&output.stderr);
        Err(format!("npm ci ended with {}: {words}", output.status))
    }
}

fn publish(own: &Path, done: &Path) -> Result<(), String> {
    match fs::rename(own, done) {
        Err(error) if !done.is_dir() => Err(format!("{}: {error}", done.display())),
        // Renamed, or another process was first.
        Ok(()) | Err(_) => Ok(()),
    }
}
