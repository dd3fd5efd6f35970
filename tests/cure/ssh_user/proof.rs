//! The tunnel, tested end to end with a temporary key: through the SSH server to a login as the Stitch role, and nothing
//! of it is left behind, whatever happens.

use super::scene::{OPTIONS, Scene};
use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::process::{DEADLINE, poll};
use crate::support::wizard::{PASSWORD, Said};
use crate::support::{
    BastionOptions, Host, Kind, Need, Postgres, PostgresOptions, Program, Server, World, stitch_pg, world,
};

const DATABASE: &str = "10.20.0.3";
const FILE: &str = "/home/stitch/.ssh/authorized_keys";

fn place() -> Option<World> {
    world(&[Need::Bastion, Need::BusyBox])
}

/// Only the bastion reaches it.
fn database(world: &World) -> (Host, Postgres<'_>) {
    let host = world.host("db", &[("inner", "10.20.0.3/24")]);
    let server = Postgres::start_in(world, Some(&host), PostgresOptions::new());
    (host, server)
}

fn program(scene: &Scene<'_>, command: &str, arguments: &[&str]) -> Program {
    without_key(scene, command, arguments).args(["--public-key-file", "/run/world/tmp/stitch.pub"])
}

fn without_key(scene: &Scene<'_>, command: &str, arguments: &[&str]) -> Program {
    stitch_pg(&scene.ops)
        .args([
            command,
            "--format",
            "json",
            "--no-input",
            "--skip",
            "allowlist",
            "--via-bastion",
        ])
        .args(["--host", DATABASE, "--admin-user", "postgres"])
        .args(["--bastion", &format!("root@198.51.100.20:{}", scene.bastion.port())])
        .args(["--bastion-identity", "/run/world/tmp/ed25519"])
        .args(["--allow-cidr", "52.23.137.21"])
        .args(arguments)
        .env("PGPASSWORD", POSTGRES_PASSWORD)
        .env("STITCH_PG_PASSWORD", PASSWORD)
}

fn run(scene: &Scene<'_>, command: &str, arguments: &[&str]) -> Said {
    Said::of(program(scene, command, arguments).run())
}

fn file(scene: &Scene<'_>) -> String {
    scene.bastion.run(&format!("stat -c '%a %u %Y %i' {FILE}; cat {FILE}"))
}

#[test]
fn the_whole_way() {
    let Some(world) = place() else { return };
    let scene = Scene::new(&world, BastionOptions::new());
    let (_host, _server) = database(&world);
    let set = run(
        &scene,
        "setup",
        &["--yes", "--key-options", "permitopen,from,no-command"],
    )
    .exits(0);
    let said = set.has("tunnel-tested", "good");
    assert!(
        said.contains(
            "refused, as intended: a terminal, agent forwarding, a connection to a host other than the database"
        ),
        "{said}"
    );
    assert!(
        scene
            .bastion
            .log()
            .contains("Accepted publickey for stitch from 198.51.100.10")
    );
    let after = file(&scene);
    assert!(!after.contains("proof") && after.lines().count() == 2, "{after}");

    // Looking writes nothing: not even the same again.
    run(&scene, "check", &[]).exits(0).has_not("tunnel-tested");
    run(&scene, "plan", &["--prove-tunnel"])
        .exits(0)
        .has_not("tunnel-tested");
    run(&scene, "setup", &["--yes", "--no-prove-tunnel"])
        .exits(0)
        .has_not("tunnel-tested");
    assert_eq!(file(&scene), after);

    run(&scene, "check", &["--prove-tunnel"])
        .exits(0)
        .has("tunnel-tested", "good");
    let unknown = without_key(&scene, "check", &["--only", "connection", "--prove-tunnel"]).run();
    Said::of(unknown).exits(0).has("tunnel-not-tested", "unknown");
    let text = |all: &str| all.split_once('\n').expect("two lines").1.to_owned();
    assert_eq!(text(&file(&scene)), text(&after));
}

/// The temporary key is not put beside Stitch's there: the directory is the sysadmin's.
#[test]
fn the_key_is_in_another_file_than_the_homes() {
    let Some(world) = place() else { return };
    let block = "Match User stitch\nAuthorizedKeysFile /srv/keys/%u\nMatch all";
    let scene = Scene::new(&world, BastionOptions::new().config(block));
    let (_host, _server) = database(&world);
    let first = run(&scene, "setup", &["--yes"]);
    first.has("ssh-authorized-keys-elsewhere", "bad");
    scene.bastion.run(&format!(
        "mkdir -p /srv/keys; cp {FILE} /srv/keys/stitch; chmod 644 /srv/keys/stitch"
    ));
    for state in ["true", "rm -r ~stitch/.ssh"] {
        scene.bastion.run(state);
        let said = run(&scene, "setup", &["--yes"])
            .exits(0)
            .has("tunnel-not-tested", "unknown");
        assert!(said.contains("/srv/keys/stitch"), "{said}");
        let left = scene
            .bastion
            .run("cat /srv/keys/stitch; cat ~stitch/.ssh/authorized_keys 2>/dev/null || true");
        assert!(!left.contains("proof"), "{left}");
    }
}

