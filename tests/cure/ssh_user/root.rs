//! Nothing that runs as root follows a name in a directory that Stitch's user can write: a process of that user swaps links
//! in, as fast as it can, while everything that stitch-pg does there is done.

use std::fmt::Write as _;
use std::time::Duration;

use super::scene::{OPTIONS, Scene, told};
use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::process::{DEADLINE, poll};
use crate::support::wizard::PASSWORD;
use crate::support::{BastionOptions, Kind, Need, Output, Postgres, PostgresOptions, Program, Running, Server, world};

/// What the user would like to have: root's. Nothing of it may ever change or be printed.
const SECRET: &str = "root:$6$kept-by-root";
const VICTIMS: &str = "mkdir -m 755 /victim /victim/dir; echo 'root:$6$kept-by-root' >/victim/shadow; cp /victim/shadow /victim/dir/authorized_keys
    chmod 640 /victim/shadow; chmod 600 /victim/dir/authorized_keys";
/// Numbers, owners, modes and content of them, and of root's own home.
const STATE: &str =
    "ls -lAnid /victim /victim/* /victim/dir/* /root /root/.ssh /root/.ssh/* | sed 's/  */ /g' | cut -d' ' -f1-6,10-
    cat /victim/shadow /victim/dir/authorized_keys /root/.ssh/authorized_keys; ls -A /victim/dir /root /root/.ssh";

/// Watches its home and swaps what is named for a link, again and again; what it hides it puts back, so that the other side
/// goes on. It is the user in every right, and not in the bastion's root, where BusyBox has no Python.
const ATTACKER: &str = r"
import os, sys
home, uid, what = sys.argv[1], int(sys.argv[2]), sys.argv[3]
os.chdir(home)
os.setgroups([]); os.setgid(uid); os.setuid(uid)
def quietly(f, *a):
    try: f(*a); return True
    except OSError: return False
open('ready', 'w').close()
name = os.path.basename(home)
if what == 'home': os.chdir('..')
n = 0
while True:
    n += 1
    if what == 'temporary':
        try: names = os.listdir('.ssh')
        except OSError: continue
        for name in names:
            if name.startswith('.authorized_keys') and not os.path.islink('.ssh/' + name):
                quietly(os.unlink, '.ssh/' + name)
                quietly(os.symlink, '/victim/shadow', '.ssh/' + name)
    elif what == 'file':
        if quietly(os.rename, '.ssh/authorized_keys', '.kept'):
            quietly(os.symlink, '/victim/shadow', '.ssh/authorized_keys')
            for _ in range(n % 97): os.getpid()
            quietly(os.rename, '.kept', '.ssh/authorized_keys')
    elif what == 'home':
        if quietly(os.rename, name, '.' + name):
            quietly(os.symlink, '/victim/dir', name)
            for _ in range(n % 97): os.getpid()
            quietly(os.unlink, name)
            quietly(os.rename, '.' + name, name)
    else:
        if quietly(os.rename, '.ssh', '.kept'):
            quietly(os.symlink, '/victim/dir', '.ssh')
            for _ in range(n % 97): os.getpid()
            quietly(os.unlink, '.ssh')
            quietly(os.rename, '.kept', '.ssh')
";

struct Race<'world> {
    scene: Scene<'world>,
    state: String,
}

