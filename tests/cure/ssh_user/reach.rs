//! A printed fix changes what it is for and nothing else: the whole of what sshd makes of its configuration, for several
//! users, before and after; a second run changes nothing; the undo restores everything.

use std::collections::BTreeSet;

use super::doctor::{FILES, SERVERS, follow};
use super::scene::{Scene, told};
use crate::support::{Bastion, BastionOptions, Need, world};

/// Who is asked about: the settings without a login, then user and address of a login.
const LOGINS: [&str; 7] = [
    "",
    "user=root,host=x,addr=52.23.137.21",
    "user=root,host=x,addr=198.51.100.10",
    "user=other,host=x,addr=52.23.137.21",
    "user=stitch2,host=x,addr=52.23.137.21",
    "user=stitch,host=x,addr=52.23.137.21",
    "user=stitch,host=x,addr=52.204.223.208",
];

/// A folder that nothing includes, with what must not wake up.
const DORMANT: &str = "mkdir -p /etc/ssh/sshd_config.d
    printf 'PasswordAuthentication yes\\nPermitRootLogin yes\\nPermitEmptyPasswords yes\\n' >/etc/ssh/sshd_config.d/50-cloud-init.conf
    printf 'Match User stitch\\n  AllowAgentForwarding yes\\n' >/etc/ssh/sshd_config.d/00-old.conf";

/// What the server's configuration looks like besides: name, and what is done to it. `$1` has the lines that break it.
const LAYOUTS: [(&str, &str); 6] = [
    ("nothing is included", "{DORMANT}; { echo \"$1\"; cat $c; } >/tmp/c; cat /tmp/c >$c"),
    (
        "a folder is included",
        "mkdir -p /etc/ssh/sshd_config.d; printf 'X11Forwarding yes\\nMatch User other\\n  PermitTTY no\\n' >/etc/ssh/sshd_config.d/50-x.conf
         { echo 'Include /etc/ssh/sshd_config.d/*.conf'; echo \"$1\"; cat $c; } >/tmp/c; cat /tmp/c >$c",
    ),
    (
        "what breaks it sorts before ours",
        "mkdir -p /etc/ssh/sshd_config.d; echo \"$1\" >/etc/ssh/sshd_config.d/00-corp.conf
         echo 'X11Forwarding yes' >/etc/ssh/sshd_config.d/99-x.conf
         { echo 'Include /etc/ssh/sshd_config.d/*.conf'; cat $c; } >/tmp/c; cat /tmp/c >$c",
    ),
    (
        "another file is included before",
        "mkdir -p /etc/ssh/sshd_config.d; echo \"$1\" >/etc/ssh/early.conf
         { echo 'Include early.conf /etc/ssh/sshd_config.d/*.conf'; cat $c; } >/tmp/c; cat /tmp/c >$c",
    ),
    (
        "it ends inside a Match block, and is a link",
        "{DORMANT}; { echo \"$1\"; cat $c; echo 'Match User other'; echo '  AllowTcpForwarding no'; echo '  PermitTTY no'; } >/etc/ssh/real
         chmod 640 /etc/ssh/real; ln -sf real $c",
    ),
    (
        "the folder is included behind a Match block",
        "{DORMANT}; rm /etc/ssh/sshd_config.d/50*
         { echo \"$1\"; cat $c; echo 'Match User other'; echo '  Banner none'; echo 'Match all'; echo 'Include sshd_config.d/*.conf'; } >/tmp/c; cat /tmp/c >$c",
    ),
];

/// Each line of the settings, with the login it is for.
fn effective(bastion: &Bastion<'_>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for login in LOGINS {
        let told = if login.is_empty() {
            // A server with Match LocalPort does not say without one.
            bastion.run("sshd -T || :")
        } else {
            bastion.run(&format!("sshd -T -C {login},laddr=127.0.0.1,lport=22"))
        };
        all.extend(told.lines().map(|line| format!("{login}: {line}")));
    }
    all
}

/// The files of the configuration: names, kinds, modes, owners, contents.
fn files(bastion: &Bastion<'_>) -> String {
    bastion.run(
        "cd /etc/ssh; find . ! -type d | LC_ALL=C sort | while read -r f; do stat -c '%n %F %a %U' $f; cat $f; done",
    )
}

/// What differs: the logins and keywords.
fn touched<'a>(before: &'a BTreeSet<String>, after: &'a BTreeSet<String>) -> BTreeSet<(&'a str, &'a str)> {
    before
        .symmetric_difference(after)
        .map(|line| {
            let (login, setting) = line.split_once(": ").expect("a login");
            (login, setting.split(' ').next().expect("a keyword"))
        })
        .collect()
}