#[test]
fn what_is_in_the_way_is_told_and_nothing_stays() {
    let Some(world) = place() else {
        return;
    };
    let mut scene = Scene::new(&world, BastionOptions::new());
    let (_host, mut server) = database(&world);
    run(&scene, "setup", &["--yes"]).exits(0);
    let check = |scene: &Scene<'_>, code: &str| {
        let said = run(scene, "check", &["--only", "connection", "--prove-tunnel"]).exits(4);
        let text = said.has(code, "bad");
        said.bad_are(&[code]);
        said.has_not("login-works");
        let left = scene.bastion.run(&format!("cat {FILE}"));
        assert!(!left.contains("proof") && left.lines().count() == 1, "{left}");
        text
    };
    // What Stitch's key is not kept from.
    let narrow = scene.bastion.run(&format!("cat {FILE}"));
    scene.bastion.run(&format!("sed -i 's/^[^ ]* ssh/ssh/' {FILE}"));
    let wide = run(&scene, "check", &["--only", "connection", "--prove-tunnel"]).exits(4);
    let granted = wide.has("tunnel-key-unrestricted", "bad");
    assert!(
        granted.contains("a terminal") && granted.contains("agent forwarding"),
        "{granted}"
    );
    std::fs::write(scene.bastion.outside(FILE), narrow).expect("the world is writable");
    // A wrong password comes as far as the database.
    let wrong =
        program(&scene, "check", &["--only", "connection", "--prove-tunnel"]).env("STITCH_PG_PASSWORD", "wrong");
    Said::of(wrong.run()).exits(4).has("login-password", "bad");
    server.stop();
    let text = check(&scene, "tunnel-target");
    assert!(text.contains("cannot reach 10.20.0.3:5432"), "{text}");
    for (line, code, words) in [
        ("AllowTcpForwarding no", "tunnel-forward", "does not forward stitch"),
        ("PubkeyAuthentication no", "tunnel-login", "refuses stitch with"),
    ] {
        scene.bastion.stop();
        let clean = scene.plain_options();
        let block = format!("Match User stitch\n{line}\nMatch all");
        scene.bastion.restart(|_| clean.config(&block));
        let text = check(&scene, code);
        assert!(text.contains(words), "{line}: {text}");
    }
    // Without Stitch's own key there is nothing to stand beside.
    scene.bastion.run(&format!(": >{FILE}"));
    let said = run(&scene, "check", &["--only", "connection", "--prove-tunnel"]).exits(4);
    assert!(
        said.has("login-tunnel", "bad").contains("Stitch's key is not in"),
        "{said}"
    );
}

#[test]
fn ctrl_c_leaves_nothing() {
    let Some(world) = place() else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    let (_host, server) = database(&world);
    run(&scene, "setup", &["--yes"]).exits(0);
    let before = scene.bastion.run(&format!("cat {FILE}"));
    // It accepts connections and says nothing.
    let pid = std::fs::read_to_string(server.data_dir().join("postmaster.pid")).expect("it runs");
    let pid = pid.lines().next().expect("a number").to_owned();
    world.sh(&format!("kill -STOP {pid}"));
    let running = program(&scene, "check", &["--only", "connection", "--prove-tunnel"]).start();
    let outside = scene.bastion.outside(FILE);
    let line = poll(DEADLINE, || {
        let text = std::fs::read_to_string(&outside).ok()?;
        text.lines()
            .find(|line| line.contains("stitch-pg-proof"))
            .map(str::to_owned)
    });
    let line = line.expect("a second key");
    assert!(line.starts_with(&format!("{OPTIONS},expiry-time=\"20")), "{line}");
    running.signal("INT");
    let ended = running.finish(DEADLINE);
    world.sh(&format!("kill -CONT {pid}"));
    assert_eq!(ended.status, Some(130), "{ended:#?}");
    // By the run itself, or by the watcher on the SSH server where the run's second was over before.
    poll(DEADLINE, || {
        (scene.bastion.run(&format!("cat {FILE}")) == before).then_some(())
    })
    .expect("the key goes");
}

