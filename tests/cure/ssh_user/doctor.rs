//! What the SSH server's configuration forbids: each has its own code, and the fix that is printed for it works, run as it
//! is. stitch-pg itself never touches that configuration.

use super::scene::Scene;
use crate::support::{Bastion, BastionOptions, Kind, Need, Server, world};

/// Lines of sshd's configuration that break what worked; the code; whether nothing works with them (`bad`) or something
/// may not (`unknown`).
pub(super) const SERVERS: [(&str, &str, &str); 30] = [
    ("AllowUsers root", "ssh-not-allowed", "bad"),
    ("DenyUsers st*", "ssh-not-allowed", "bad"),
    ("AllowGroups sudo root", "ssh-not-allowed", "bad"),
    ("DenyGroups stitch", "ssh-not-allowed", "bad"),
    ("AllowUsers root stitch@203.0.113.0/24", "ssh-not-allowed", "bad"),
    ("MATCH PubkeyAuthentication no", "ssh-key-login-off", "bad"),
    (
        "MATCH AuthenticationMethods publickey,password",
        "ssh-second-factor",
        "bad",
    ),
    (
        "MATCH AuthorizedKeysFile /etc/ssh/keys/%u",
        "ssh-authorized-keys-elsewhere",
        "bad",
    ),
    (
        "MATCH AuthorizedKeysFile %h/keys %%u",
        "ssh-authorized-keys-elsewhere",
        "bad",
    ),
    ("MATCH AuthorizedKeysFile none", "ssh-authorized-keys-elsewhere", "bad"),
    (
        "MATCH AuthorizedKeysFile none\nAuthorizedKeysCommand /bin/true\nAuthorizedKeysCommandUser nobody",
        "ssh-keys-from-command",
        "bad",
    ),
    (
        "MATCH AuthorizedKeysFile none\nTrustedUserCAKeys /etc/ssh/ca",
        "ssh-certificates-only",
        "bad",
    ),
    (
        "MATCH PubkeyAcceptedAlgorithms ssh-ed25519",
        "ssh-key-type-refused",
        "bad",
    ),
    // A client takes the first one that the server names before it knows the user.
    (
        "MATCH PubkeyAcceptedAlgorithms rsa-sha2-256",
        "ssh-key-type-refused",
        "unknown",
    ),
    ("RequiredRSASize 3072", "ssh-key-too-short", "bad"),
    ("MATCH RevokedKeys /etc/ssh/revoked", "ssh-not-allowed", "bad"),
    ("MATCH RevokedKeys /etc/ssh/revoked.krl", "ssh-not-allowed", "bad"),
    ("MATCH RevokedKeys /etc/ssh/no-such-list", "ssh-not-allowed", "bad"),
    ("MATCH ChrootDirectory %h", "ssh-chroot", "bad"),
    ("MATCH ChrootDirectory /home/%u", "ssh-chroot", "bad"),
    ("MATCH AllowTcpForwarding no", "ssh-forwarding-off", "bad"),
    ("MATCH AllowTcpForwarding remote", "ssh-forwarding-off", "bad"),
    ("MATCH DisableForwarding yes", "ssh-forwarding-off", "bad"),
    (
        "MATCH PermitOpen 10.20.0.4:5432 [::1]:5432",
        "ssh-forwarding-restricted",
        "bad",
    ),
    ("MATCH PermitOpen none", "ssh-forwarding-restricted", "bad"),
    ("MATCH MaxSessions 0", "ssh-no-sessions", "unknown"),
    ("MaxStartups 2:50:10", "ssh-max-startups", "unknown"),
    (
        "Match Address 52.23.137.21\nAllowTcpForwarding no",
        "ssh-forwarding-off",
        "bad",
    ),
    (
        "Match LocalAddress 198.51.100.20\nAllowTcpForwarding no",
        "ssh-forwarding-off",
        "bad",
    ),
    (
        "Match LocalPort 22 User stitch\nDisableForwarding yes",
        "ssh-forwarding-off",
        "bad",
    ),
];

/// The files that some of them name: an authority, and lists with Stitch's key.
pub(super) const FILES: &str = "cd /etc/ssh; ssh-keygen -q -t ed25519 -N '' -f ca-key; mv ca-key.pub ca
    sed 's/^[^ ]* ssh/ssh/' ~stitch/.ssh/authorized_keys >revoked; ssh-keygen -q -k -f revoked.krl revoked";

