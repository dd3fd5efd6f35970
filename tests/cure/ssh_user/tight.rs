//! How little a key that is held by Stitch can do: proved by trying the rest.

use std::time::Duration;

use super::scene::{BASTION, Scene, Told, told};
use crate::support::process::{DEADLINE, poll};
use crate::support::{BastionOptions, Kind, Need, Output, Server, finish, world};

/// The database as Stitch's form has it; the bastion has that address, too, so that a server answers.
const DATABASE: &str = "10.20.0.3:5432";

fn run(scene: &Scene<'_>, command: &str, options: &str) -> Told {
    told(
        &scene
            .program(command, "root", "stitch")
            .args(["--yes", "--key-options", options]),
    )
}

/// Logs in with Stitch's key and these arguments of ssh.
fn ssh(scene: &Scene<'_>, before: &[&str], after: &[&str]) -> Output {
    let mut command = scene.bastion.ssh(&scene.ops, "stitch", &scene.stitch);
    command
        .env("SSH_AUTH_SOCK", "/run/world/tmp/agent")
        .env("DISPLAY", ":0");
    command.args(before).args(after);
    finish(command, b"", Duration::from_secs(10))
}

/// Why a connection to that place is not forwarded: nothing listens anywhere here.
fn refusal(scene: &Scene<'_>, target: &str) -> &'static str {
    let said = ssh(scene, &["-v", "-W", target], &[]).stderr;
    if said.contains("administratively prohibited") {
        "prohibited"
    } else if said.to_lowercase().contains("refused") || said.contains("onnect failed") {
        "allowed"
    } else {
        panic!("{target}: {said}\n{}", scene.bastion.log())
    }
}

/// What a command sees of what was asked for: its own words, an agent, a display, a terminal.
fn command_sees(scene: &Scene<'_>) -> String {
    let look = "echo \"ran agent=$SSH_AUTH_SOCK display=$DISPLAY\"";
    let terminal = ssh(scene, &["-tt"], &["tty"]).stdout;
    ssh(scene, &["-A", "-X"], &[look]).stdout + terminal.trim_end()
}

#[test]
fn nothing_but_the_database() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let options = BastionOptions::new().config("X11Forwarding yes");
    let scene = Scene::new(&world, options);
    world.sh("ssh-agent -a /run/world/tmp/agent >/dev/null 2>&1");
    scene.bastion.run("ip addr add 10.20.0.3/24 dev e1");

    // As Stitch's guide has it: the holder of the key can do everything.
    scene.has_working("stitch");
    scene
        .bastion
        .run("sed -i 's/^[^ ]* ssh/ssh/' ~stitch/.ssh/authorized_keys");
    let seen = command_sees(&scene);
    assert!(seen.contains("agent=/tmp/") && seen.contains("/dev/pts/"), "{seen}");

    // The least: no agent, no display, no terminal; commands and any target are left.
    assert_eq!(run(&scene, "setup", "restrict").status, Some(0));
    assert_eq!(command_sees(&scene), "ran agent= display=\n");
    assert_eq!(refusal(&scene, "127.0.0.1:1"), "allowed");

    // The database alone.
    let wider = run(&scene, "check", "permitopen");
    assert_eq!(wider.status, Some(3), "{wider:#?}");
    assert!(wider.changes()[0].starts_with("tighten Stitch's key"), "{wider:#?}");
    assert_eq!(run(&scene, "setup", "permitopen").status, Some(0));
    assert_eq!(refusal(&scene, DATABASE), "allowed");
    for other in ["10.20.0.3:22", "10.20.0.2:5432", "127.0.0.1:5432"] {
        assert_eq!(refusal(&scene, other), "prohibited", "{other}");
    }
    // Chosen or not, a tighter line is kept, and other narrowing options stay when it is written anew.
    assert_eq!(run(&scene, "check", "restrict").report["result"], "ready");

    // No command either, whatever is asked for.
    assert_eq!(run(&scene, "setup", "no-command").status, Some(0));
    assert_eq!(command_sees(&scene), "");
    assert_eq!(refusal(&scene, DATABASE), "allowed");
    assert_eq!(refusal(&scene, "127.0.0.1:1"), "prohibited");
    assert_eq!(run(&scene, "setup", "permitopen,no-command").report["result"], "ready");
}