/// Nothing can be taken out over an SSH server that stands still. The run ends all the same, and the watcher that was there
/// with the key takes it out.
#[test]
fn a_signal_is_heard_while_the_key_cannot_be_taken_out() {
    let Some(world) = place() else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    let (_host, server) = database(&world);
    run(&scene, "setup", &["--yes"]).exits(0);
    let before = scene.bastion.run(&format!("cat {FILE}"));
    let pid = std::fs::read_to_string(server.data_dir().join("postmaster.pid")).expect("it runs");
    let pid = pid.lines().next().expect("a number").to_owned();
    let every_sshd = |signal: &str| {
        scene.bastion.run(&format!(
            "set +e; net=$(readlink /proc/self/ns/net)
             for p in /proc/[0-9]*; do
                 if [ \"$(readlink $p/ns/net)\" = \"$net\" ]; then
                     case $(cat $p/comm) in sshd*) kill -{signal} ${{p#/proc/}} ;; esac
                 fi
             done 2>/dev/null; :"
        ));
    };
    for signals in [&["INT"][..], &["TERM"], &["HUP"]] {
        world.sh(&format!("kill -STOP {pid}"));
        let check = ["--only", "connection", "--prove-tunnel", "--timeout", "600"];
        let running = program(&scene, "check", &check).start();
        let lent = || scene.bastion.run(&format!("cat {FILE}")).contains("stitch-pg-proof");
        poll(DEADLINE, || lent().then_some(())).expect("a second key");
        every_sshd("STOP");
        for signal in signals {
            running.signal(signal);
        }
        // By far longer than a signal takes, by far shorter than the limit of the run.
        let ended = running.finish(DEADLINE);
        assert_eq!(ended.status, Some(130), "{signals:?}: {ended:#?}");
        assert!(lent(), "{signals:?}");
        every_sshd("CONT");
        world.sh(&format!("kill -CONT {pid}"));
        poll(DEADLINE, || {
            (scene.bastion.run(&format!("cat {FILE}")) == before).then_some(())
        })
        .expect("the key goes");
    }
}

/// The file may not be written any more when the key must be removed: that is reported, with what to do.
#[test]
fn a_key_that_cannot_be_taken_out_is_told() {
    let Some(world) = place() else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    let (_host, server) = database(&world);
    run(&scene, "setup", &["--yes"]).exits(0);
    let pid = std::fs::read_to_string(server.data_dir().join("postmaster.pid")).expect("it runs");
    let pid = pid.lines().next().expect("a number").to_owned();
    world.sh(&format!("kill -STOP {pid}"));
    let running = program(&scene, "check", &["--only", "connection", "--prove-tunnel"]).start();
    let outside = scene.bastion.outside(FILE);
    let lent = || std::fs::read_to_string(&outside).is_ok_and(|text| text.contains("stitch-pg-proof"));
    poll(DEADLINE, || lent().then_some(())).expect("a second key");
    let folder = "/home/stitch/.ssh";
    scene.bastion.run(&format!(
        "mount --bind {folder} {folder}; mount -o remount,bind,ro {folder}"
    ));
    world.sh(&format!("kill -CONT {pid}"));
    let said = Said::of(running.finish(DEADLINE));
    let text = said.exits(4).has("tunnel-key-left", "bad");
    assert!(text.contains("it expires within two minutes"), "{text}");
    scene.bastion.run(&format!("umount {folder}"));
    assert!(lent());
    let (_, cure) = text.split_once("as root: ").expect("a command");
    scene.bastion.run(cure);
    assert!(!lent());
    // In a home of the user's own root opens nothing: the user does it.
    scene.bastion.run(&format!(
        "chown -R stitch: ~stitch; chmod 700 {folder}; echo 'ssh-ed25519 AAAA stitch-pg-proof' >>{FILE}"
    ));
    scene.bastion.run(cure);
    assert!(!lent());
    assert_eq!(scene.bastion.run(&format!("stat -c %U {FILE}")), "stitch\n");
}

#[test]
fn a_server_that_does_not_know_when_a_key_ends() {
    let Some(world) = place() else {
        return;
    };
    let options = BastionOptions::new().kind(Kind::BusyBox).server(Server::Dropbear);
    let scene = Scene::new(&world, options);
    let (_host, _server) = database(&world);
    let said = run(&scene, "setup", &["--yes"]).exits(0).has("tunnel-tested", "good");
    assert!(said.contains("does not support expiry of keys"), "{said}");
    let left = scene.bastion.run(&format!("cat {FILE}"));
    assert!(!left.contains("proof") && left.lines().count() == 1, "{left}");
}
