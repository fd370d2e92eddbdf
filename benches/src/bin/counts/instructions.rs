//! Instructions, by callgrind.

use std::error::Error;
use std::process::{Command, Stdio};

use crate::case::Case;

/// The argument that makes this program run one case and measure nothing.
pub(crate) const ROLE: &str = "--run";

/// Instructions per call, once warm.
pub(crate) fn per_call(case: Case) -> Result<f64, Box<dyn Error>> {
    let [short, long] = case.rounds();
    let instructions = count(case, long, "/dev/null")? - count(case, short, "/dev/null")?;
    Ok(instructions as f64 / (case.calls(long) - case.calls(short)) as f64)
}

/// Those of a whole run; the profile is written to `out`.
fn count(case: Case, rounds: usize, out: &str) -> Result<u64, Box<dyn Error>> {
    let ran = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={out}"))
        .arg(std::env::current_exe()?)
        .args([ROLE, &case.to_string(), &rounds.to_string()])
        .output()
        .map_err(|error| format!("cannot run valgrind, which must be installed: {error}"))?;
    let said = String::from_utf8_lossy(&ran.stderr);
    said.split_once("Collected :")
        .and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok())
        .filter(|_| ran.status.success())
        .ok_or_else(|| format!("{case} failed under valgrind: {said}").into())
}

/// Prints what each function costs per call, without what it calls.
pub(crate) fn profile(case: Case) -> Result<(), Box<dyn Error>> {
    const LEAST: f64 = 2.0;
    let [_, long] = case.rounds();
    let out = std::env::temp_dir().join(format!("callgrind.{}", std::process::id()));
    let path = out.to_string_lossy();
    count(case, long, &path)?;
    let annotated = Command::new("callgrind_annotate")
        .args(["--auto=no", "--threshold=100", &path])
        .stderr(Stdio::inherit())
        .output()?;
    println!("{case}: instructions per call, from {LEAST}");
    for line in String::from_utf8_lossy(&annotated.stdout).lines() {
        // `1,234,567 (12.3%)  file:function [program]`
        let Some((count, rest)) = line.trim_start().split_once(" (") else {
            continue;
        };
        let Ok(count) = count.replace(',', "").parse::<u64>() else {
            continue;
        };
        let per_call = count as f64 / case.calls(long) as f64;
        if per_call >= LEAST {
            let place = rest.split_once(')').map_or(rest, |(_, place)| place);
            let place = place.split(" [").next().unwrap_or(place).trim();
            println!("{per_call:>9.1} {}", place.trim_start_matches("???:"));
        }
    }
    println!("the profile itself, for kcachegrind or callgrind_annotate: {path}");
    Ok(())
}
