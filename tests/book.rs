//! The pages under docs/: every link leads somewhere, and the commands they show do what the pages say.

mod action;
mod commands;
mod fences;
mod findings;
mod install;
mod links;
mod recording;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

/// One page, by its path from the project's folder.
struct Page {
    path: PathBuf,
    text: String,
}

impl Page {
    fn name(&self) -> String {
        self.path.display().to_string()
    }
}

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// README.md and all of docs/, in order of their names.
fn pages() -> Vec<Page> {
    let mut paths = vec![PathBuf::from("README.md")];
    collect(Path::new("docs"), &mut paths);
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(project().join(&path)).expect("a page is text");
        Page { path, text }
    };
    paths.into_iter().map(read).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(project().join(folder)).expect("a folder of pages") {
        let path = folder.join(entry.expect("a readable folder").file_name());
        if project().join(&path).is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            paths.push(path);
        }
    }
}