#[test]
fn only_from_stitch() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    scene
        .bastion
        .run("sed -i 's/,permit.*command=[^ ]*//' ~stitch/.ssh/authorized_keys");
    assert_eq!(run(&scene, "setup", "from").status, Some(0));
    let line = scene.bastion.run("cat ~stitch/.ssh/authorized_keys");
    let start = "restrict,port-forwarding,from=\"52.23.137.21,52.204.223.208\" ssh-rsa ";
    assert!(line.starts_with(start), "{line}");
    assert_eq!(run(&scene, "check", "from").report["result"], "ready");
    assert!(!scene.tunnel_works("stitch"));
    // From one of Stitch's addresses, as this network plays them.
    world.sh("ip -n ops addr add 52.23.137.21/32 dev e0; ip -n bastion route add 52.23.137.21 dev e0");
    let from_there = ssh(&scene, &["-b", "52.23.137.21"], &["echo in"]);
    assert_eq!(from_there.stdout, "in\n", "{from_there:#?}");
}

/// Both spellings, since sshd resolves no names.
#[test]
fn a_database_by_name() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene
        .bastion
        .run("echo '10.20.0.3 db.inner' >>/etc/hosts; ip addr add 10.20.0.3/24 dev e1");
    let setup = || {
        let program = scene.program_for("setup", "root", "stitch", "db.inner");
        told(&program.args(["--yes", "--key-options", "permitopen"]))
    };
    assert_eq!(setup().status, Some(0));
    assert_eq!(refusal(&scene, "db.inner:5432"), "allowed");
    assert_eq!(refusal(&scene, DATABASE), "allowed");
    assert_eq!(refusal(&scene, "10.20.0.2:5432"), "prohibited");
    // A database that moves is no reason to write the file again.
    scene.bastion.run("sed -i s/10.20.0.3/10.20.0.4/ /etc/hosts");
    assert_eq!(setup().report["result"], "ready");
}

#[test]
fn dropbear_does_what_it_can() {
    let Some(world) = world(&[Need::Bastion, Need::BusyBox]) else {
        return;
    };
    let options = BastionOptions::new().kind(Kind::BusyBox).server(Server::Dropbear);
    let scene = Scene::new(&world, options);
    let made = run(&scene, "setup", "permitopen,from,no-command");
    assert_eq!(made.status, Some(0), "{made:#?}");
    assert_eq!(made.verdict("ssh-key-option-unknown"), Some("unknown"), "{made:#?}");
    assert!(scene.tunnel_works("stitch"));
    let other = ssh(&scene, &["-v", "-W", "127.0.0.1:22"], &[]).stderr;
    assert!(other.contains("open failed"), "{other}");
    assert_eq!(command_sees(&scene), "");
    let again = run(&scene, "check", "permitopen,from,no-command");
    assert_eq!((again.status, again.changes().len()), (Some(0), 0), "{again:#?}");
}

