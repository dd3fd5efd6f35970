//! Every parser takes anything: the fuzzer's seeds, and thousands of texts made of them. What libFuzzer does for as long
//! as it is let, this does for a moment in every run; the targets and the seeds are the same (tests/fuzz).

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::PARSERS;
use crate::settings::ssh_alias::{self, AliasOptions};
use rng::Rng;

#[path = "../support/rng.rs"]
#[expect(dead_code, reason = "the rule files of tests/hba use more of it")]
mod rng;

/// Printed, so that what fails can be made again.
const SEED: u64 = 0x0057_17c4;

/// Texts for each parser besides its seeds.
const MADE: usize = 3_000;

/// What parsers trip over.
const PIECES: [&str; 24] = [
    "\0",
    "\n",
    "\r\n",
    "\"",
    "'",
    "\\",
    ",",
    ":",
    "=",
    "/",
    "%",
    "@",
    "{",
    "[",
    "]",
    "#",
    "*",
    "-1",
    "99999999999999999999",
    "\u{feff}",
    "é",
    "\u{1f600}",
    "::",
    " ",
];

fn seeds(parser: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz/corpus")
        .join(parser);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    files.sort();
    let texts = files.iter().map(|file| fs::read(file).expect("a readable file"));
    texts
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect()
}

/// One of them, changed in a few places: cut, doubled, joined with another, sprinkled.
fn changed(seeds: &[String], rng: &mut Rng) -> String {
    let mut text = seeds[rng.below(seeds.len())].clone();
    for _ in 0..=rng.below(4) {
        let at = boundary(&text, rng.below(text.len() + 1));
        let other = boundary(&text, rng.below(text.len() + 1));
        let (from, to) = (at.min(other), at.max(other));
        match rng.below(6) {
            0 => text.truncate(at),
            1 => drop(text.drain(from..to)),
            2 => {
                let part = text[from..to].to_owned();
                text.insert_str(at, &part);
            }
            3 => text.push_str(&seeds[rng.below(seeds.len())].clone()),
            _ => text.insert_str(at, rng.pick(&PIECES)),
        }
    }
    text.truncate(boundary(&text, 4096));
    text
}

/// The last start of a character up to there.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rfind(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

#[test]
fn parsers_come_back_from_anything() {
    let mut tried = 0;
    let mut rng = Rng::new(SEED);
    for (name, run) in PARSERS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        let made: Vec<String> = (0..MADE).map(|_| changed(&seeds, &mut rng)).collect();
        for text in seeds.iter().chain(&made) {
            let came_back = catch_unwind(AssertUnwindSafe(|| run(text)));
            assert!(came_back.is_ok(), "{name}, seed {SEED:#x}: {text:?}");
            tried += 1;
        }
    }
    println!("{tried} texts for {} parsers, seed {SEED:#x}", PARSERS.len());
}

/// The client's configuration is a file: each text is one.
#[test]
fn an_ssh_configuration_may_hold_anything() {
    let home = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(home.path().join(".ssh")).expect("it is new");
    let options = AliasOptions {
        home: home.path().to_owned(),
        os_user: "ops".to_owned(),
        ..AliasOptions::default()
    };
    let seeds = [
        "Host gate\n HostName 198.51.100.20\n User root\n Port 2222\n IdentityFile ~/.ssh/id_%r\n IdentitiesOnly yes\n",
        "Host *\n ProxyJump a@b:22,c\nMatch host x exec \"touch canary\"\n User y\nInclude other/*\n",
        "Host !gate g*\n ProxyCommand nc %h %p\n HostKeyAlias \"a b\"\n UserKnownHostsFile none\n",
    ]
    .map(str::to_owned);
    let mut rng = Rng::new(SEED);
    for _ in 0..1_500 {
        let text = changed(&seeds, &mut rng);
        fs::write(home.path().join(".ssh/config"), &text).expect("the folder is ours");
        let came_back = catch_unwind(AssertUnwindSafe(|| drop(ssh_alias::resolve("gate", &options))));
        assert!(came_back.is_ok(), "seed {SEED:#x}: {text:?}");
    }
    assert!(!home.path().join("canary").exists() && !Path::new("canary").exists());
}
