//! A home whose name leads to a folder of root's, by a link that another user laid: root does not work there.

use super::scene::Scene;
use crate::support::{BastionOptions, Kind, Need, Program, world};

/// What root has, and may not lose.
const STATE: &str = "ls -lAnd /victim /victim/* /victim/.ssh /victim/.ssh/* /victim/empty /root /tmp | sed 's/  */ /g' | cut -d' ' -f1-4,9-
    cat /victim/.ssh/authorized_keys";

#[test]
fn a_home_that_leads_to_roots() {
    for kind in [Kind::Debian, Kind::RhelLike, Kind::BusyBox] {
        let Some(world) = world(&[Need::Bastion, Need::BusyBox]) else {
            return;
        };
        let scene = Scene::new(&world, BastionOptions::new().kind(kind));
        scene.bastion.run(
            "mkdir -p /victim/.ssh /victim/empty; chmod 700 /victim/.ssh; echo '# of root' >/victim/.ssh/authorized_keys
             chmod 600 /victim/.ssh/authorized_keys; for f in .profile .bashrc; do if [ -f /etc/skel/$f ]; then cp /etc/skel/$f /victim/$f; fi; done",
        );
        scene.has_working("stitch");
        scene.bastion.run(
            "mkdir -p /srv/apps; mv /home/stitch /srv/apps/own; chown stitch: /srv/apps
             sed -i 's|:/home/stitch:|:/srv/apps/stitch:|' /etc/passwd",
        );
        let state = scene.bastion.run(STATE);
        for target in ["/victim", "/victim/empty", "/tmp", "own"] {
            scene.bastion.run(&format!(
                "ln -sfn {target} /srv/apps/stitch; chown -h stitch: /srv/apps/stitch"
            ));
            let undo = format!("/run/world/tmp/undo{}.sh", target.replace('/', "-"));
            for program in [
                scene.program("check", "root", "stitch"),
                scene
                    .program("setup", "root", "stitch")
                    .args(["--yes", "--undo", &undo]),
                Program::new("sh", &scene.ops).arg(&undo),
                scene.program("remove", "root", "stitch").arg("--yes"),
            ] {
                let output = program.run();
                assert_eq!(
                    scene.bastion.run(STATE),
                    state,
                    "{kind:?} {target}: {} {}",
                    output.stderr,
                    output.stdout.len()
                );
            }
        }
    }
}