impl Race<'_> {
    /// A user for one race. For a race about its home, that lies in a folder of its own.
    fn user(&self, user: &str, what: &str) -> String {
        self.scene.has_working(user);
        // What setup has to tighten and to close.
        let mut script = format!(
            "cd /home/{user}/.ssh; sed -i 's/^[^ ]* ssh/ssh/' authorized_keys; chown {user}: authorized_keys; chmod 755 ."
        );
        if what == "home" {
            let _ = write!(
                script,
                "; mkdir -p /srv/{user}; mv /home/{user} /srv/{user}; chown {user}: /srv/{user}
                 sed -i 's|:/home/{user}:|:/srv/{user}/{user}:|' /etc/passwd"
            );
        }
        self.scene.bastion.run(&script);
        user.to_owned()
    }

    fn attack(&self, user: &str, what: &str) -> Running {
        let place = if what == "home" {
            format!("srv/{user}")
        } else {
            "home".to_owned()
        };
        let home = format!("/{place}/{user}");
        let uid = self.scene.bastion.run(&format!(
            "cd /{place}; if [ -d .{user} ]; then rm -f {user}; mv .{user} {user}; fi; rm -f {user}/ready; id -u {user}"
        ));
        let attacker = Program::new("python3", &self.scene.ops)
            .args(["-c", ATTACKER])
            .arg(self.scene.bastion.root().join(home.trim_start_matches('/')))
            .args([uid.trim(), what])
            .start();
        let ready = self.scene.bastion.outside(format!("{home}/ready"));
        poll(DEADLINE, || ready.exists().then_some(())).expect("the attacker is at work");
        attacker
    }

    /// The program while the user swaps links; whatever comes of it, root's files are as they were, and untold.
    fn run(&self, user: &str, what: &str, program: Program) -> Output {
        let attacker = self.attack(user, what);
        // The attacker takes a processor for itself.
        let output = program.deadline(Duration::from_secs(300)).run();
        attacker.signal_if_there("KILL");
        attacker.finish(DEADLINE);
        assert!(
            !output.stdout.contains(SECRET) && !output.stderr.contains(SECRET),
            "{what}: {output:#?}"
        );
        let state = self.scene.bastion.run(STATE);
        assert_eq!(state, self.state, "{user} {what}: {output:#?}");
        output
    }

    fn full(&self, command: &str, user: &str) -> Program {
        let address = format!("root@198.51.100.20:{}", self.scene.bastion.port());
        crate::support::stitch_pg(&self.scene.ops)
            .args([
                command,
                "--format",
                "json",
                "--no-input",
                "--skip",
                "allowlist",
                "--via-bastion",
            ])
            .args(["--host", "10.20.0.3", "--admin-user", "postgres", "--bastion", &address])
            .args([
                "--bastion-identity",
                "/run/world/tmp/ed25519",
                "--allow-cidr",
                "52.23.137.21",
            ])
            .args(["--tunnel-user", user, "--public-key-file", "/run/world/tmp/stitch.pub"])
            .env("PGPASSWORD", POSTGRES_PASSWORD)
            .env("STITCH_PG_PASSWORD", PASSWORD)
    }
}

/// What is raced for does its work in a home that is the user's own, and leaves it the user's.
fn undisturbed(race: &Race<'_>) {
    let scene = &race.scene;
    scene.has_working("calm");
    let file = "/home/calm/.ssh/authorized_keys";
    let state = || {
        scene
            .bastion
            .run(&format!("ls -lnd {file} /home/calm/.ssh | cut -c1-60; cat {file}"))
    };
    scene.bastion.run(&format!(
        "sed -i 's/^[^ ]* ssh/ssh/' {file}; printf '# open end' >>{file}; chmod 640 {file}; chown calm: {file}"
    ));
    let before = state();
    let proved = race
        .full("check", "calm")
        .args(["--only", "connection", "--prove-tunnel"])
        .run();
    assert!(
        proved.stdout.contains("\"tunnel-tested\"") || proved.stdout.contains("\"tunnel-key-unrestricted\""),
        "{proved:#?}"
    );
    assert_eq!(
        without_time(&state()),
        without_time(&before),
        "a check changes no owner, mode or byte"
    );
    let undo = "/run/world/tmp/calm.sh";
    let setup = told(&scene.program("setup", "root", "calm").args(["--yes", "--undo", undo]));
    assert_eq!(setup.status, Some(0), "{setup:#?}");
    assert_eq!(scene.check("calm").changes().len(), 0);
    assert!(scene.tunnel_works("calm"));
    let undone = Program::new("sh", &scene.ops).arg(undo).run();
    assert!(undone.success(), "{undone:#?}");
    assert_eq!(without_time(&state()), without_time(&before));
    let removed = told(&scene.program("remove", "root", "calm").arg("--yes"));
    assert_eq!((removed.status, removed.changes().len()), (Some(0), 2), "{removed:#?}");
    assert!(!scene.bastion.outside("/home/calm").exists());
}

/// `ls -ln` but for when.
fn without_time(listed: &str) -> Vec<String> {
    let lines = listed.lines();
    lines
        .map(|line| {
            if line.starts_with(['-', 'd']) {
                let words: Vec<&str> = line.split_whitespace().filter(|word| !word.contains(':')).collect();
                words.join(" ")
            } else {
                line.to_owned()
            }
        })
        .collect()
}

