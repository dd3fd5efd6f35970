//! Root becomes the owner of `pg_hba.conf` with whatever the system has for it: `setpriv`, `runuser`, `su`, or BusyBox's.

use stitch_pg::hba::edit::{At, HbaLines, LineEnd};
use stitch_pg::shell::{add_hba_lines, remove_hba_lines};

use super::hba_file::{ATTACK, CALM};
use crate::support::process::{DEADLINE, poll};
use crate::support::{Bastion, BastionOptions, Kind, Need, Program, World, world};

const BEFORE: &str = "# keep\nhost dw all 10.0.0.0/8 md5\n";
const AFTER: &str = "# keep\n# ours\nhost dw stitch 52.23.137.21/32 md5\nhost dw all 10.0.0.0/8 md5\n";

/// A machine with a server's directory in it, and what runs there in front of `sh`.
struct Machine<'world> {
    world: &'world World,
    on: &'static str,
    file: &'static str,
}

impl Machine<'_> {
    /// Puts the rules back, as this owner's.
    fn put(&self, rules: &str, owner: &str) {
        let script = format!(
            "{} sh -euc 'mkdir -p \"${{1%/*}}\"; cat >\"$1\"; chmod 640 \"$1\"; chown \"$2\" \"$1\" \"${{1%/*}}\"' sh \"$1\" \"$2\"",
            self.on
        );
        self.world.sh_with(&script, &[self.file, owner], rules.as_bytes());
    }

    fn look(&self, command: &str) -> String {
        let script = format!("{} sh -euc \"$1\" sh \"$2\"", self.on);
        self.world.sh_with(&script, &[command, self.file], b"")
    }

    /// What adds the lines, or takes them out.
    fn script(&self, adds: bool) -> String {
        let sum = self.look("md5sum <\"$1\"");
        let edit = HbaLines {
            file: self.file.to_owned(),
            md5: sum.split(' ').next().expect("a sum").to_owned(),
            lines: vec!["# ours".to_owned(), "host dw stitch 52.23.137.21/32 md5".to_owned()],
            at: At::Above(2),
            end: LineEnd::Lf,
            signal: None,
        };
        if adds {
            add_hba_lines(&edit).to_string()
        } else {
            remove_hba_lines(&edit).to_string()
        }
    }

    /// Does it; whether it succeeded, and what it printed.
    fn edit(&self, path: &str, adds: bool) -> (bool, String) {
        let script = self.script(adds);
        let run = format!("{} env PATH=\"$1\" sh -s", self.on);
        let moves = "mv -f \"$new\" \"$file\"";
        let tells = format!("echo $(id -un) $(id -G) >>/tmp/as; {moves}");
        let script = script.replacen(moves, &tells, 1);
        let output = self.world.try_sh(&run, &[path], script.as_bytes());
        (output.success(), output.stderr)
    }

    /// Both ways, as the owner and with the owner's groups, whose files they stay.
    fn edits_as_owner(&self, path: &str, case: &str) {
        self.put(BEFORE, "postgres:postgres");
        for (adds, text) in [(true, AFTER), (false, BEFORE)] {
            self.look(": >/tmp/as; chmod 666 /tmp/as");
            let (done, said) = self.edit(path, adds);
            assert!(done, "{case}: {said}");
            assert_eq!(self.look("cat \"$1\""), text, "{case}");
            assert_eq!(
                self.look("stat -c '%U %a' \"$1\"; ls -A \"${1%/*}\""),
                "postgres 640\npg_hba.conf\n",
                "{case}"
            );
            let who = self.look("sort -u /tmp/as");
            assert_eq!(who, self.look("echo $(id -un postgres) $(id -G postgres)"), "{case}");
        }
    }
}

