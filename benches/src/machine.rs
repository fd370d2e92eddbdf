//! Where and of what the figures are.

use std::fs;
use std::process::Command;
use std::thread;

/// One line each, `name: value`.
pub fn description() -> Vec<String> {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let changed = !says("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty();
    let and = if changed { ", with changes" } else { "" };
    vec![
        format!("commit: {}{and}", says("git", &["rev-parse", "HEAD"])),
        format!("date: {}", says("date", &["-u", "+%F"])),
        format!("processor: {}", processor()),
        format!("cores: {cores}"),
        format!("system: {}", says("uname", &["-srm"])),
        format!("rust: {}", says("rustc", &["--version"])),
    ]
}

/// What else there is to measure here.
pub fn peers() -> Vec<String> {
    let peers = if cfg!(feature = "peers") {
        "measured"
    } else {
        "left out"
    };
    vec![
        format!("node: {}", says("node", &["--version"])),
        format!("peers: {peers}"),
    ]
}

fn processor() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find(|line| line.starts_with("model name"));
    let name = model.and_then(|line| line.split_once(':'));
    name.map_or("unknown", |(_, name)| name.trim()).to_owned()
}

/// What a program prints; nothing if it cannot be run.
fn says(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&text).trim().to_owned()
}
