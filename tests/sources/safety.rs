//! What every crate forbids itself.

use std::fs;
use std::path::PathBuf;

use crate::tree::{core, files, lines_with, root};

/// The folders of all crates, the workspace's own among them.
fn crates() -> Vec<PathBuf> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = "members = [\"crates/*\", \"benches\"]";
    assert!(manifest.contains(members), "there are other members");
    let mut crates = vec![root().to_owned(), root().join("benches")];
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        crates.push(entry.unwrap().path());
    }
    crates
}

#[test]
fn unsafe_code_is_forbidden_in_every_crate() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, lints) = manifest.split_once("[workspace.lints.rust]").unwrap();
    let (lints, _) = lints.split_once("\n[").unwrap();
    assert!(lints.contains("\nunsafe_code = \"forbid\"\n"));
    for folder in crates() {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let inherits = manifest.contains("\n[lints]\nworkspace = true\n");
        assert!(inherits, "{} has lints of its own", folder.display());
    }
}

#[test]
fn nothing_is_unsafe() {
    let mut all = files(root());
    assert!(all.len() > 400, "the repository has moved");
    all.retain(|(path, _)| !path.ends_with(file!()));
    let mut hits = lines_with(&all, &["unsafe"]);
    // What cannot inherit the workspace's lints forbids it by itself.
    hits.retain(|line| !line.ends_with("#![forbid(unsafe_code)]"));
    assert_eq!(hits, [""; 0]);
}

/// The testkit panics by trade, and nothing else that is published may.
#[test]
fn every_library_denies_what_a_peer_could_make_panic() {
    let core = fs::read_to_string(core().join("lib.rs")).unwrap();
    let start = core
        .find("#![cfg_attr(\n    not(test),\n    deny(")
        .unwrap();
    let length = core[start..].find(")]\n").unwrap();
    let denied = &core[start..start + length];
    for lint in [
        "arithmetic_side_effects",
        "expect_used",
        "indexing_slicing",
        "panic",
        "string_slice",
        "unreachable",
        "unwrap_used",
    ] {
        assert!(denied.contains(&format!("clippy::{lint}")), "{lint}");
    }
    for folder in crates() {
        let library = folder.join("src/lib.rs");
        if ["benches", "await-layer-testkit"]
            .iter()
            .any(|name| folder.ends_with(name))
        {
            continue;
        }
        if let Ok(text) = fs::read_to_string(&library) {
            assert!(text.contains(denied), "{}", library.display());
        }
    }
}
