//! What the documents name is there.

use std::fs;

use crate::tree::{files, root};

fn document(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The tests that are named in ARCHITECTURE.md, in the threat model and beside
/// the guarantees exist.
#[test]
fn the_tests_that_are_named_exist() {
    let sources: Vec<_> = ["tests", "crates", "fuzz"]
        .iter()
        .flat_map(|folder| files(&root().join(folder)))
        .collect();
    for (path, least) in [
        ("ARCHITECTURE.md", 15),
        ("docs/threat-model.md", 15),
        ("docs/guarantees.md", 20),
    ] {
        let text = document(path);
        let is_word = |c: char| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit();
        let names: Vec<_> = text
            .split(|c| !is_word(c))
            .filter(|word| word.matches('_').count() >= 3)
            .collect();
        assert!(names.len() > least, "{path} names no tests any more");
        for name in names {
            let function = format!("fn {name}(");
            let exists = sources.iter().any(|(_, source)| source.contains(&function));
            assert!(exists, "{path}: no test is called {name}");
        }
    }
}

/// Each of the thirty has a row, and each row says all there is to say, or that
/// it was not shown.
#[test]
fn every_guarantee_has_a_whole_row() {
    let text = document("docs/guarantees.md");
    for number in 1..=30 {
        let start = format!("| F{number} |");
        let rows: Vec<_> = text.lines().filter(|row| row.starts_with(&start)).collect();
        let [row] = rows[..] else {
            panic!("F{number} has {} rows", rows.len());
        };
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [_, promise, input, measured, shown_by] = cells[..] else {
            panic!("a number, a promise, an input, a figure and a command: {row}");
        };
        for cell in [promise, input, measured, shown_by] {
            assert!(!cell.is_empty() && !cell.contains('@'), "{row}");
        }
        assert!(shown_by.contains('`'), "F{number}: which command?");
        let not_shown = measured.contains("**not shown yet**");
        assert!(
            not_shown || measured.contains(char::is_numeric),
            "F{number}: no figure"
        );
    }
}
