//! Circles between files: each path that a file names is followed, through re-exports, to the file that defines the item.
//! A module that only declares and re-exports is therefore in no circle.

use std::collections::{BTreeMap, BTreeSet};

/// A file of `src`, as far as its paths go.
struct Module {
    file: String,
    parent: usize,
    children: BTreeMap<String, usize>,
    /// What `use` binds: a name, and the path that it stands for.
    bound: Vec<(String, Vec<String>)>,
    /// Paths in the code itself.
    named: Vec<Vec<String>>,
}

/// Where a path leads: to a module, or to an item that a file defines.
#[derive(Clone, Copy)]
enum Target {
    Module(usize),
    Item(usize),
}

/// The groups of more than two files that import one another, the largest first, each import as `from -> to (path)`.
pub(super) fn found(files: &[(String, String)]) -> Vec<(Vec<String>, Vec<String>)> {
    let modules = modules(files);
    let imports: Vec<BTreeMap<usize, String>> = (0..modules.len()).map(|from| imports(&modules, from)).collect();
    let reached: Vec<BTreeSet<usize>> = (0..modules.len()).map(|from| reachable(&imports, from)).collect();
    let mut groups = BTreeSet::new();
    for from in 0..modules.len() {
        let group: Vec<usize> = reached[from]
            .iter()
            .copied()
            .filter(|&to| reached[to].contains(&from))
            .collect();
        if group.len() > 2 {
            groups.insert(group);
        }
    }
    let mut found: Vec<_> = groups
        .iter()
        .map(|group| {
            let name = |at: usize| modules[at].file.clone();
            let inside = group.iter().flat_map(|&from| {
                let named = imports[from].iter().filter(|(to, _)| group.contains(to));
                named.map(move |(&to, path)| format!("{} -> {} ({path})", name(from), name(to)))
            });
            (group.iter().map(|&at| name(at)).collect::<Vec<_>>(), inside.collect())
        })
        .collect();
    found.sort_by_key(|(group, _)| std::cmp::Reverse(group.len()));
    found
}

/// The files that a file's imports lead to in the end.
fn reachable(imports: &[BTreeMap<usize, String>], from: usize) -> BTreeSet<usize> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(at) = next.pop() {
        next.extend(imports[at].keys().filter(|&&to| seen.insert(to)));
    }
    seen
}

/// The files that define what a file names, each with one path that leads there.
fn imports(modules: &[Module], from: usize) -> BTreeMap<usize, String> {
    let paths = modules[from].bound.iter().map(|(_, path)| path);
    paths
        .chain(&modules[from].named)
        .filter_map(|path| match follow(modules, from, path, 0)? {
            Target::Item(to) if to != from => Some((to, path.join("::"))),
            _ => None,
        })
        .collect()
}

fn follow(modules: &[Module], from: usize, path: &[String], depth: usize) -> Option<Target> {
    let mut here = from;
    for (at, name) in path.iter().enumerate() {
        let module = &modules[here];
        let bound = module.bound.iter().find(|(bound, _)| bound == name);
        here = match name.as_str() {
            "crate" => 0,
            "super" => module.parent,
            "self" => here,
            _ => match (module.children.get(name), bound) {
                (Some(&child), _) => child,
                (None, Some((_, path))) if depth < 9 => match follow(modules, here, path, depth + 1)? {
                    Target::Module(there) => there,
                    item @ Target::Item(_) => return Some(item),
                },
                _ if at == 0 => return None,
                _ => return Some(Target::Item(here)),
            },
        };
    }
    Some(Target::Module(here))
}

/// The library's files without its tests, `lib.rs` first.
fn modules(files: &[(String, String)]) -> Vec<Module> {
    let is_code = |name: &str| name != "main.rs" && !name.ends_with("tests.rs") && !name.contains("/tests/");
    let mut files: Vec<_> = files.iter().filter(|(name, _)| is_code(name)).collect();
    files.sort_by_key(|(name, _)| (name != "lib.rs", name.clone()));
    let places: BTreeMap<&str, usize> = files
        .iter()
        .enumerate()
        .map(|(at, (name, _))| (name.trim_end_matches(".rs"), at))
        .collect();
    let mut modules: Vec<Module> = files.iter().map(|(name, text)| read(name, text)).collect();
    for (place, &at) in places.iter().filter(|(place, _)| **place != "lib") {
        let (parent, name) = place.rsplit_once('/').unwrap_or(("lib", place));
        modules[at].parent = places[parent];
        modules[places[parent]].children.insert(name.to_owned(), at);
    }
    modules
}

fn read(file: &str, text: &str) -> Module {
    let code = super::code(text);
    let (mut bound, mut rest) = (Vec::new(), String::new());
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let (before, tree) = line.split_once("use ").unwrap_or((line, ""));
        let is_use = !tree.is_empty() && (before.trim().is_empty() || before.trim().starts_with("pub"));
        if !is_use {
            rest.push_str(line);
            rest.push('\n');
            continue;
        }
        let mut tree = tree.to_owned();
        while !tree.contains(';') {
            tree.push_str(lines.next().expect("the end of a use"));
        }
        expand(&[], tree.trim_end_matches(';'), &mut bound);
    }
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == ':';
    let named = rest
        .split(|letter| !is_part(letter))
        .map(|word| word.split("::").map(str::to_owned).collect::<Vec<_>>())
        .filter(|path| path.len() > 1 && !path[0].is_empty())
        .map(|mut path| {
            path.retain(|part| !part.is_empty());
            path
        });
    Module {
        file: file.to_owned(),
        parent: 0,
        children: BTreeMap::new(),
        bound,
        named: named.collect(),
    }
}

/// Each path of a tree behind `use`, with the name that it is bound to.
fn expand(before: &[String], tree: &str, found: &mut Vec<(String, Vec<String>)>) {
    let tree = tree.trim();
    if let Some((head, group)) = tree.split_once('{') {
        let mut path = before.to_vec();
        path.extend(
            head.split("::")
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(str::to_owned),
        );
        let (mut depth, mut one) = (0, String::new());
        for letter in group.chars() {
            match letter {
                ',' if depth == 0 => expand(&path, &std::mem::take(&mut one), found),
                '}' if depth == 0 => break,
                _ => {
                    depth += i32::from(letter == '{') - i32::from(letter == '}');
                    one.push(letter);
                }
            }
        }
        return expand(&path, &one, found);
    }
    if tree.is_empty() {
        return;
    }
    let (tree, alias) = tree.split_once(" as ").unwrap_or((tree, ""));
    let mut path = before.to_vec();
    path.extend(
        tree.split("::")
            .map(|part| part.trim().to_owned())
            .filter(|part| part != "self" || before.is_empty()),
    );
    let name = if alias.is_empty() {
        path.last().cloned().unwrap_or_default()
    } else {
        alias.trim().to_owned()
    };
    found.push((name, path));
}
