//! What each count may be at most.

use std::collections::BTreeMap;
use std::process::ExitCode;

/// `NAME;MOST` lines; what is not listed is not limited.
const LIST: &str = include_str!("../../../allowed.csv");

/// Below this part of what is allowed, the list has become too generous.
const GENEROUS: f64 = 0.95;

/// Prints what is wrong; success if every listed count is within its limit.
pub(crate) fn check(measured: &BTreeMap<String, f64>) -> ExitCode {
    let mut wrong = Vec::new();
    let mut generous = Vec::new();
    for line in LIST.lines().filter(|line| !line.starts_with('#')) {
        let listed = line
            .split_once(';')
            .and_then(|(name, most)| Some((name, most.parse::<f64>().ok()?)));
        let Some((name, most)) = listed else {
            wrong.push(format!("not `NAME;MOST`: {line}"));
            continue;
        };
        match measured.get(name) {
            None => wrong.push(format!("{name}: listed, and not measured")),
            Some(count) if *count > most => {
                wrong.push(format!("{name}: {count:.3}, and {most} is allowed"));
            }
            Some(count) if *count < GENEROUS * most => {
                generous.push(format!("{name}: {count:.3}, and {most} is allowed"));
            }
            Some(_) => {}
        }
    }
    report("could be tightened in benches/allowed.csv:", &generous);
    report("ABOVE WHAT benches/allowed.csv ALLOWS:", &wrong);
    if wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn report(title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    println!("\n{title}");
    for line in lines {
        println!("  {line}");
    }
}
