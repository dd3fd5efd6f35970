//! SSH servers that let the admin in and then do not answer: the run ends within its time, and reports which part was silent.

use std::thread;
use std::time::{Duration, Instant};

use super::scene::{Scene, told};
use crate::support::process::{DEADLINE, poll};
use crate::support::{BastionOptions, Need, world};

/// What the admin's login shell is, and what is reported of it. Every script may take six times `--timeout`.
const SHELLS: [(&str, &str, &str); 4] = [
    (
        "drips for ever",
        "while :; do printf x; sleep 1; done",
        "it did not finish in time",
    ),
    ("does not read its input", "exec sleep 600", "it did not finish in time"),
    (
        "does not end",
        "/bin/sh \"$@\"; sleep 600",
        "it finished, but the channel stays open",
    ),
    (
        "leaves something behind that holds the channel",
        "sleep 600 & exec /bin/sh \"$@\"",
        "it finished, but the channel stays open",
    ),
];

impl Scene<'_> {
    /// Makes this text a program there, which leaves a file when it is started.
    fn has_tool(&self, path: &str, body: &str) {
        let text = format!("#!/bin/sh\n: >{path}.entered\n{body}\n");
        std::fs::write(self.bastion.outside(path), text).expect("the world is writable");
        self.bastion.run(&format!("chmod 755 {path}"));
    }

    /// Another name for root, with each of the login shells.
    fn has_odd_shells(&self) {
        for (number, (_, body, _)) in SHELLS.iter().enumerate() {
            let path = format!("/usr/local/bin/odd{number}");
            self.has_tool(&path, body);
            self.bastion.run(&format!(
                "echo 'odd{number}:x:0:0::/root:{path}' >>/etc/passwd; echo 'odd{number}:*:19000:0:99999:7:::' >>/etc/shadow"
            ));
        }
    }
}

#[test]
fn a_login_shell_that_comes_to_no_end() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_odd_shells();
    thread::scope(|scope| {
        for (number, (what, _, words)) in SHELLS.iter().enumerate() {
            let program = scene.program("setup", &format!("odd{number}"), "stitch");
            scope.spawn(move || {
                let late = told(&program.args(["--yes", "--timeout", "1"]));
                assert_eq!(late.status, Some(1), "{what}: {late:#?}");
                let error = late.error();
                assert!(error.contains(words) && error.contains("next: "), "{what}: {error}");
                let on = format!("cannot run \"sh\" on odd{number}@198.51.100.20");
                assert!(error.contains(&on), "{what}: {error}");
            });
        }
    });
    let setup = scene.setup("stitch");
    assert_eq!(setup.status, Some(0), "{setup:#?}");
    scene.is_ready("stitch");
}

/// In the middle of a script: one of the tools it needs does not come back.
#[test]
fn a_tool_there_that_comes_to_no_end() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_tool("/usr/local/bin/getent", "while :; do printf x; sleep 1; done");
    let late = told(
        &scene
            .program("setup", "root", "stitch")
            .args(["--yes", "--timeout", "1"]),
    );
    assert_eq!(late.status, Some(1), "{late:#?}");
    assert!(
        late.error().contains("wait for a lock or a name server"),
        "{}",
        late.error()
    );
    scene.bastion.run("rm /usr/local/bin/getent");
    let setup = scene.setup("stitch");
    assert_eq!(setup.status, Some(0), "{setup:#?}");
    scene.is_ready("stitch");
}

#[test]
fn ctrl_c_while_a_script_comes_to_no_end() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_odd_shells();
    for (number, (what, ..)) in SHELLS.iter().enumerate() {
        let program = scene.program("setup", &format!("odd{number}"), "stitch");
        let mut terminal = program.args(["--yes", "--timeout", "60"]).terminal(80, 24);
        let entered = scene.bastion.outside(format!("/usr/local/bin/odd{number}.entered"));
        poll(DEADLINE, || entered.exists().then_some(())).expect("the shell is started");
        // As far as it leads.
        thread::sleep(Duration::from_millis(300));
        let began = Instant::now();
        terminal.send_ctrl_c();
        assert_eq!(terminal.wait_exit(), 130, "{what}: {}", terminal.transcript());
        // Long before the minute that it would wait.
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "{what}: {:?}",
            began.elapsed()
        );
        assert!(terminal.echoes(), "{what}: the echo is back");
    }
}
