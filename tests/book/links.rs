//! Links between pages: the file is there, and so is the heading.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::book::{Page, pages, project};

/// The targets of `[text](target)`, outside of code.
fn targets(text: &str) -> Vec<String> {
    let mut targets = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        for part in prose.split("](").skip(1) {
            targets.extend(part.split(')').next().map(str::to_owned));
        }
    }
    targets
}

/// As GitHub and mdBook make them of headings.
fn anchors(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let words = line.trim_start_matches('#').trim().to_lowercase();
            words
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect()
        })
        .collect()
}

fn resolved(page: &Page, target: &str) -> PathBuf {
    let mut path = PathBuf::new();
    let base = page.path.parent().unwrap_or(Path::new(""));
    for component in base.join(target).components() {
        match component {
            Component::ParentDir => drop(path.pop()),
            other => path.push(other),
        }
    }
    path
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let mut wrong = Vec::new();
    for page in pages() {
        for target in targets(&page.text) {
            if target.starts_with("http") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let path = if file.is_empty() {
                page.path.clone()
            } else {
                resolved(&page, file)
            };
            let there = fs::read_to_string(project().join(&path));
            let holds = there.is_ok_and(|text| anchor.is_empty() || anchors(&text).contains(anchor));
            if !holds {
                wrong.push(format!("{}: {target}", page.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "these lead nowhere: {wrong:#?}");
}

/// The book shows the pages that its summary names, and no others.
#[test]
fn the_summary_names_every_page_once() {
    let all = pages();
    let summary = all
        .iter()
        .find(|page| page.name() == "docs/SUMMARY.md")
        .expect("a summary");
    let named: Vec<PathBuf> = targets(&summary.text)
        .iter()
        .map(|file| resolved(summary, file))
        .collect();
    let mut sorted = named.clone();
    sorted.sort();
    let there: Vec<PathBuf> = all
        .iter()
        .map(|page| page.path.clone())
        .filter(|path| path.starts_with("docs") && *path != summary.path)
        .collect();
    assert_eq!(sorted, there);
}

/// The book is of docs/ alone: what its pages link to outside of it would be a dead link there.
#[test]
fn pages_of_the_book_link_to_the_book() {
    for page in pages().iter().filter(|page| page.path.starts_with("docs")) {
        for target in targets(&page.text) {
            let outside = !target.starts_with("http") && !resolved(page, &target).starts_with("docs");
            assert!(
                target.starts_with('#') || !outside,
                "{}: {target} is outside of docs/",
                page.name()
            );
        }
    }
}
