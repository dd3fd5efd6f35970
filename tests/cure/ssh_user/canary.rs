//! No shell ever reads an unquoted word that others wrote: if one did, a file would appear.

use super::scene::Scene;
use crate::support::{BastionOptions, Kind, Need, stitch_pg, world};

/// What makes a shell do something, should it get to read it.
const PIECES: [&str; 20] = [
    "$(touch /canary)",
    "`touch /canary`",
    ";touch /canary;",
    "';touch /canary;'",
    "\";touch /canary;\"",
    "\ntouch /canary\n",
    "|touch /canary",
    "&touch /canary&",
    "$(touch${IFS}/canary)",
    ">/canary",
    "\\",
    "'",
    "\"",
    "-s",
    "--",
    "*",
    "~root",
    "a",
    "..",
    "\u{e9}",
];

/// Words of one to three pieces, the same in every run.
fn words(count: usize) -> Vec<String> {
    let mut state: u64 = 88_172_645_463_325_252;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).expect("small")
    };
    (0..count)
        .map(|_| (0..=next(3)).map(|_| PIECES[next(PIECES.len())]).collect())
        .collect()
}

#[test]
fn settings_stay_words() {
    for kind in [Kind::Debian, Kind::BusyBox] {
        let Some(world) = world(&[Need::Bastion, Need::BusyBox]) else {
            return;
        };
        let scene = Scene::new(&world, BastionOptions::new().kind(kind));
        let key = scene.public();
        let mut scripts = Vec::new();
        for word in PIECES.iter().map(|piece| (*piece).to_owned()).chain(words(40)) {
            for (user, comment, host, shell) in [
                (word.as_str(), "c", "db", "/bin/sh"),
                ("stitch", word.as_str(), "db", "/bin/sh"),
                ("stitch", "c", word.as_str(), "/bin/sh"),
                ("stitch", "c", "db", word.as_str()),
            ] {
                let printed = stitch_pg(&scene.ops)
                    .args([
                        "script",
                        "--for",
                        "sysadmin",
                        "--only",
                        "ssh-user",
                        "--no-input",
                        "--bastion",
                        "root@x",
                    ])
                    .arg(format!("--tunnel-user={user}"))
                    .arg(format!("--public-key={key} {comment}"))
                    .arg(format!("--stitch-host={host}"))
                    .arg(format!("--shell={shell}"))
                    .args(["--key-options", "permitopen,no-command"])
                    .run();
                match printed.status {
                    Some(0) => scripts.push(printed.stdout),
                    status => assert_eq!(status, Some(2), "{word:?}: {printed:#?}"),
                }
            }
        }
        scripts.sort_unstable();
        scripts.dedup();
        assert!(scripts.len() > 10, "only {} were accepted", scripts.len());
        for script in scripts {
            // Some fail, as they should: there is no such shell. None does anything else.
            let ran = scene.world.try_sh("on bastion sh", &[], script.as_bytes());
            let canary = scene
                .bastion
                .run("ls /canary /home/*/canary /root/canary 2>/dev/null || :");
            assert_eq!(canary, "", "{script}\n{ran:#?}");
        }
    }
}

/// What stands on the server is as foreign as what is typed.
#[test]
fn what_the_server_says_stays_words() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    let home = "/home/a b $(touch /canary) `touch /canary`; touch /canary";
    scene.bastion.run(&format!(
        "useradd -m -p '*' -d '{home}' -c '$(touch /canary)' stitch; chmod 755 '{home}'"
    ));
    let file = scene.bastion.outside(format!("{home}/.ssh/authorized_keys"));
    std::fs::create_dir(file.parent().expect("it has one")).expect("made");
    let lines: Vec<String> = PIECES
        .iter()
        .chain(&["*", "-n", "-e x", "%s", "\\c", "$0"])
        .flat_map(|piece| piece.split('\n').map(|line| format!("# {line}")).collect::<Vec<_>>())
        .collect();
    let text = lines.join("\n") + "\n";
    std::fs::write(&file, &text).expect("written");
    scene.bastion.run(&format!(
        "chown -R stitch: '{home}'; chmod 700 '{home}/.ssh'; chmod 600 '{home}/.ssh/authorized_keys'"
    ));
    scene.is_cured("stitch", "install Stitch's key");
    let after = std::fs::read_to_string(&file).expect("readable");
    assert!(after.starts_with(&text), "{after}");
    assert_eq!(scene.bastion.run("ls /canary 2>/dev/null || :"), "");
}