/// The fix as it is printed, run as root.
#[track_caller]
pub(super) fn follow(bastion: &Bastion<'_>, advice: &str) {
    let commands = advice
        .split_once("as root on the SSH server:")
        .unwrap_or_else(|| panic!("no command in {advice:?}"))
        .1;
    let ran = bastion.try_run(&format!("exec 2>&1; {}", commands.trim()));
    assert!(ran.success(), "{advice}\n{ran:#?}");
}

#[test]
fn the_printed_cure_mends_each() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let mut scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    scene.bastion.run(FILES);
    for (at, (lines, code, verdict)) in SERVERS.into_iter().enumerate() {
        // Some servers have a folder for more files, and some have not.
        let include = if at % 2 == 0 {
            ""
        } else {
            "Include /etc/ssh/sshd_config.d/*.conf\n"
        };
        // Only for Stitch's user where that is possible: root must still get in to look.
        let config = match lines.strip_prefix("MATCH ") {
            Some(lines) => format!("{include}Match User stitch\n{lines}\nMatch all"),
            None if lines.starts_with("Match ") => format!("{include}{lines}\nMatch all"),
            None => format!("{include}{lines}"),
        };
        scene.bastion.stop();
        scene.bastion.run("rm -rf /etc/ssh/sshd_config.d");
        let clean = scene.plain_options();
        scene.bastion.restart(|_| clean.config(&config));
        let before = scene.bastion.run("cat /etc/ssh/sshd_config");
        let seen = scene.setup("stitch");
        assert_eq!(seen.verdict(code), Some(verdict), "{lines}: {seen:#?}");
        let bad = verdict == "bad";
        assert_eq!(seen.status, Some(if bad { 4 } else { 0 }), "{lines}: {seen:#?}");
        assert_eq!(scene.bastion.run("cat /etc/ssh/sshd_config"), before, "never touched");
        let is_everywhere = !lines.contains("Address");
        assert!(
            !bad || !is_everywhere || !scene.tunnel_works("stitch"),
            "{lines}: it works"
        );

        follow(&scene.bastion, &seen.advice(code));
        let mended = scene.check_when_up("stitch");
        assert_eq!(
            (mended.status, mended.verdict(code)),
            (Some(0), None),
            "{lines}: {mended:#?}"
        );
        assert!(
            // Let in there, or from there, and nowhere else.
            lines.contains("PermitOpen") || lines.contains('@') || scene.tunnel_works("stitch"),
            "{lines}: {}",
            scene.bastion.log()
        );
    }
}

/// Only what holds for one of Stitch's addresses: it is named.
#[test]
fn one_address_alone() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let block = "Match Address 52.23.137.21\nAllowTcpForwarding no\nMatch all";
    let scene = Scene::new(&world, BastionOptions::new().config(block));
    scene.has_working("stitch");
    let seen = scene.check("stitch");
    assert_eq!(seen.verdict("ssh-forwarding-off"), Some("bad"), "{seen:#?}");
    assert!(
        seen.report.to_string().contains("for logins from 52.23.137.21)"),
        "{seen:#?}"
    );
}

/// The key lies where the server looks for it. Up to `/` no other user may write there.
#[test]
fn a_key_file_elsewhere() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let block = "Match User stitch\nAuthorizedKeysFile /srv/keys/%u\nMatch all";
    let scene = Scene::new(&world, BastionOptions::new().config(block));
    scene.has_working("stitch");
    scene
        .bastion
        .run("mkdir -p /srv/keys; cp ~stitch/.ssh/authorized_keys /srv/keys/stitch; chmod 644 /srv/keys/stitch");
    scene.is_ready("stitch");
    for breaking in [
        "chmod 777 /srv/keys",
        "chmod g+w /srv/keys/stitch",
        "chmod 777 /srv",
        "chown daemon /srv",
    ] {
        scene.bastion.run(breaking);
        assert!(!scene.tunnel_works("stitch"), "{breaking}");
        let seen = scene.check("stitch");
        assert_eq!(
            seen.verdict("ssh-key-file-unsafe"),
            Some("bad"),
            "{breaking}: {seen:#?}"
        );
        follow(&scene.bastion, &seen.advice("ssh-key-file-unsafe"));
        scene.is_ready("stitch");
    }
    // No other line is needed; one that lets its holder do more is reported.
    scene.bastion.run("rm -r ~stitch/.ssh");
    scene.is_ready("stitch");
    scene
        .bastion
        .run("test ! -e ~stitch/.ssh; cd /srv/keys; cut -d' ' -f2- stitch >wide; cat wide >stitch");
    let seen = scene.check("stitch");
    let advice = seen.advice("ssh-key-unrestricted");
    let (_, line) = advice.split_once("in place of that line: ").expect("the line");
    scene.bastion.run(&format!("echo '{line}' >/srv/keys/stitch"));
    scene.is_ready("stitch");
    // What sshd does not check is not reported.
    scene.bastion.run("chmod 777 /srv; printf 'StrictModes no\n' >/tmp/c; cat /etc/ssh/sshd_config >>/tmp/c; cat /tmp/c >/etc/ssh/sshd_config; kill -HUP \"$(cat /run/sshd.pid)\"");
    let seen = scene.check_when_up("stitch");
    assert_eq!(
        (seen.status, seen.verdict("ssh-key-file-unsafe")),
        (Some(0), None),
        "{seen:#?}"
    );
    assert!(scene.tunnel_works("stitch"));
}