/// With the defaults: no other target, no port and no Unix socket to listen on, no Unix socket to connect to, no command, no
/// key of its own.
#[test]
fn the_defaults_leave_nothing_but_the_database() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let options = "Include /etc/ssh/sshd_config.d/*.conf\nGatewayPorts yes\nAllowStreamLocalForwarding yes";
    let scene = Scene::new(&world, BastionOptions::new().config(options));
    world.sh("ssh-agent -a /run/world/tmp/agent >/dev/null 2>&1");
    scene
        .bastion
        .run("ip addr add 10.20.0.3/24 dev e1; mkdir -p /etc/ssh/sshd_config.d");
    let setup = scene.setup("stitch");
    assert_eq!(setup.status, Some(0), "{setup:#?}");
    assert!(
        setup
            .changes()
            .contains(&"set AllowStreamLocalForwarding no and PermitListen none for stitch, in /etc/ssh/sshd_config.d/00-stitch-pg-stitch-allowstreamlocalforwarding.conf"),
        "{setup:#?}"
    );
    let up = || ssh(&scene, &["-v"], &["true"]).stderr.contains("Authenticated to");
    poll(DEADLINE, || up().then_some(())).expect("the server comes back");
    assert_eq!(refusal(&scene, DATABASE), "allowed");
    for other in ["10.20.0.3:22", "10.20.0.2:5432", "127.0.0.1:5432", "localhost:5432"] {
        assert_eq!(refusal(&scene, other), "prohibited", "{other}");
    }
    let commands = [
        "echo key >>.ssh/authorized_keys",
        "echo ran",
        "internal-sftp",
        "/usr/lib/openssh/sftp-server",
    ];
    for command in commands {
        let tried = ssh(&scene, &[], &[command]);
        assert_eq!(
            (tried.status, tried.stdout.as_str()),
            (Some(1), ""),
            "{command}: {tried:#?}"
        );
    }
    assert_eq!(command_sees(&scene), "");
    assert_eq!(scene.bastion.run("wc -l <~stitch/.ssh/authorized_keys").trim(), "1");
    for listen in [
        "8080:127.0.0.1:22",
        "*:8080:127.0.0.1:22",
        "localhost:1:127.0.0.1:22",
        "0:127.0.0.1:22",
    ] {
        let tried = ssh(&scene, &["-N", "-o", "ExitOnForwardFailure=yes", "-R", listen], &[]);
        assert!(
            tried.stderr.contains("remote port forwarding failed"),
            "{listen}: {tried:#?}"
        );
    }
    // The server listens on no Unix socket. The test can fail: without the file the server does.
    let listens = || {
        let socket = [
            "-N",
            "-v",
            "-o",
            "ExitOnForwardFailure=yes",
            "-R",
            "/tmp/back:127.0.0.1:22",
        ];
        let mut command = scene.bastion.ssh(&scene.ops, "stitch", &scene.stitch);
        command.args(socket);
        let tried = finish(command, b"", Duration::from_secs(4)).stderr;
        let made = scene.bastion.try_run("rm /tmp/back").success();
        let refused = tried.contains("remote forward failure");
        // While it reads its configuration the server answers neither.
        (made != refused).then_some(made)
    };
    let comes_to = |open: bool| poll(DEADLINE, || (listens()? == open).then_some(()));
    assert_eq!(poll(DEADLINE, &listens), Some(false));
    scene
        .bastion
        .run("mv /etc/ssh/sshd_config.d/00-stitch-pg-* /tmp/ours; kill -HUP $(cat /run/sshd.pid)");
    comes_to(true).expect("a socket without the file");
    for (value, open) in [("local", false), ("remote", true), ("all", true)] {
        scene.bastion.run(&format!(
            "printf 'AllowStreamLocalForwarding {value}\\n' >/etc/ssh/sshd_config.d/x.conf; kill -HUP $(cat /run/sshd.pid)"
        ));
        comes_to(open).expect(value);
        assert_eq!(scene.check("stitch").changes().len(), usize::from(open), "{value}");
    }
    // Open only on the address that Stitch connects to.
    scene.bastion.run(&format!(
        "printf 'Match LocalAddress {BASTION}\\nAllowStreamLocalForwarding all\\nMatch all\\nAllowStreamLocalForwarding no\\n' \
         >/etc/ssh/sshd_config.d/x.conf; kill -HUP $(cat /run/sshd.pid)"
    ));
    comes_to(true).expect("open on that address");
    let setup = scene.setup("stitch");
    assert_eq!(setup.status, Some(0), "{setup:#?}");
    comes_to(false).expect("closed on that address");
    // From here on without the file: the options in front of the key are enough for what follows.
    scene
        .bastion
        .run("cd /etc/ssh/sshd_config.d; rm x.conf 00-stitch-pg-*; kill -HUP $(cat /run/sshd.pid)");
    poll(DEADLINE, || up().then_some(())).expect("the server comes back");
    // A server that answers on a socket which every user may use.
    scene.bastion.run("(exec perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un(\"/tmp/open\")); chmod 0777, \"/tmp/open\"; listen(S, 9); while (accept(C, S)) { syswrite(C, \"reached\\n\"); close(C) }') >/dev/null 2>&1 &");
    let socket = |options: &str| {
        let setup = told(
            &scene
                .program("setup", "root", "stitch")
                .args(["--yes", "--key-options", options]),
        );
        assert_eq!(setup.status, Some(0), "{setup:#?}");
    };
    let through = || {
        let script = "(\"$@\" -N -L /run/world/tmp/l.sock:/tmp/open & pid=$!
            for i in $(seq 300); do [ -S /run/world/tmp/l.sock ] && break; sleep 0.2; done
            perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, sockaddr_un(\"/run/world/tmp/l.sock\")); print <S>'
            kill $pid; rm -f /run/world/tmp/l.sock)";
        let command = scene.bastion.ssh(&scene.ops, "stitch", &scene.stitch);
        let words: Vec<String> = command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        let at = words.iter().position(|word| word == "ssh").expect("ssh");
        crate::support::Program::new("sh", &scene.ops)
            .args(["-c", script, "sh"])
            .args(&words[at..])
            .run()
            .stdout
    };
    assert_eq!(through(), "");
    // The test can fail: with a line that an earlier version wrote the socket is reached.
    scene
        .bastion
        .run("sed -i 's/,permit.*command=[^ ]*//' ~stitch/.ssh/authorized_keys");
    assert_eq!(through(), "reached\n");
    socket("permitopen,no-command");
    poll(DEADLINE, || up().then_some(())).expect("the server comes back");
    assert_eq!(through(), "");
}

