//! The OpenSSH of Debian 13 and of what comes after it, whose session is a program of its own and which has settings of its own.

use super::doctor::follow;
use super::scene::{BASTION, Scene, Told, told};
use crate::support::process::{DEADLINE, poll};
use crate::support::sshd::CAROL_PASSWORD;
use crate::support::{BastionOptions, Kind, Need, Program, SshKey, world};

/// As [`super::doctor::SERVERS`].
pub(super) const SERVERS: [(&str, &str, &str); 6] = [
    ("MATCH RefuseConnection yes", "ssh-not-allowed", "bad"),
    ("MATCH AllowTcpForwarding no", "ssh-forwarding-off", "bad"),
    ("AllowUsers root", "ssh-not-allowed", "bad"),
    ("RequiredRSASize 3072", "ssh-key-too-short", "bad"),
    (
        "MATCH UnusedConnectionTimeout 5m",
        "ssh-forwarding-restricted",
        "unknown",
    ),
    (
        "MATCH ChannelTimeout direct-tcpip=5m",
        "ssh-forwarding-restricted",
        "unknown",
    ),
];

/// Every newer Debian in a world of its own.
fn on_each(options: &BastionOptions, test: impl Fn(Scene<'_>)) {
    for kind in Kind::newer() {
        let Some(world) = world(&[Need::Bastion, Need::Debian13]) else {
            return;
        };
        println!("{kind:?}");
        test(Scene::new(&world, options.clone().kind(kind)));
    }
}

#[test]
fn from_nothing_to_ready() {
    on_each(&BastionOptions::new(), |scene| {
        scene.is_cured("stitch", "add the user stitch");
        let by_sudo = told(&scene.program("check", "admin", "stitch"));
        assert_eq!(by_sudo.report["result"], "ready", "{by_sudo:#?}");
    });
}

/// sudo-rs in sudo's place: without a password, with it, and with a wrong one.
#[test]
fn another_sudo() {
    on_each(&BastionOptions::new(), |scene| {
        scene.has_working("stitch");
        scene.bastion.run(
            "for bin in /usr/lib/cargo/bin/sudo /usr/bin/sudo-rs; do [ ! -x $bin ] || found=$bin; done
             cp -p /etc/sudoers /etc/sudoers-rs; ln -sf $found /usr/bin/sudo; sudo --version 2>&1 | grep -q sudo-rs
             printf 'admin ALL=(ALL:ALL) NOPASSWD: ALL\\ncarol ALL=(ALL:ALL) ALL\\n' >/etc/sudoers; chmod 440 /etc/sudoers",
        );
        for (login, password, wanted) in [
            ("admin", "", None),
            ("carol", CAROL_PASSWORD, None),
            ("carol", "wrong", Some("refuses the password of carol")),
        ] {
            let program = scene.program("check", login, "stitch");
            let said = told(&program.env("STITCH_PG_SUDO_PASSWORD", password));
            match wanted {
                None => assert_eq!(said.report["result"], "ready", "{login}: {said:#?}"),
                Some(words) => assert!(said.error().contains(words), "{login}: {}", said.error()),
            }
        }
        let nothing = told(&scene.program("check", "carol", "stitch"));
        assert!(nothing.error().contains("sudo needs a password"), "{}", nothing.error());
        assert!(!scene.bastion.log().contains(CAROL_PASSWORD));
    });
}

/// What newer servers can refuse or cut, each fixed by the printed command.
#[test]
fn their_own_settings() {
    on_each(&BastionOptions::new(), |mut scene| {
        scene.has_working("stitch");
        for (lines, code, verdict) in SERVERS {
            let include = "Include /etc/ssh/sshd_config.d/*.conf\n";
            let config = match lines.strip_prefix("MATCH ") {
                Some(lines) => format!("{include}Match User stitch\n{lines}\nMatch all"),
                None => format!("{include}{lines}"),
            };
            scene.bastion.stop();
            scene.bastion.run("rm -rf /etc/ssh/sshd_config.d");
            let clean = scene.plain_options();
            scene.bastion.restart(|_| clean.config(&config));
            let seen = scene.setup("stitch");
            assert_eq!(seen.verdict(code), Some(verdict), "{lines}: {seen:#?}");
            assert_eq!(scene.tunnel_works("stitch"), verdict != "bad", "{lines}");
            let advice = seen.advice(code);
            let advice = &advice[advice.find("as root on").unwrap_or_default()..];
            follow(&scene.bastion, advice);
            let mended = scene.check_when_up("stitch");
            assert_eq!(
                (mended.status, mended.verdict(code)),
                (Some(0), None),
                "{lines}: {mended:#?}"
            );
            assert!(scene.tunnel_works("stitch"), "{lines}: {}", scene.bastion.log());
        }
    });
}

fn check(scene: &Scene<'_>, identity: &str, more: &[&str]) -> Told {
    let address = format!("root@{BASTION}");
    let program: Program = crate::support::stitch_pg(&scene.ops)
        .args(["check", "--only", "ssh-user", "--format", "json", "--no-input"])
        .args(["--bastion", &address, "--bastion-identity"])
        .arg(format!("/run/world/tmp/{identity}"))
        .args([
            "--public-key-file",
            "/run/world/tmp/stitch.pub",
            "--stitch-host",
            "10.20.0.3",
        ])
        .args(more);
    told(&program)
}

/// After a refused login the server refuses the address for a while, with all users there. The run waits for that.
#[test]
fn an_address_that_is_punished() {
    on_each(
        &BastionOptions::new().config("PerSourcePenalties authfail:8 min:5"),
        |scene| {
            scene.has_working("stitch");
            SshKey::other(&scene.world.outside("/run/world/tmp"));
            for more in [
                &[][..],
                &[
                    "--ssh-command",
                    "ssh",
                    "--known-hosts",
                    "/run/world/home/.ssh/known_hosts",
                ],
            ] {
                let refused = check(&scene, "other", more);
                let words = ["the server refused root", "Permission denied"];
                assert!(
                    words.iter().any(|words| refused.error().contains(words)),
                    "{}",
                    refused.error()
                );
                let named = check(&scene, "ed25519", &[more, &["--timeout", "1"]].concat());
                assert!(named.error().contains("(PerSourcePenalties)"), "{}", named.error());
                let waited = check(&scene, "ed25519", more);
                assert_eq!(waited.status, Some(0), "{more:?}: {waited:#?}");
            }
        },
    );
}

/// A client that does not log in takes the one place that there is.
#[test]
fn a_server_with_one_place() {
    on_each(&BastionOptions::new().config("MaxStartups 1:100:1"), |scene| {
        scene.has_working("stitch");
        let waiting = Program::new("bash", &scene.ops)
            .args([
                "-c",
                &format!("exec 3<>/dev/tcp/{BASTION}/22; head -c 3 <&3; read -r x <&3; sleep 100"),
            ])
            .start();
        let is_there = || scene.bastion.log().contains("Connection from").then_some(());
        poll(DEADLINE, is_there).expect("it is connected");
        for more in [
            &[][..],
            &[
                "--ssh-command",
                "ssh",
                "--known-hosts",
                "/run/world/home/.ssh/known_hosts",
            ],
        ] {
            let named = check(&scene, "ed25519", &[more, &["--timeout", "1"]].concat());
            assert!(named.error().contains("(MaxStartups)"), "{}", named.error());
        }
        waiting.signal("KILL");
        waiting.finish(DEADLINE);
        let ready = check(&scene, "ed25519", &[]);
        assert_eq!(ready.status, Some(0), "{ready:#?}");
    });
}

/// What it does not know is reported: a word of a later server, a `Match` on what is not known before the login.
#[test]
fn settings_that_are_not_understood() {
    on_each(
        &BastionOptions::new().config("Match Host *.example\nAllowTcpForwarding no\nMatch all"),
        |scene| {
            scene.has_working("stitch");
            scene.bastion.run(
            "cp /usr/sbin/sshd /usr/sbin/sshd.real
             printf '#!/bin/sh\\n/usr/sbin/sshd.real \"$@\" || exit\\ncase \"$*\" in *-T*) echo FutureRefusal 7 ;; esac\\n' >/tmp/sshd
             chmod 755 /tmp/sshd; mv /tmp/sshd /usr/sbin/sshd",
        );
            let seen = scene.check("stitch");
            assert_eq!(
                (seen.status, seen.verdict("ssh-settings-unreadable")),
                (Some(0), Some("unknown")),
                "{seen:#?}"
            );
            let text = seen.report.to_string();
            assert!(
                text.contains("FutureRefusal 7") && text.contains("Match Host *.example"),
                "{text}"
            );
        },
    );
}
