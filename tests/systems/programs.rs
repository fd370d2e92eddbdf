//! Finds programs, installs what npm and PyPI have, and starts them.

#[path = "../interop/node/install.rs"]
mod install;

use std::env;
use std::ffi::OsStr;
use std::future::Future;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{self, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use await_layer::Limits;
use futures::future::poll_immediate;

/// The longest that a test waits for a program which should answer: none is
/// that slow, on the busiest machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// The defaults, where no call and no close ends because the machine is busy.
pub(crate) fn patient() -> Limits {
    Limits {
        call_timeout: DEADLINE,
        close_timeout: DEADLINE,
        ..Limits::default()
    }
}

/// The folder below the target directory for what tests need to run.
fn root() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("systems")
}

/// What was found, or a loud skip: a line on stderr, and a failure where
/// `CI=true`.
fn require<T>(what: &str, found: Result<T, String>) -> Option<T> {
    match found {
        Ok(found) => Some(found),
        Err(why) if env::var_os("CI").as_deref() == Some(OsStr::new("true")) => {
            panic!("the test against {what} cannot run: {why}");
        }
        Err(why) => {
            // Not `eprintln!`, which the test runner hides when a test passes.
            let _ = writeln!(io::stderr(), "SKIPPED: {what}: {why}");
            None
        }
    }
}

/// Where `program` is, in the PATH or where Debian keeps daemons.
pub(crate) fn installed(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let found = folders
        .map(|folder| folder.join(program))
        .find(|it| it.is_file());
    let found = found.ok_or_else(|| format!("there is no {program}: `apt install` has it"));
    require(program, found)
}

/// The `node_modules` of `tests/systems/node`, installed by the first test that
/// asks (it blocks).
pub(crate) fn node_modules() -> Option<PathBuf> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/systems/node");
        install::modules("npm", &scripts, "systems-1")
    });
    require("programs from npm", found.clone())
}

/// A Python that has debugpy, installed by the first test that asks (it
/// blocks).
pub(crate) fn python_with_debugpy() -> Option<PathBuf> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    require("debugpy", FOUND.get_or_init(virtual_environment).clone())
}

fn virtual_environment() -> Result<PathBuf, String> {
    let done = root().join("debugpy-1.8.22");
    if !done.is_dir() {
        // Only its `python` is used, which finds itself after a rename too.
        let own = root().join(format!(".debugpy-{}", process::id()));
        run(Command::new("python3").args(["-m", "venv"]).arg(&own))?;
        let pip = own.join("bin/python");
        run(Command::new(pip).args(["-m", "pip", "install", "-q", "debugpy==1.8.22"]))?;
        if let Err(error) = std::fs::rename(&own, &done) {
            let _ = std::fs::remove_dir_all(&own);
            if !done.is_dir() {
                return Err(format!("{}: {error}", done.display()));
            }
        }
    }
    Ok(done.join("bin/python"))
}

/// Runs `command` to its end; what it says only where it fails.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        Ok(())
    } else {
        let words = String::from_utf8_lossy(&output.stderr);
        Err(format!("{command:?} ended with {}: {words}", output.status))
    }
}

/// The test, which must end.
pub(crate) async fn within<T>(test: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(DEADLINE, test).await;
    done.unwrap_or_else(|_| panic!("the test hangs"))
}

/// Polls calls, which nobody answers yet, until as many `frames` of theirs are
/// written.
pub(crate) async fn write(
    calls: &mut (impl Future + Unpin),
    frames: u64,
    written: impl Fn() -> u64,
) {
    let all = written() + frames;
    while written() < all {
        assert!(poll_immediate(&mut *calls).await.is_none(), "it must wait");
        tokio::task::yield_now().await;
    }
}

/// What a call ends with that has 100 seconds and gets no reply in them, at
/// once. It is written before they pass.
pub(crate) async fn expired<R>(call: impl Future<Output = R>) -> R {
    let mut call = pin!(call);
    assert!(poll_immediate(&mut call).await.is_none(), "it must wait");
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(100)).await;
    tokio::time::resume();
    call.await
}

/// A folder of its own for one test, removed with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        // Unix sockets have short names: not below the target directory.
        let folder = env::temp_dir().join(format!("{name}-{}", process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for the test");
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
