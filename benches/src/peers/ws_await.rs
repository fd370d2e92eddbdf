//! The npm package ws-await, in Node, as a client of the same echo server: its
//! wire is the one that the layer speaks there.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use std::{env, fs};

use serde::Deserialize;

use crate::TIMEOUT;
use crate::load::Load;
use crate::meter::Sample;
use crate::watch::Seen;

/// By then Node has compiled what is called often.
const WARM_UP: Duration = Duration::from_millis(500);

/// What `ws-await.js` prints.
#[derive(Deserialize)]
struct Report {
    calls: usize,
    /// Nanoseconds of all calls.
    wall: f64,
    /// Of the whole process: the compiler and the collector have threads too.
    cpu: f64,
    took: Vec<u64>,
}

/// Whether Node and the package are here. The first call installs the package,
/// or says aloud why it is left out.
pub fn available() -> bool {
    modules().is_some()
}

/// Both runs, in one process of Node's. Its allocations, wakes and flushes are
/// not to be had.
pub fn run(port: u16, load: &Load) -> (Sample, Seen) {
    let settings = serde_json::json!({
        "url": format!("ws://127.0.0.1:{port}"),
        "payload": load.payload,
        "inFlight": load.in_flight,
        "warmUp": WARM_UP.as_millis(),
        "calls": load.calls,
        "watched": load.watched(),
        "awaitTimeout": TIMEOUT.as_millis(),
    });
    let output = Command::new("node")
        .arg(here().join("ws-await.js"))
        .arg(settings.to_string())
        .env("NODE_PATH", modules().expect("it was asked for"))
        .stderr(Stdio::inherit())
        .output();
    let printed = output.expect("it was started before").stdout;
    let report: Report = serde_json::from_slice(&printed).expect("what it prints");
    let calls = report.calls as f64;
    let cost = Sample {
        wall: report.wall / calls,
        cpu: report.cpu / calls,
        process_cpu: report.cpu / calls,
        allocations: f64::NAN,
        bytes: f64::NAN,
        flushes: f64::NAN,
    };
    (cost, Seen::of(&report.took, None))
}

fn modules() -> Option<&'static PathBuf> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let installed = install();
        if let Err(error) = &installed {
            eprintln!("SKIPPED: ws-await in Node is not measured: {error}");
        }
        installed.ok()
    });
    found.as_ref()
}

/// Installs what the interop tests pin, once, beside the program.
fn install() -> io::Result<PathBuf> {
    let program = env::current_exe()?;
    let directory = program.with_file_name("node-peer");
    let modules = directory.join("node_modules");
    if !modules.join("ws-await").is_dir() {
        let pinned = here().join("../../tests/node");
        fs::create_dir_all(&directory)?;
        for name in ["package.json", "package-lock.json"] {
            fs::copy(pinned.join(name), directory.join(name))?;
        }
        let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
        let status = Command::new(npm)
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .map_err(|error| io::Error::other(format!("{npm}: {error}")))?;
        if !status.success() {
            return Err(io::Error::other(format!("npm ci ended with {status}")));
        }
    }
    let node = Command::new("node").arg("--version").output();
    let node = node.map_err(|error| io::Error::other(format!("node: {error}")))?;
    if !node.status.success() {
        return Err(io::Error::other("node does not start"));
    }
    Ok(modules)
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("node")
}