/// Which keywords the fix of a code may change.
fn is_meant(code: &str, lines: &str, keyword: &str) -> bool {
    let keywords: &[&str] = match code {
        "ssh-not-allowed" if lines.contains("RevokedKeys") => &["revokedkeys"],
        "ssh-not-allowed" => &["allowusers", "denyusers", "allowgroups", "denygroups"],
        "ssh-key-login-off" => &["pubkeyauthentication"],
        "ssh-second-factor" => &["authenticationmethods"],
        "ssh-authorized-keys-elsewhere" | "ssh-keys-from-command" | "ssh-certificates-only" => &["authorizedkeysfile"],
        "ssh-key-type-refused" => &["pubkeyacceptedalgorithms"],
        "ssh-key-too-short" => &["requiredrsasize"],
        "ssh-chroot" => &["chrootdirectory"],
        // It switches off what it would otherwise let in as well.
        "ssh-forwarding-off" if lines.contains("DisableForwarding") => &[
            "disableforwarding",
            "allowtcpforwarding",
            "allowagentforwarding",
            "allowstreamlocalforwarding",
            "permittunnel",
            "x11forwarding",
        ],
        "ssh-forwarding-off" => &["allowtcpforwarding"],
        "ssh-forwarding-restricted" => &["permitopen"],
        "ssh-stream-local-forwarding" => &["allowstreamlocalforwarding", "permitlisten"],
        "ssh-no-sessions" => &["maxsessions"],
        "ssh-max-startups" => &["maxstartups"],
        _ => &[],
    };
    keywords.contains(&keyword)
}

/// Starts the server with the lines that break it, arranged that way; the lines as they stand there.
fn arranged(scene: &mut Scene<'_>, lines: &str, arrange: &str) -> String {
    let broken = match lines.strip_prefix("MATCH ") {
        Some(lines) => format!("Match User stitch\n{lines}\nMatch all"),
        None if lines.starts_with("Match ") => format!("{lines}\nMatch all"),
        None => lines.to_owned(),
    };
    scene.bastion.stop();
    scene
        .bastion
        .run("cd /etc/ssh; rm -rf sshd_config.d stitch-pg-* early.conf real sshd_config");
    let clean = scene.plain_options();
    scene
        .bastion
        .restart(|_| clean.config("PasswordAuthentication no\nPermitRootLogin prohibit-password"));
    let arrange = arrange.replace("{DORMANT}", DORMANT);
    let script = format!("set -- '{broken}'; c=/etc/ssh/sshd_config\n{arrange}\nsshd -t");
    scene.bastion.run(&script);
    broken
}

/// Breaks the server that way, runs the printed fix, and compares everything.
#[track_caller]
fn reaches_no_further(scene: &mut Scene<'_>, lines: &str, code: &str, layout: (&str, &str)) {
    let (name, arrange) = layout;
    let broken = arranged(scene, lines, arrange);
    let case = format!("{broken:?}, {name}");
    let (before, at_first) = (effective(&scene.bastion), files(&scene.bastion));
    let advice = scene.check("stitch").advice(code);

    follow(&scene.bastion, &advice);
    let after = effective(&scene.bastion);
    let touched = touched(&before, &after);
    assert!(!touched.is_empty(), "{case}: nothing changed\n{advice}");
    for (login, keyword) in touched {
        let for_all = code == "ssh-max-startups";
        assert!(
            is_meant(code, lines, keyword) && (for_all || login.starts_with("user=stitch,")),
            "{case}: {keyword} changed for {login:?}\n{advice}"
        );
    }
    let cured = files(&scene.bastion);
    let seen = scene.check_when_up("stitch");
    assert_eq!(
        (seen.status, seen.verdict(code)),
        (Some(0), None),
        "{case}: {seen:#?}\n{advice}"
    );

    follow(&scene.bastion, &advice);
    assert_eq!(
        files(&scene.bastion),
        cured,
        "{case}: a second run changes something\n{advice}"
    );
    if let Some((_, back)) = advice
        .split_once("# to undo it: ")
        .filter(|(_, back)| !back.starts_with("write "))
    {
        scene.bastion.run(back);
        assert_eq!(files(&scene.bastion), at_first, "{case}: the way back\n{advice}");
    }
}