/// PAM lets only root in.
#[test]
fn closed_for_maintenance() {
    for (use_pam, verdict) in [(true, "bad"), (false, "unknown")] {
        let Some(world) = world(&[Need::Bastion]) else {
            return;
        };
        let scene = Scene::new(&world, BastionOptions::new().use_pam(use_pam));
        scene.has_working("stitch");
        scene.bastion.run("echo back soon >/etc/nologin");
        let seen = scene.check("stitch");
        assert_eq!(seen.verdict("ssh-nologin-file"), Some(verdict), "{seen:#?}");
        assert_eq!(scene.tunnel_works("stitch"), !use_pam);
        follow(&scene.bastion, &seen.advice("ssh-nologin-file"));
        scene.is_ready("stitch");
    }
}

/// The server listens where Stitch connects to, or another machine must translate the port or address.
#[test]
fn ports_and_addresses() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new().config("ListenAddress 127.0.0.1"));
    scene.has_working("stitch");
    scene
        .bastion
        .run("sed -i 's/,permit.*command=[^ ]*//' ~stitch/.ssh/authorized_keys");
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
    // On the machine itself: no other machine can reach it.
    let run = |arguments: &str| {
        let script = format!(
            "stitch-pg check --only ssh-user --no-input --format json --bastion local --stitch-bastion-host gate.example {arguments} \
             --public-key-file /root/stitch.pub --key-options restrict"
        );
        scene
            .bastion
            .try_run(&format!("set +e; {script}; echo status $?"))
            .stdout
    };
    let said = run("");
    assert!(
        said.contains("ssh-not-listening")
            && said.contains("only on 127.0.0.1:22 (ListenAddress)")
            && said.ends_with("status 4\n"),
        "{said}"
    );
    scene.bastion.run(
        "sed -i 's/^ListenAddress.*//' /etc/ssh/sshd_config; kill -HUP \"$(cat /run/sshd.pid)\";
             until ss -Hltn | grep -q '0.0.0.0:22 '; do sleep 0.1; done",
    );
    let said = run("--stitch-bastion-port 2222");
    assert!(
        said.contains("ssh-other-port")
            && said.contains("listens on port 22, but Stitch will connect to port 2222")
            && said.ends_with("status 0\n"),
        "{said}"
    );
    let said = run("");
    assert!(
        !said.contains("but Stitch will connect to port") && said.ends_with("status 0\n"),
        "{said}"
    );
}

/// Dropbear has no configuration but its flags.
#[test]
fn flags_of_dropbear() {
    let Some(world) = world(&[Need::Bastion, Need::BusyBox]) else {
        return;
    };
    let options = BastionOptions::new().kind(Kind::BusyBox).server(Server::Dropbear);
    let mut scene = Scene::new(&world, options);
    assert_eq!(scene.setup("stitch").status, Some(0));
    for (flags, code) in [
        (&["-sg"][..], None),
        (&["-sj"], Some("ssh-forwarding-off")),
        (&["-s", "-g", "-j"], Some("ssh-forwarding-off")),
        (&["-G", "root"], Some("ssh-not-allowed")),
    ] {
        scene.bastion.stop();
        let clean = scene.plain_options();
        scene
            .bastion
            .restart(|_| flags.iter().fold(clean, |options, flag| options.config(flag)));
        let seen = scene.check("stitch");
        match code {
            Some(code) => assert_eq!(
                (seen.status, seen.verdict(code)),
                (Some(4), Some("bad")),
                "{flags:?}: {seen:#?}"
            ),
            None => assert_eq!(seen.report["result"], "ready", "{flags:?}: {seen:#?}"),
        }
        assert_eq!(scene.tunnel_works("stitch"), code.is_none(), "{flags:?}");
    }
}