/// What is swapped: the temporary file, the key file, its folder, the home itself.
const SWAPS: [&str; 4] = ["temporary", "file", "folder", "home"];

/// 24 tries: each kind of swap, for each thing that is done in the home, with two more removals, of the key's line and of the
/// user.
fn race(options: BastionOptions) {
    let Some(world) = world(&[Need::Bastion, Need::BusyBox]) else {
        return;
    };
    let scene = Scene::new(&world, options);
    let host = world.host("db", &[("inner", "10.20.0.3/24")]);
    let _server = Postgres::start_in(&world, Some(&host), PostgresOptions::new());
    scene.bastion.run(VICTIMS);
    let state = scene.bastion.run(STATE);
    let race = Race { scene, state };
    undisturbed(&race);
    let (mut tries, mut removed) = (0, 0);
    for what in SWAPS {
        let user = race.user(&format!("all{what}"), what);
        let check = race.full("check", &user).args(["--only", "connection"]);
        race.run(&user, what, check.arg("--prove-tunnel"));
        let undo = format!("/run/world/tmp/{user}.sh");
        let setup = race
            .scene
            .program("setup", "root", &user)
            .args(["--yes", "--undo", &undo]);
        race.run(&user, what, setup);
        if world.outside(&undo).exists() {
            race.run(&user, what, Program::new("sh", &race.scene.ops).arg(&undo));
        }
        tries += 3;
        for round in 0..3 {
            let user = match round {
                0 => user.clone(),
                _ => race.user(&format!("{what}{round}"), what),
            };
            let output = race.run(&user, what, race.scene.program("remove", "root", &user).arg("--yes"));
            tries += 1;
            removed += usize::from(output.success());
        }
    }
    println!("{tries} tries, 12 of them removals ({removed} came to their end), 0 won");
    assert_eq!(tries, 24);
}

#[test]
fn links_are_swapped_in_on_debian() {
    race(BastionOptions::new());
}

#[test]
fn links_are_swapped_in_on_red_hat() {
    race(BastionOptions::new().kind(Kind::RhelLike));
}

#[test]
fn links_are_swapped_in_on_busybox() {
    race(BastionOptions::new().kind(Kind::BusyBox));
}

#[test]
fn links_are_swapped_in_with_dropbear() {
    race(BastionOptions::new().kind(Kind::BusyBox).server(Server::Dropbear));
}

/// In an account that setup made the user has nothing to swap, and no way to let another key in.
#[test]
fn a_new_account_can_change_nothing_of_its_own() {
    for (kind, server) in [
        (Kind::Debian, Server::OpenSsh),
        (Kind::RhelLike, Server::OpenSsh),
        (Kind::BusyBox, Server::OpenSsh),
        (Kind::BusyBox, Server::Dropbear),
    ] {
        let Some(world) = world(&[Need::Bastion, Need::BusyBox]) else {
            return;
        };
        let scene = Scene::new(&world, BastionOptions::new().kind(kind).server(server));
        if kind != Kind::BusyBox {
            scene.bastion.run(
                "printf 'UMASK 002\\nHOME_MODE 0777\\nCREATE_HOME yes\\n' >>/etc/login.defs
                 mkdir -p /etc/skel/.ssh; cp /root/.ssh/authorized_keys /etc/skel/.ssh/",
            );
        }
        scene.is_cured("stitch", "add the user stitch");
        let file = "/home/stitch/.ssh/authorized_keys";
        let wanted = match server {
            Server::OpenSsh => OPTIONS,
            Server::Dropbear => {
                "no-pty,no-agent-forwarding,no-X11-forwarding,permitopen=\"10.20.0.3:5432\",command=\"false\""
            }
        };
        let line = scene.bastion.run(&format!("cat {file}"));
        assert!(
            line.starts_with(&format!("{wanted} ssh-rsa ")) && line.lines().count() == 1,
            "{line}"
        );
        for attempt in [
            "touch /home/stitch/x",
            "mv /home/stitch/.ssh /home/stitch/y",
            "rm -f /home/stitch/.ssh/authorized_keys",
            "echo key >>/home/stitch/.ssh/authorized_keys",
            "touch /home/stitch/.ssh/authorized_keys2",
            "chmod 777 /home/stitch",
            "mv /home/stitch /home/other",
        ] {
            let tried = scene.bastion.try_run(&format!("su -s /bin/sh -c '{attempt}' stitch"));
            assert!(!tried.success(), "{kind:?}: {attempt}: {tried:?}");
        }
        let owned = scene
            .bastion
            .run("find / -xdev -user stitch ! -path '*/mail/stitch' 2>/dev/null | grep -v ^/proc || :");
        assert_eq!(owned, "", "{kind:?}");
    }
}