#[test]
fn a_printed_cure_changes_what_it_is_for() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let mut scene = Scene::new(&world, BastionOptions::new());
    for user in ["stitch", "stitch2", "other"] {
        scene.has_working(user);
    }
    scene.bastion.run(FILES);
    let cases = SERVERS
        .into_iter()
        .enumerate()
        .map(|(at, (lines, code, _))| (lines, code, LAYOUTS[at % LAYOUTS.len()]));
    // The most common one, in every layout.
    let common = LAYOUTS.map(|layout| ("MATCH AllowTcpForwarding no", "ssh-forwarding-off", layout));
    let everybody = LAYOUTS.map(|layout| ("AllowTcpForwarding no", "ssh-forwarding-off", layout));
    for (lines, code, layout) in cases.chain(common).chain(everybody) {
        reaches_no_further(&mut scene, lines, code, layout);
    }
}

/// Unix sockets: what setup changes itself, and what it leaves to root, change nothing else. Both ways back are exact.
#[test]
fn closing_unix_sockets_changes_what_it_is_for() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let mut scene = Scene::new(&world, BastionOptions::new());
    for user in ["stitch", "stitch2", "other"] {
        scene.has_working(user);
    }
    let code = "ssh-stream-local-forwarding";
    let mut made = Vec::new();
    for (name, arrange) in LAYOUTS {
        for lines in ["AllowStreamLocalForwarding yes", "MATCH AllowStreamLocalForwarding all"] {
            let case = format!("{lines}, {name}");
            arranged(&mut scene, lines, arrange);
            let (before, at_first) = (effective(&scene.bastion), files(&scene.bastion));
            let planned = scene.check("stitch");
            if planned.verdict(code).is_some() {
                assert_eq!(
                    (planned.status, planned.verdict(code)),
                    (Some(4), Some("bad")),
                    "{case}: {planned:#?}"
                );
                reaches_no_further(&mut scene, lines, code, (name, arrange));
                continue;
            }
            assert_eq!(
                (planned.status, planned.changes().len()),
                (Some(3), 1),
                "{case}: {planned:#?}"
            );
            made.push(name);
            let undo = "/run/world/tmp/sockets-undo.sh";
            let setup = scene.program("setup", "root", "stitch").args(["--yes", "--undo", undo]);
            let setup = told(&setup);
            assert_eq!(setup.status, Some(0), "{case}: {setup:#?}");
            let after = effective(&scene.bastion);
            for (login, keyword) in touched(&before, &after) {
                assert!(
                    is_meant(code, lines, keyword) && login.starts_with("user=stitch,"),
                    "{case}: {keyword} changed for {login:?}"
                );
            }
            assert_eq!(
                touched(&before, &after).len(),
                4,
                "{case}: two for each of Stitch's addresses"
            );
            assert_eq!(scene.check_when_up("stitch").report["result"], "ready", "{case}");
            world.sh_with("on ops sh \"$1\" && rm \"$1\"", &[undo], b"");
            assert_eq!(files(&scene.bastion), at_first, "{case}: the way back");
            scene.check_when_up("stitch");
        }
    }
    made.dedup();
    let served = [
        "a folder is included",
        "what breaks it sorts before ours",
        "another file is included before",
    ];
    assert_eq!(made, served, "where a file of ours is read before every Match");
}

