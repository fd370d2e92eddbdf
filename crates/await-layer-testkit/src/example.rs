//! Runs the examples of a crate, as `cargo test` has built them.
//!
//! An example that is only compiled rots: a test that reads what it prints
//! keeps it true.

use std::env::consts::EXE_SUFFIX;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;
use std::{fmt, thread};

/// How long a line of an example may take to come. Only an example that hangs
/// reaches it.
const DEADLINE: Duration = Duration::from_secs(60);

/// An example that runs: killed when dropped. It panics, with the name of the
/// example, where the example does not do what a method is about.
pub struct Example {
    name: String,
    child: Child,
    lines: Receiver<String>,
}

impl Example {
    /// Starts the example `name` of this workspace. Examples of all crates
    /// share a folder: a name must not occur twice.
    pub fn start(name: &str, arguments: &[&str]) -> Self {
        // Cargo builds examples beside the folder of the tests.
        let test = std::env::current_exe().expect("a test knows its own file");
        let folder = test.ancestors().nth(2).expect("a test lies in `deps`");
        let program = folder.join("examples").join(format!("{name}{EXE_SUFFIX}"));
        assert!(
            program.is_file(),
            "no {}: `cargo test` builds it unless targets were chosen",
            program.display()
        );
        let mut command = Command::new(program);
        command.args(arguments).stdout(Stdio::piped());
        let mut child = command.spawn().expect("an example starts");
        let out = BufReader::new(child.stdout.take().expect("it is piped"));
        let (tell, lines) = channel();
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        let name = name.to_owned();
        Self { name, child, lines }
    }

    /// The next line that it prints.
    pub fn line(&mut self) -> String {
        let line = self.lines.recv_timeout(DEADLINE);
        line.unwrap_or_else(|error| panic!("{}: no further line: {error}", self.name))
    }

    /// What it prints from here to its end, which must be a good one.
    pub fn rest(mut self) -> String {
        let mut said = String::new();
        loop {
            match self.lines.recv_timeout(DEADLINE) {
                Ok(line) => said += &(line + "\n"),
                Err(RecvTimeoutError::Timeout) => panic!("{}: hangs after\n{said}", self.name),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let end = self.child.wait();
        let well = end.as_ref().is_ok_and(ExitStatus::success);
        assert!(well, "{}: {end:?} after\n{said}", self.name);
        said
    }

    /// The number that the system knows it by.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl fmt::Debug for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        f.debug_struct("Example")
            .field("name", name)
            .finish_non_exhaustive()
    }
}