/// Root's files in a directory of the user's: root cannot write them safely, and what is advised is done by the user.
#[test]
fn files_of_roots_in_the_users_home() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    for (user, breaking, good) in [
        ("rootfile", "chown root: ~rootfile/.ssh/authorized_keys", false),
        ("rootdir", "chown root: ~rootdir/.ssh", false),
        (
            "openhome",
            "chown -R root: ~openhome; cd ~openhome; chmod 775 .; chmod 755 .ssh; chmod 644 .ssh/authorized_keys",
            false,
        ),
        (
            "readable",
            "cd ~readable/.ssh; chown root: authorized_keys; chmod 644 authorized_keys",
            true,
        ),
        (
            "allroots",
            "chown -R root: ~allroots; cd ~allroots; chmod 755 . .ssh; chmod 644 .ssh/authorized_keys",
            true,
        ),
    ] {
        scene.has_working(user);
        scene.bastion.run(breaking);
        let before = scene.bastion.run("ls -lAnR /home");
        let seen = scene.check(user);
        assert_eq!(scene.bastion.run("ls -lAnR /home"), before, "{user}");
        assert!(seen.changes().is_empty(), "{user}: {seen:#?}");
        if good {
            assert_eq!(seen.status, Some(0), "{user}: {seen:#?}");
        } else {
            assert_eq!(
                seen.verdict("ssh-key-file-not-regular"),
                Some("bad"),
                "{user}: {seen:#?}"
            );
            let advice = seen.advice("ssh-key-file-not-regular");
            let (_, command) = advice.split_once("as root").expect("a command");
            let (_, command) = command.split_once(": ").expect("a command");
            scene.bastion.run(command.split("; then").next().expect("it ends"));
            assert_eq!(scene.setup(user).status, Some(0), "{user}");
        }
        scene.is_ready(user);
    }
}

/// Keys of others in the files that sshd reads for Stitch's user, also where Stitch's own stands in the comment.
#[test]
fn keys_of_others_are_told() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    assert_eq!(scene.setup("stitch").status, Some(0));
    let body = scene.public().split(' ').nth(1).expect("a body").to_owned();
    let other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
    let ssh = "/home/stitch/.ssh";
    for (file, line, found) in [
        ("authorized_keys", format!("{other} x"), true),
        ("authorized_keys", format!("{other} {body}"), true),
        ("authorized_keys", format!("command=\"echo {body}\" {other}"), true),
        ("authorized_keys", format!("cert-authority {other}"), true),
        ("authorized_keys", format!("# {other}"), false),
        ("authorized_keys2", format!("{other} x"), true),
        ("authorized_keys2", format!("# {other}"), false),
    ] {
        let line = format!("'{line}'");
        scene.bastion.run(&format!(
            "cp -p {ssh}/authorized_keys /kept; echo {line} >>{ssh}/{file}"
        ));
        let seen = scene.check("stitch");
        let wanted = found.then_some("bad");
        assert_eq!(
            seen.verdict("ssh-key-file-other-keys"),
            wanted,
            "{file} {line}: {seen:#?}"
        );
        assert_eq!(seen.status, Some(if found { 4 } else { 0 }), "{file} {line}");
        scene
            .bastion
            .run(&format!("rm -f {ssh}/authorized_keys2; mv /kept {ssh}/authorized_keys"));
    }
    // An account that was there before may be shared.
    scene.has_working("shared");
    scene
        .bastion
        .run(&format!("echo '{other} x' >>~shared/.ssh/authorized_keys"));
    let seen = scene.check("shared");
    assert_eq!(
        (seen.status, seen.verdict("ssh-key-file-other-keys")),
        (Some(0), Some("unknown")),
        "{seen:#?}"
    );
}