/// A configuration that sshd refuses as a whole is not touched, and no file is left in it. The account of another user is not
/// changed, and others' keys are not narrowed.
#[test]
fn unix_sockets_of_others_stay() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let lines = "Include /etc/ssh/sshd_config.d/*.conf\nAllowStreamLocalForwarding yes";
    let mut scene = Scene::new(&world, BastionOptions::new().config(lines));
    scene.bastion.run("mkdir -p /etc/ssh/sshd_config.d");
    for user in ["stitch", "foreign"] {
        scene.has_working(user);
    }
    // Another user's key beside Stitch's: reported, not changed.
    scene
        .bastion
        .run("ssh-keygen -q -t ed25519 -N '' -f /tmp/k; cat /tmp/k.pub >>~stitch/.ssh/authorized_keys");
    let shared = scene.setup("stitch");
    assert_eq!(
        (shared.verdict("ssh-stream-local-forwarding"), shared.changes().len()),
        (Some("unknown"), 0),
        "{shared:#?}"
    );
    // Another's account altogether.
    scene
        .bastion
        .run("cat /tmp/k.pub >~foreign/.ssh/authorized_keys; echo foreign:secret | chpasswd");
    let foreign = scene.setup("foreign");
    assert_eq!(foreign.verdict("ssh-user-in-use"), Some("bad"), "{foreign:#?}");
    assert_eq!(foreign.verdict("ssh-stream-local-forwarding"), None, "{foreign:#?}");
    assert_eq!(scene.bastion.run("ls -A /etc/ssh/sshd_config.d"), "");
    // Others may write to the folder: root puts nothing there.
    scene
        .bastion
        .run("sed -i '$d' ~stitch/.ssh/authorized_keys; chmod o+w /etc/ssh/sshd_config.d");
    let unsafe_folder = scene.setup("stitch");
    assert_eq!(
        (
            unsafe_folder.status,
            unsafe_folder.verdict("ssh-stream-local-forwarding")
        ),
        (Some(4), Some("bad")),
        "{unsafe_folder:#?}"
    );
    scene.bastion.run("chmod o-w /etc/ssh/sshd_config.d");
    // remove takes the file with it, and its undo brings it again.
    let options = scene.plain_options();
    scene.bastion.stop();
    scene.bastion.restart(|_| options);
    let made = scene.setup("stitch");
    assert_eq!(made.status, Some(0), "{made:#?}");
    let file = "00-stitch-pg-stitch-allowstreamlocalforwarding.conf\n";
    assert_eq!(scene.bastion.run("ls -A /etc/ssh/sshd_config.d"), file);
    scene.check_when_up("stitch");
    let undo = "/run/world/tmp/remove-undo.sh";
    let remove = scene
        .program("remove", "root", "stitch")
        .args(["--yes", "--undo", undo]);
    let removed = told(&remove);
    assert_eq!(removed.status, Some(0), "{removed:#?}");
    assert_eq!(scene.bastion.run("ls -A /etc/ssh/sshd_config.d"), "");
    scene.check_when_up("other");
    world.sh_with("on ops sh \"$1\"", &[undo], b"");
    assert_eq!(scene.bastion.run("ls -A /etc/ssh/sshd_config.d"), file);
}

/// The configuration is broken in another place: the fix removes itself again, and sshd gets no signal to read it.
#[test]
fn a_cure_that_sshd_refuses_leaves_nothing() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let mut scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    for include in ["", "Include /etc/ssh/sshd_config.d/*.conf\n"] {
        for lines in [
            "Match User stitch\nAllowTcpForwarding no\nMatch all",
            "MaxStartups 2:50:10",
        ] {
            scene.bastion.stop();
            scene
                .bastion
                .run("cd /etc/ssh; rm -rf sshd_config.d stitch-pg-*; mkdir sshd_config.d");
            let clean = scene.plain_options();
            scene.bastion.restart(|_| clean.config(&format!("{include}{lines}")));
            let seen = scene.check("stitch");
            let code = if lines.starts_with("Max") {
                "ssh-max-startups"
            } else {
                "ssh-forwarding-off"
            };
            let advice = seen.advice(code);
            scene.bastion.run("echo Bogus yes >>/etc/ssh/sshd_config");
            let (before, pid) = (files(&scene.bastion), scene.bastion.run("cat /run/sshd.pid"));
            let (_, script) = advice.split_once("as root on the SSH server:").expect("commands");
            let ran = scene.bastion.try_run(script.trim());
            assert!(
                !ran.success() && ran.stderr.contains("nothing was changed"),
                "{ran:#?}\n{advice}"
            );
            assert_eq!(files(&scene.bastion), before, "{advice}");
            assert_eq!(
                scene.bastion.run("cat /run/sshd.pid; kill -0 $(cat /run/sshd.pid)"),
                pid,
                "it runs"
            );
        }
    }
}

