//! Loads rule files into the server one after the other and compares what it does with what was predicted.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::time::Instant;

use ipnet::IpNet;
use stitch_pg::hba::{Address, Encryption, Name, Networks, Rule, Rules, from_rows};

use crate::hba::generate::{self, CLIENTS, DATABASES, ROLES};
use crate::hba::probe::{Prober, Said};
use crate::hba::server::{PORT, Server};
use crate::support::rng::Rng;

const SEED: u64 = 20_261_122;
const LOGINS_PER_FILE: usize = 10;
const THREADS: usize = 4;

/// A login to try.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Login {
    /// None: the Unix socket.
    pub(crate) tcp: Option<(IpAddr, Encryption)>,
    pub(crate) database: &'static str,
    pub(crate) role: &'static str,
}

/// What was tried, for the record.
#[derive(Debug, Default)]
struct Count {
    files: u32,
    /// Files with a line the server refuses, and we too.
    broken: u32,
    /// Files with quotes that the view loses.
    lossy: u32,
    logins: usize,
    /// Logins by the server's answer.
    said: BTreeMap<String, usize>,
    /// Logins for which the view leaves more than one answer open.
    uncertain: usize,
    /// The same from the text alone, without the server's networks and regular expressions.
    uncertain_from_text: usize,
    /// Logins for which the view misleads, because of lost quotes.
    explained: usize,
}

pub(crate) fn run(socket_dir: &Path, files: u32) {
    let began = Instant::now();
    let server = Server::new(socket_dir);
    let prober = Prober::new(PORT, socket_dir);
    let seed = SEED + u64::from(server.version / 10_000);
    println!("PostgreSQL {}: {files} files, seed {seed}", server.version);
    let mut count = Count::default();
    for number in 0..files {
        let mut rng = Rng::new(seed * 1_000_000 + u64::from(number));
        one_file(&server, &prober, &mut rng, number, &mut count);
    }
    println!("{count:#?} in {:.1} s", began.elapsed().as_secs_f64());
}

fn one_file(server: &Server, prober: &Prober, rng: &mut Rng, number: u32, count: &mut Count) {
    let marker = format!("host marker{number} marker 127.0.0.1/32 trust\nhost all marker 127.0.0.1/32 reject\n");
    let text = generate::file(rng, server.version / 10_000, &marker);
    std::fs::write(&server.hba, &text).expect("the file is ours");
    let seen = server.look();
    let from_view = from_rows(seen.rules, server.version);
    let from_text = server.read(&text);
    count.files += 1;
    let lossy = compare_readings(&from_text, &from_view, &text);
    count.lossy += u32::from(lossy);
    if from_view.broken().next().is_some() {
        count.broken += 1;
        return;
    }
    server.load(prober, number);
    // Logins that no rule is for are tried as well, but most of them are alike.
    let mut logins: Vec<Login> = (0..LOGINS_PER_FILE * 6).map(|_| login(rng)).collect();
    logins.sort_by_cached_key(|login| {
        server.predict(&from_text, login, &seen.regexes, Networks::Known(&interfaces())) == [Said::NoEntry]
    });
    logins.rotate_right(LOGINS_PER_FILE / 5);
    logins.truncate(LOGINS_PER_FILE);
    for (login, said) in logins.iter().zip(try_all(prober, &logins)) {
        count.logins += 1;
        *count.said.entry(format!("{said:?}")).or_default() += 1;
        let view = server.predict(&from_view, login, &seen.regexes, Networks::Known(&interfaces()));
        let file = server.predict(&from_text, login, &seen.regexes, Networks::Known(&interfaces()));
        let blind = server.predict(&from_text, login, &[], Networks::Unknown);
        let story = || {
            format!(
                "file {number}, {login:?}: the server said {said:?}\n{text}\nview: {view:?}\nfile: {file:?}\nblind: {blind:?}"
            )
        };
        count.uncertain += usize::from(view.len() > 1);
        count.uncertain_from_text += usize::from(blind.len() > 1);
        assert!(file.contains(&said), "wrong from the text: {}", story());
        assert!(blind.contains(&said), "wrong with less known: {}", story());
        if !view.contains(&said) {
            // The view does not distinguish `"all"` from `all`.
            assert!(lossy, "wrong from the view: {}", story());
            count.explained += 1;
        }
    }
}

