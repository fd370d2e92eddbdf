//! Signals to the programs that a test has started.

use std::fs;
use std::process::Command;
use std::thread::yield_now;

use crate::programs::run;

/// Sends a signal to a process: `CONT` lets it go on, `KILL` ends it in
/// mid-call.
pub(crate) fn signal(process: u32, signal: &str) {
    let signal = format!("-{signal}");
    run(Command::new("kill").arg(signal).arg(process.to_string())).expect("it runs");
}

/// Stops a process, which is then late for certain. Returns when each of its
/// threads stands still: on a busy machine some go on for milliseconds, until
/// the one that was chosen for the signal gets a processor.
pub(crate) fn stop(process: u32) {
    signal(process, "STOP");
    while !stands_still(process) {
        yield_now();
    }
}

/// Whether each thread is in the state `T`, which is behind the name in
/// brackets: proc(5).
fn stands_still(process: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("the process is there");
    threads.flatten().all(|thread| {
        let stat = fs::read_to_string(thread.path().join("stat"));
        // A thread that has ended meanwhile stands still.
        stat.map_or(true, |stat| {
            stat.rsplit_once(") ")
                .is_some_and(|(_, state)| state.starts_with('T'))
        })
    })
}

#[test]
fn a_program_that_was_stopped_says_nothing_any_more() {
    use crate::programs::{Folder, installed};
    use std::process::Stdio;

    let Some(python) = installed("python3") else {
        return;
    };
    let folder = Folder::new("signals-stop");
    let said = folder.path().join("said");
    let script = "import os, threading\n\
        def say():\n    while True: os.write(1, b'.')\n\
        for _ in range(4): threading.Thread(target=say, daemon=True).start()\n\
        os.read(0, 1)\n";
    let mut command = Command::new(python);
    // It ends with its stdin, so also when this test fails.
    command.args(["-c", script]).stdin(Stdio::piped());
    command.stdout(fs::File::create(&said).unwrap());
    let mut program = command.spawn().unwrap();
    let length = || fs::metadata(&said).unwrap().len();
    let mut before = 0;
    for _ in 0..100 {
        while length() == before {
            yield_now();
        }
        stop(program.id());
        before = length();
        // Time enough for a thread that still runs to say more.
        run(&mut Command::new("true")).unwrap();
        let after = length();
        signal(program.id(), "CONT");
        assert_eq!(after, before, "it went on behind the stop");
    }
    drop(program.stdin.take());
    program.wait().unwrap();
}
