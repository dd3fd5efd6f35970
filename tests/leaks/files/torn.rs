//! An undo file that was cut off runs what is whole of it.

use std::collections::BTreeSet;
use std::fs;

use super::{Kind, put, read, server, without_role};
use crate::support::{Need, world};

/// Stands for psql: writes down what it was to run.
const STUB: &str = "#!/bin/sh\n{ echo \"$*\"; cat; } >>\"$RAN\"\n";

/// Cut off at any byte, as by `kill -9`, an undo file undoes what it says was made, newest first, and nothing else.
#[test]
fn an_undo_file_cut_off_anywhere_runs_no_torn_entry() {
    let Some(world) = world(&[Need::BusyBox]) else {
        return;
    };
    let server = server(&world);
    let made = Kind::Undo.program(&world, &[], "/run/world/tmp/undo.sh").run();
    assert_eq!(made.status, Some(0), "{made:#?}");
    world.sh_with(
        "mkdir /run/world/stub /run/world/cuts; cat >/run/world/stub/psql; chmod 755 /run/world/stub/psql
         mkdir /run/world/bb; tar xf \"$CACHE/busybox.tar\" -C /run/world/bb ./bin/busybox",
        &[],
        STUB.as_bytes(),
    );
    let text = read(&world, "/run/world/tmp/undo.sh").expect("it was made");
    let ends: Vec<usize> = text
        .match_indices("\n{ undo=")
        .map(|(at, _)| at + 1 + text[at + 1..].find('}').expect("it ends") + 1)
        .collect();
    let [first, last] = ends.as_slice() else {
        panic!("two entries: {text}")
    };
    let short = text[..=*last].to_owned();
    let folder = world.outside("/run/world/cuts");
    for at in 0..=short.len() {
        fs::write(folder.join(at.to_string()), &short[..at]).expect("there is room");
    }
    let all: Vec<usize> = (0..*first).step_by(31).chain(*first..=short.len()).collect();
    let mut cuts = 0;
    for shell in ["dash", "bash", "/run/world/bb/bin/busybox ash"] {
        let mut lists = BTreeSet::new();
        for some in all.chunks(100) {
            let script = format!(
                "cd /run/world/cuts; export PATH=/run/world/stub:$PATH RAN; rm -f ran.*
                 for at in {}; do RAN=ran.$at; {shell} $at >said.$at 2>&1 || :; done",
                some.iter().map(usize::to_string).collect::<Vec<_>>().join(" ")
            );
            world.sh(&script);
            for at in some {
                let ran = fs::read_to_string(folder.join(format!("ran.{at}"))).unwrap_or_default();
                let whole = [*first, short.len() - 1].iter().filter(|end| *end <= at).count();
                let torn = &short[at.saturating_sub(60)..*at];
                assert_eq!(
                    ran.matches(" -d ").count(),
                    whole,
                    "{shell}, {at} bytes: {torn:?}\n{ran}"
                );
                lists.insert((whole, ran));
                cuts += 1;
            }
        }
        assert_eq!(
            lists.len(),
            3,
            "{shell}: nothing, one entry, and both, the newest first: {lists:?}"
        );
    }
    println!(
        "{cuts} cuts, {} of them in each shell's last entry",
        short.len() + 1 - first
    );
    // The next run takes the torn end away.
    for cut in (0..text.len()).step_by(text.len() / 12) {
        put(&world, "/run/world/tmp/torn.sh", Some(&text[..cut]));
        without_role(&server);
        let again = Kind::Undo.program(&world, &[], "/run/world/tmp/torn.sh").run();
        assert_eq!(again.status, Some(0), "{cut}: {again:#?}");
        let checked = world.try_sh("dash -n /run/world/tmp/torn.sh", &[], b"");
        assert!(checked.success(), "{cut}: {}", checked.stderr);
    }
}