/// A folder that is all of `PATH`, with the tools but these.
fn without(machine: &Machine<'_>, hidden: &str) -> String {
    machine.look(&format!(
        "rm -rf /tmp/tools; mkdir /tmp/tools; for folder in /usr/sbin /usr/bin /sbin /bin; do
             ln -sf $folder/* /tmp/tools/
         done
         for tool in {hidden}; do rm -f /tmp/tools/$tool; done
         # The scripts look there as well.
         for tool in {hidden}; do if [ -x /usr/sbin/$tool ]; then mount --bind /dev/null /usr/sbin/$tool; fi; done"
    ));
    "/tmp/tools".to_owned()
}

#[test]
fn whatever_there_is_to_become_the_owner_is_taken() {
    let Some(world) = world(&[]) else {
        return;
    };
    world.sh("mount -t tmpfs -o mode=1777 tmpfs /tmp; mkdir -m 755 /run/world/server");
    let machine = Machine {
        world: &world,
        on: "env",
        file: "/run/world/server/data/pg_hba.conf",
    };
    for hidden in ["", "setpriv", "setpriv runuser", "setpriv runuser setsid"] {
        let path = without(&machine, hidden);
        machine.edits_as_owner(&path, &format!("without {hidden:?}"));
    }
    // With none of them, and for an owner without a name where it takes one, nothing is done as root.
    for (hidden, owner, says) in [
        (
            "setpriv runuser su",
            "postgres:postgres",
            "this machine has neither setpriv, runuser nor su",
        ),
        (
            "setpriv",
            "4242:4242",
            "user 4242 has no name on this machine, so root cannot work as that user",
        ),
    ] {
        let path = without(&machine, hidden);
        machine.put(BEFORE, owner);
        let (done, said) = machine.edit(&path, true);
        assert!(!done && said.contains(says), "without {hidden}: {said}");
        assert_eq!(
            machine.look("cat \"$1\"; ls -A \"${1%/*}\""),
            format!("{BEFORE}pg_hba.conf\n")
        );
    }
}

/// Alpine's BusyBox has a `setpriv` that changes no user, and a `su` of its own. The bed's small shells cannot reckon; this one
/// is complete.
#[test]
fn busybox_becomes_the_owner_too() {
    let Some(world) = world(&[Need::Bastion, Need::BusyBox]) else {
        return;
    };
    let options = BastionOptions::new().kind(Kind::BusyBox);
    let bastion = world.bastion("bastion", &[("lan", "198.51.100.20/24")], options);
    bastion.run("adduser -D -H postgres; mkdir /tools; /bin/busybox --install -s /tools");
    let machine = Machine {
        world: &world,
        on: "on bastion",
        file: "/srv/data/pg_hba.conf",
    };
    machine.edits_as_owner("/tools", "BusyBox");
}

/// Root's files, to which links lead: their content, owners and modes.
const VICTIMS: &str = "cd /victims; stat -c '%n %u:%g %a' . *; cat *";

/// The server's user races root for the names in its data directory: 24 tries, in each of three ways.
fn race(kind: Kind) {
    let Some(world) = world(&[Need::Bastion, Need::BusyBox]) else {
        return;
    };
    let bastion = world.bastion(
        "bastion",
        &[("lan", "198.51.100.20/24")],
        BastionOptions::new().kind(kind),
    );
    let path = if kind == Kind::BusyBox {
        bastion.run("adduser -D -H postgres; mkdir /tools; /bin/busybox --install -s /tools");
        "/tools"
    } else {
        "/usr/sbin:/usr/bin:/sbin:/bin"
    };
    bastion.run(
        "mkdir -p /victims /srv/pg; chown postgres: /srv/pg; cd /victims; echo secret >victim; echo secret >pg_hba.conf; chmod 600 *",
    );
    let machine = Machine {
        world: &world,
        on: "on bastion",
        file: "/srv/pg/data/pg_hba.conf",
    };
    let victims = machine.look(VICTIMS);
    let (mut tries, mut done) = (0, 0);
    for mode in ["temporary", "name", "folder"] {
        for round in 0..8 {
            let (adds, rules) = if round % 2 == 0 { (true, BEFORE) } else { (false, AFTER) };
            machine.put(rules, "postgres:postgres");
            let script = machine.script(adds);
            let attack = attack(&world, &bastion, mode, CALM[round / 2]);
            let output = world.try_sh("on bastion env PATH=\"$1\" sh -s", &[path], script.as_bytes());
            attack.signal("KILL");
            attack.finish(DEADLINE);
            tries += 1;
            done += usize::from(output.success());
            assert_eq!(machine.look(VICTIMS), victims, "{kind:?}, {mode}, {adds}: {output:?}");
            assert!(!output.stderr.contains("secret"), "{output:?}");
            machine.look("cd /srv/pg; rm -rf data data.aside");
        }
    }
    println!("{kind:?}: {tries} tries ({done} came to their end), 0 won");
    assert!(tries == 24 && done > 0, "{tries} {done}");
}

/// Starts it from outside, since BusyBox has no Perl, with the user's number and in the folder above its data.
fn attack(world: &World, bastion: &Bastion<'_>, mode: &str, calm: &str) -> crate::support::Running {
    let user = bastion.run("id -u postgres").trim().to_owned();
    let ready = "open(my $ready, '>', 'ready'); close $ready;";
    let running = Program::new("sh", world.place())
        .args(["-c", "cd \"$1\" && shift && exec \"$@\"", "sh"])
        .arg(bastion.root().join("srv/pg"))
        .args([
            "setpriv",
            "--reuid",
            &user,
            "--regid",
            &user,
            "--clear-groups",
            "perl",
            "-e",
        ])
        .arg(format!("{ready} {ATTACK}"))
        .args([mode, "data", "/victims/victim", "/victims", calm])
        .start();
    poll(DEADLINE, || bastion.outside("/srv/pg/ready").exists().then_some(())).expect("it is at work");
    bastion.run("rm /srv/pg/ready");
    running
}

#[test]
fn the_servers_user_cannot_lead_root_elsewhere_on_red_hat() {
    race(Kind::RhelLike);
}

#[test]
fn the_servers_user_cannot_lead_root_elsewhere_on_busybox() {
    race(Kind::BusyBox);
}