/// Our reading of the text against the server's. True: quotes were lost in the view that mattered, and nothing else
/// differs.
fn compare_readings(text: &Rules, view: &Rules, source: &str) -> bool {
    let broken = |rules: &Rules| rules.broken().map(|(place, _)| place.number).collect::<Vec<_>>();
    assert_eq!(broken(text), broken(view), "{source}");
    if broken(text).is_empty() {
        assert_eq!(text.0.len(), view.0.len(), "{source}");
        for (ours, theirs) in text.rules().zip(view.rules()) {
            if let (Some(ours), Some(theirs)) = (&ours.place.file, &theirs.place.file) {
                assert_eq!(ours, theirs, "{source}");
            }
            let as_seen = as_the_view_has_it(ours.rule);
            assert_eq!(
                (ours.place.number, &as_seen),
                (theirs.place.number, &without_options(theirs.rule)),
                "{source}"
            );
        }
    }
    text.rules()
        .any(|found| as_the_view_has_it(found.rule) != without_options(found.rule))
}

/// The rule without its quotes.
fn as_the_view_has_it(rule: &Rule) -> Rule {
    let lost = |name: &Name, keywords: &[(&str, Name)]| match name {
        Name::Exact(word) => match keywords.iter().find(|(keyword, _)| keyword == word) {
            Some((_, meaning)) => meaning.clone(),
            None => name.clone(),
        },
        _ => name.clone(),
    };
    let databases = [
        ("all", Name::All),
        ("sameuser", Name::SameUser),
        ("replication", Name::Replication),
    ];
    let roles = [("all", Name::All), ("+loaders", Name::Member("loaders".to_owned()))];
    Rule {
        databases: rule.databases.iter().map(|name| lost(name, &databases)).collect(),
        roles: rule.roles.iter().map(|name| lost(name, &roles)).collect(),
        address: match &rule.address {
            Some(Address::Name(word)) if word == "all" => Some(Address::All),
            Some(Address::Name(word)) if word == "samehost" => Some(Address::SameHost),
            other => other.clone(),
        },
        ..without_options(rule)
    }
}

/// The view adds what a method implies, and both readings agree on what that means.
fn without_options(rule: &Rule) -> Rule {
    Rule {
        options: Vec::new(),
        ..rule.clone()
    }
}

fn try_all(prober: &Prober, logins: &[Login]) -> Vec<Said> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = logins
            .chunks(LOGINS_PER_FILE.div_ceil(THREADS))
            .map(|chunk| scope.spawn(|| chunk.iter().map(|login| attempt(prober, login)).collect::<Vec<_>>()))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("no panic"))
            .collect()
    })
}

fn attempt(prober: &Prober, login: &Login) -> Said {
    match login.tcp {
        None => prober.socket(login.database, login.role),
        Some((from, encryption)) => prober.tcp(from, encryption, login.database, login.role),
    }
}

fn login(rng: &mut Rng) -> Login {
    let from = rng.pick(&CLIENTS).parse().expect("an address");
    let encryption = if rng.percent(50) {
        Encryption::Tls
    } else {
        Encryption::Plain
    };
    Login {
        tcp: (!rng.percent(10)).then_some((from, encryption)),
        database: rng.pick(&DATABASES),
        role: rng.pick(&ROLES),
    }
}

/// The world's interfaces, as its test sets them up.
fn interfaces() -> [IpNet; 5] {
    ["127.0.0.1/8", "10.9.8.7/16", "127.0.0.2/32", "::1/128", "fd00::5/32"].map(|net| net.parse().expect("a network"))
}
