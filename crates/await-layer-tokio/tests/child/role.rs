//! What a child does.

use std::env;
use std::io::{self, BufRead, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Stdio, exit};
use std::thread;

use tokio::process::Command;

pub(crate) const VARIABLE: &str = "AWAIT_LAYER_TEST_ROLE";

/// This program, as a child with that role.
pub(crate) fn command(role: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.env(VARIABLE, role).stderr(Stdio::inherit());
    command
}

pub(crate) fn play(role: &str) {
    let (role, with) = role.split_once(' ').unwrap_or((role, ""));
    match role {
        // On the ws-await wire a request that comes back is its own reply.
        "echo" => {
            pass_on(io::stdin().lock(), io::stdout().lock());
        }
        // Says something and exits when it has read a line.
        "exit" => {
            io::stdin().lock().read_line(&mut String::new()).unwrap();
            println!("\"last words\"");
            exit(with.parse().unwrap());
        }
        "abort" => {
            io::stdin().lock().read_line(&mut String::new()).unwrap();
            std::process::abort();
        }
        "exit-at-once" => exit(with.parse().unwrap()),
        // Leaves a process behind that keeps stdout open.
        "orphan" => {
            io::stdin().lock().read_line(&mut String::new()).unwrap();
            let mut child = std::process::Command::new(env::current_exe().unwrap());
            let child = child.env(VARIABLE, format!("linger {with}"));
            child.stdin(Stdio::null()).spawn().unwrap();
            exit(7);
        }
        // Reads nothing, stdin neither, until whoever listens there closes.
        "linger" => {
            let mut stream = TcpStream::connect(with).unwrap();
            let _ = stream.read(&mut [0]);
        }
        "relay" => relay(with),
        other => panic!("no role {other}"),
    }
}

/// Passes stdin on to a socket and back, until the socket ends.
fn relay(to: &str) {
    let back = TcpStream::connect(to).unwrap();
    back.set_nodelay(true).unwrap();
    let forth = back.try_clone().unwrap();
    thread::spawn(move || {
        pass_on(io::stdin().lock(), &forth);
        let _ = forth.shutdown(Shutdown::Write);
    });
    pass_on(&back, io::stdout().lock());
    exit(0);
}

/// Not `std::io::copy`: it splices, and Linux holds a pipe's lock while a
/// splice waits for a socket, so that the other end's writes block though it
/// has asked for none that do.
fn pass_on(mut from: impl Read, mut to: impl Write) {
    let mut buffer = [0; 8192];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let passed = to.write_all(&buffer[..read]).and_then(|()| to.flush());
        if passed.is_err() {
            return;
        }
    }
}
