//! The JavaScript side: finds Node, installs `ws-await`, starts its peers.

mod install;
mod program;

use std::env;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};

pub(crate) use program::Program;

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// A Node that can load `ws-await` 4.2.1.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    modules: PathBuf,
}

impl Node {
    /// Whether `node` and `npm` can be started here.
    pub(crate) fn available() -> bool {
        answers("node") && answers(NPM)
    }

    /// Node with the package installed, which the first call does (it blocks).
    ///
    /// `None`, and a line on stderr, when this machine cannot run the test.
    ///
    /// # Panics
    ///
    /// Instead of `None` where `CI=true`: there the test must not be skipped.
    pub(crate) fn require() -> Option<Self> {
        static FOUND: OnceLock<Result<Node, String>> = OnceLock::new();
        match FOUND.get_or_init(Self::find) {
            Ok(node) => Some(node.clone()),
            Err(why) if env::var_os("CI").as_deref() == Some(OsStr::new("true")) => {
                panic!("the interop test cannot run: {why}");
            }
            Err(why) => {
                // Not `eprintln!`, which the test runner hides when a test passes.
                let _ = writeln!(io::stderr(), "SKIPPED: the interop test cannot run: {why}");
                None
            }
        }
    }

    /// Starts `server.js`; `settings` are described in `tests/node/settings.js`.
    pub(crate) async fn server(&self, settings: Value) -> Server {
        let mut program = Program::start("server.js", &self.modules, &settings);
        let port = program.event("listening").await;
        Server {
            url: format!("ws://127.0.0.1:{port}"),
            program,
        }
    }

    /// Starts `client.js`, which is not connected yet: run its `connect` with
    /// the `url`, and await its event `open` while the server accepts.
    pub(crate) async fn client(&self, settings: Value) -> Program {
        let mut program = Program::start("client.js", &self.modules, &settings);
        assert_eq!(program.event("ready").await, json!({}));
        program
    }

    fn find() -> Result<Self, String> {
        if !Self::available() {
            return Err("there is no node or no npm in the PATH".to_owned());
        }
        let modules = install::modules(NPM, &scripts(), "ws-await-4.2.1")?;
        Ok(Self { modules })
    }
}

/// A running `server.js`.
#[derive(Debug)]
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) url: String,
    /// Its commands and events.
    pub(crate) program: Program,
}

fn answers(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The directory of the JavaScript programs.
fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node")
}
