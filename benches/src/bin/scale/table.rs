//! Runs the lines of a table, each in its own process, and prints it.

use std::error::Error;
use std::fmt::Write;
use std::process::{Command, Stdio};

use crate::plan::Plan;

/// The argument that makes this program measure one line.
pub(crate) const ROLE: &str = "--measure";

/// Prints the lines up to `largest`, and returns them as CSV.
pub(crate) fn print(plan: &Plan, largest: usize) -> Result<String, Box<dyn Error>> {
    let mut record = String::new();
    println!("\n{}", plan.title);
    print!("{:<16} {:>9}", "", "");
    for column in plan.columns {
        print!("  {column:>8}");
    }
    println!();
    for contender in plan.contenders {
        let mut lines = Vec::new();
        for size in plan.sizes.iter().filter(|size| **size <= largest) {
            let figures = line(plan, contender, *size)?;
            print!("{contender:<16} {size:>9}");
            for (column, figure) in plan.columns.iter().zip(&figures) {
                print!("  {figure:>0$.0}", column.len().max(8));
                writeln!(
                    record,
                    "\"{}\",\"{contender}\",{size},\"{column}\",{figure:.1}",
                    plan.title
                )?;
            }
            println!();
            lines.push(figures);
        }
        if let (true, [first, .., last]) = (plan.flat, &lines[..]) {
            print!("{contender:<16} {:>9}", "growth");
            for (column, (first, last)) in plan.columns.iter().zip(first.iter().zip(last)) {
                print!("  {:>1$.2}", last / first, column.len().max(8));
            }
            println!();
        }
    }
    Ok(record)
}

fn line(plan: &Plan, contender: &str, size: usize) -> Result<Vec<f64>, Box<dyn Error>> {
    let child = Command::new(std::env::current_exe()?)
        .args([ROLE, plan.what, contender, &size.to_string()])
        .stderr(Stdio::inherit())
        .output()?;
    let said = String::from_utf8(child.stdout)?;
    let figures = said
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<Vec<_>, _>>()?;
    if figures.len() == plan.columns.len() && child.status.success() {
        Ok(figures)
    } else {
        Err(format!("{}: {contender} {size} failed", plan.title).into())
    }
}

/// A line, as its process prints it.
pub(crate) fn words(figures: &[f64]) -> String {
    let words = figures.iter().map(f64::to_string).collect::<Vec<_>>();
    words.join(" ")
}