/// Without a file that holds its number, the printed command knows the server by its start too, and is of none of its logins: a
/// number alone may be another program's when the advice is followed.
#[test]
fn a_reload_reaches_the_server_that_was_seen() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let options = BastionOptions::new()
        .config("PidFile none")
        .config("AllowTcpForwarding no");
    let scene = Scene::new(&world, options);
    scene.has_working("stitch");
    let seen = scene.check("stitch");
    let advice = seen.advice("ssh-forwarding-off");
    assert!(advice.contains("then kill -HUP "), "{advice}");
    let (_, script) = advice.split_once("as root on the SSH server:").expect("commands");
    // As when another process has the number by now.
    let started = "-f 20)\" = ";
    assert!(script.contains(started), "{script}");
    let late = scene
        .bastion
        .try_run(&script.trim().replace(started, &format!("{started}9")));
    assert!(late.stderr.contains("nothing was reloaded"), "{late:#?}");
    let in_time = scene.bastion.try_run(script.trim());
    assert!(in_time.success() && in_time.stderr.is_empty(), "{in_time:#?}");
    let again = scene.check_when_up("stitch");
    assert_eq!(again.verdict("ssh-forwarding-off"), None, "{again:#?}");
}

/// Beside the loopback address, one more; and that one only.
#[test]
fn one_more_address_to_listen_on() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new().config("ListenAddress 127.0.0.1"));
    scene.has_working("stitch");
    std::fs::copy(
        crate::support::STITCH_PG,
        scene.bastion.outside("/usr/local/bin/stitch-pg"),
    )
    .expect("copied");
    std::fs::copy(
        world.outside("/run/world/tmp/stitch.pub"),
        scene.bastion.outside("/root/stitch.pub"),
    )
    .expect("copied");
    let check = "set +e; stitch-pg check --only ssh-user --no-input --format json --bastion local \
        --stitch-bastion-host gate.example --allow-cidr 52.23.137.21 --public-key-file /root/stitch.pub";
    let told = crate::support::json::report(&scene.bastion.run(&format!("{check}; :")));
    let steps = told["steps"].as_array().expect("steps");
    let step = steps.iter().find(|step| step["step"] == "ssh-user").expect("the step");
    let findings = step["findings"].as_array().expect("findings");
    let finding = findings.iter().find(|finding| finding["code"] == "ssh-not-listening");
    let advice = finding.unwrap_or_else(|| panic!("{told:#}"))["advice"]
        .as_str()
        .expect("advice");
    // Without a route there is no address to name.
    let (_, script) = advice.split_once("as root on the SSH server:").expect("commands");
    let before = files(&scene.bastion);
    assert!(!scene.bastion.try_run(script.trim()).success(), "{advice}");
    assert_eq!(files(&scene.bastion), before);

    scene.bastion.run("ip route add default via 198.51.100.10");
    let settings = effective(&scene.bastion);
    for _ in 0..2 {
        follow(&scene.bastion, advice);
        let after = effective(&scene.bastion);
        let added: Vec<&String> = after
            .difference(&settings)
            .filter(|line| line.starts_with(": "))
            .collect();
        assert_eq!(added, [": listenaddress 198.51.100.20:22"], "{advice}");
        assert!(settings.is_subset(&after), "{advice}");
    }
}