/// The command of the key's line is run by the login shell, which obeys variables first.
#[test]
fn variables_that_a_shell_obeys() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let options = BastionOptions::new().config("Include /etc/ssh/sshd_config.d/*.conf");
    let scene = Scene::new(&world, options);
    scene
        .bastion
        .run("mkdir -p /etc/ssh/sshd_config.d; useradd -D -s /bin/bash");
    let accepts = |patterns: &str| {
        scene.bastion.run(&format!(
            "printf 'AcceptEnv {patterns}\n' >/etc/ssh/sshd_config.d/x.conf; kill -HUP $(cat /run/sshd.pid)"
        ));
    };
    accepts("LANG LC_* COLORTERM");
    assert_eq!(scene.setup("stitch").status, Some(0));
    let runs = || {
        let function = "SetEnv=\"BASH_FUNC_false%%=() { echo ran; }\"";
        let said = ssh(&scene, &["-o", function], &["x"]);
        // While it reads its configuration the server does not answer.
        (!said.stderr.contains("refused")).then(|| said.stdout.contains("ran"))
    };
    assert_eq!(poll(DEADLINE, &runs), Some(false));
    for patterns in ["*", "GIT_* BASH*", "SHELLOPT?"] {
        accepts(patterns);
        if patterns != "SHELLOPT?" {
            poll(DEADLINE, || runs().filter(|ran| *ran)).expect("the test can tell");
        }
        let check = scene.check("stitch");
        assert_eq!(
            check.verdict("ssh-key-unrestricted"),
            Some("bad"),
            "{patterns}: {check:#?}"
        );
    }
    accepts("*");
    let nologin = scene
        .program("setup", "root", "stitch")
        .args(["--yes", "--tunnel-only"]);
    assert_ne!(told(&nologin).status, Some(1));
    assert_eq!(runs(), Some(false));
    assert!(scene.tunnel_works("stitch"));
}

/// `permitlisten="localhost:1"` allows no port only where just root may listen on port 1.
#[test]
fn port_one_where_everybody_may_listen_on_it() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(
        &world,
        BastionOptions::new().config("Include /etc/ssh/sshd_config.d/*.conf"),
    );
    scene.bastion.run("mkdir -p /etc/ssh/sshd_config.d");
    scene.has_working("stitch");
    // What is the network's own setting goes with the network.
    world.sh("nsenter --net=/run/netns/bastion sh -c 'echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start'");
    let listens = || {
        let arguments = [
            "-N",
            "-v",
            "-o",
            "ExitOnForwardFailure=yes",
            "-R",
            "localhost:1:127.0.0.1:22",
        ];
        let mut command = scene.bastion.ssh(&scene.ops, "stitch", &scene.stitch);
        command.args(arguments);
        let said = finish(command, b"", Duration::from_secs(3)).stderr;
        let made = said.contains("remote forward success");
        // While it reads its configuration the server answers neither.
        (made || said.contains("remote port forwarding failed")).then_some(made)
    };
    assert_eq!(poll(DEADLINE, &listens), Some(true), "the test can tell");
    let setup = scene.setup("stitch");
    assert_eq!(setup.status, Some(0), "{setup:#?}");
    assert!(setup.changes()[0].contains("PermitListen none"), "{setup:#?}");
    poll(DEADLINE, || listens().filter(|made| !made)).expect("nothing listens");
    assert_eq!(scene.check_when_up("stitch").report["result"], "ready");
}
