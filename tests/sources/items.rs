//! The sources of this repository, as far as errors go. They are formatted by
//! rustfmt: items begin at the left edge, variants four spaces in.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::tree::{files, root};

/// A variant of a public enum, or a public struct.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    krate: String,
    /// `Type::Variant` or `Type`.
    path: String,
    pub(crate) doc: String,
}

impl Item {
    /// Its crate and its path, as in `produced.txt`.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.krate, self.path)
    }

    /// Its crate and its type.
    pub(crate) fn owner(&self) -> String {
        let owner = self.path.split("::").next().unwrap_or_default();
        format!("{} {owner}", self.krate)
    }
}

pub(crate) struct Sources(Vec<(PathBuf, String)>);

impl Sources {
    pub(crate) fn read() -> Self {
        let mut all = [files(&root().join("crates")), files(&root().join("tests"))].concat();
        for (path, _) in &mut all {
            *path = path.strip_prefix(root()).unwrap().to_owned();
        }
        Self(all)
    }

    /// What crates are made of, with the name of the crate.
    fn of_crates(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(path, text)| {
            let mut parts = path.iter().filter_map(|part| part.to_str());
            let (first, krate, third) = (parts.next()?, parts.next()?, parts.next()?);
            ((first, third) == ("crates", "src")).then_some((krate, &**text))
        })
    }

    /// The variants of all public enums.
    pub(crate) fn variants(&self) -> Vec<Item> {
        let mut found = Vec::new();
        for (krate, text) in self.of_crates() {
            let mut owner = None;
            let mut doc = String::new();
            for line in text.lines() {
                if let Some(rest) = line.strip_prefix("pub enum ") {
                    // One that is empty ends where it begins.
                    owner = Some(word(rest));
                    doc.clear();
                    if rest.ends_with('}') {
                        found.push(item(krate, owner.take().unwrap_or_default(), &mut doc));
                    }
                } else if line == "}" {
                    owner = None;
                } else if let Some(said) = line.strip_prefix("    /// ") {
                    doc = doc + said + " ";
                } else if let (Some(owner), Some(rest)) = (owner, line.strip_prefix("    ")) {
                    if rest.starts_with(|first: char| first.is_uppercase()) {
                        let path = format!("{owner}::{}", word(rest));
                        found.push(item(krate, &path, &mut doc));
                    }
                }
            }
        }
        found
    }

    /// The public structs that implement `Error`.
    pub(crate) fn error_structs(&self) -> Vec<Item> {
        let mut errors = BTreeSet::new();
        for (krate, text) in self.of_crates() {
            let lines = text.lines().filter(|line| line.starts_with("impl"));
            let names = lines.filter_map(|line| line.split_once("Error for "));
            errors.extend(names.map(|(_, name)| (krate, word(name))));
        }
        let mut found = Vec::new();
        for (krate, text) in self.of_crates() {
            let mut doc = String::new();
            for line in text.lines() {
                if let Some(said) = line.strip_prefix("/// ") {
                    doc = doc + said + " ";
                } else if let Some(rest) = line.strip_prefix("pub struct ") {
                    if errors.contains(&(krate, word(rest))) {
                        found.push(item(krate, word(rest), &mut doc));
                    }
                } else if !line.starts_with(['#', '/']) {
                    doc.clear();
                }
            }
        }
        found
    }

    /// The text of a test, from its name to its end.
    pub(crate) fn test(&self, file: &str, name: &str) -> Option<&str> {
        let (_, text) = self.0.iter().find(|(path, _)| path == Path::new(file))?;
        let start = text.find(&format!("fn {name}("))?;
        let (before, rest) = text.split_at_checked(start)?;
        let (above, this) = before.rsplit_once('\n')?;
        let attribute = above.lines().next_back()?.trim_start();
        let indent = &this[..this.len() - this.trim_start().len()];
        let end = rest.find(&format!("\n{indent}}}"))?;
        let is_test = attribute.starts_with("#[") && attribute.contains("test");
        is_test.then(|| &rest[..end])
    }
}

fn item(krate: &str, path: &str, doc: &mut String) -> Item {
    Item {
        krate: krate.to_owned(),
        path: path.to_owned(),
        doc: std::mem::take(doc),
    }
}

/// The name that a line begins with.
fn word(line: &str) -> &str {
    let end = line.find(|c: char| !c.is_alphanumeric() && c != '_');
    &line[..end.unwrap_or(line.len())]
}
