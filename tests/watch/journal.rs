//! A SSH server whose log is systemd's journal: a real one, which systemd's own tools write and read.

use crate::support::{Need, Place, Running, spawn, world};

use super::scene::{STITCH, Scene, Watching};

/// Each line of sshd becomes an entry of the journal, by root's process. Whatever else runs there writes entries too, and
/// one user writes under sshd's name.
const WRITER: &str = "id=$(printf '%032d' 7); root=$WORLD/bastion/root
mkdir -p $root/run/systemd/system $root/var/log/journal/$id
echo $id >$root/etc/machine-id
entry() {
    printf '__REALTIME_TIMESTAMP=%s\\n__MONOTONIC_TIMESTAMP=%s\\n_BOOT_ID=%s\\n_MACHINE_ID=%s\\n_HOSTNAME=bastion\\n' \
        \"$(date +%s%6N)\" \"$((number += 1))\" $id $id
    printf '_UID=%s\\nSYSLOG_IDENTIFIER=%s\\nSYSLOG_PID=7\\nMESSAGE=%s\\n\\n' \"$1\" \"$2\" \"$3\"
}
number=0
{ { entry 0 systemd Started
    tail -n +1 -F $WORLD/bastion/log | while IFS= read -r line; do
        entry 0 sshd \"$line\"
        entry 1234 sshd 'Accepted publickey for stitch from 52.204.228.32 port 1 ssh2: RSA SHA256:forged'
        entry 0 cron 'a job'
    done
  } | /lib/systemd/systemd-journal-remote -o $root/var/log/journal/$id/system.journal - ; } >/dev/null 2>&1 </dev/null &";

#[test]
fn the_journal_is_read() {
    let Some(world) = world(&[Need::Bastion]) else { return };
    let scene = Scene::new(&world);
    world.sh(WRITER);
    // What goes to the journal alone is not in the file.
    scene.bastion.run("rm /var/log/auth.log");
    let program = scene.program("watch").args(["--for", "10m", "--format", "json"]);
    let mut watching = Watching::of(&scene.tunnelled(program));
    watching.until("begun", |event| super::said(event, "forwards that were opened"));
    let stitch = &scene.hosts["stitch"];
    let start = |key| Running::new(spawn(&mut scene.ssh(stitch, key, 9999)), Place::from(stitch));
    let _wrong = start("other");
    let refused = watching.until("wrong key", |event| {
        event["hop"] == "ssh-login" && event["result"] == "failed"
    });
    assert_eq!(refused["address"].as_str(), Some(STITCH), "{refused}");
    // The first entry after one that is not sshd's is shown too, and the forged one is not.
    let _right = start("rsa");
    let mut seen = Vec::new();
    watching.until("forward", |event| {
        seen.push(event.to_string());
        event["hop"] == "forward" && event["result"] == "failed"
    });
    assert!(
        seen.iter().any(|event| event.contains("Accepted publickey for stitch")),
        "{seen:?}"
    );
    assert!(!seen.iter().any(|event| event.contains("forged")), "{seen:?}");
    assert_eq!(watching.interrupt(), 130);
}
