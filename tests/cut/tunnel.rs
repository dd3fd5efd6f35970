//! Through the SSH server: cut off between it and PostgreSQL, or before it. Neither a key, a file nor a process of ours is
//! left on it.

use std::time::Duration;

use rustix::process::Signal;

use crate::cut::direct::{BLOWS, Connection, Direct, RULES};
use crate::cut::scene::Scene;
use crate::cut::trial::{Blow, Goal, Point, Shutdown, try_all};
use crate::support::process::{DEADLINE, poll};
use crate::support::{
    Bastion, BastionOptions, CountingProxy, Fault, Host, Need, Postgres, PostgresOptions, Program, Running, Side,
    SshKey, World, stitch_pg, world,
};

const DATABASE: &str = "10.20.0.3";
const BASTION: &str = "198.51.100.20";

/// Where the connection is cut.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Between the SSH server and PostgreSQL.
    Database,
    /// Before the SSH server.
    Ssh,
}

/// An SSH server that alone reaches the database, and an administrator of both.
struct Site<'world> {
    world: &'world World,
    ops: Host,
    bastion: Bastion<'world>,
    server: Postgres<'world>,
}

impl<'world> Site<'world> {
    fn new(world: &'world World) -> Self {
        let keys = world.outside(world.dir().join("tmp"));
        let ops = world.host("ops", &[("lan", "198.51.100.10/24")]);
        let options = BastionOptions::new()
            .authorize(&SshKey::ed25519(&keys))
            .config("MaxStartups 100");
        let plugs = [("lan", "198.51.100.20/24"), ("inner", "10.20.0.2/24")];
        let bastion = world.bastion("bastion", &plugs, options);
        let host = world.host("db", &[("inner", "10.20.0.3/24")]);
        let options = PostgresOptions::new()
            .hba(RULES)
            .conf("max_connections", "60")
            .conf("autovacuum", "off");
        let server = Postgres::start_in(world, Some(&host), options);
        std::fs::write(keys.join("stitch.pub"), SshKey::rsa(&keys).public()).expect("the world is writable");
        Self {
            world,
            ops,
            bastion,
            server,
        }
    }
}

/// A destination behind the SSH server, with a user of its own there.
struct Tunnel<'a> {
    site: &'a Site<'a>,
    direct: Direct<'a>,
    number: usize,
    cut: Cut,
    /// Before the SSH server.
    ssh: CountingProxy,
}

impl<'a> Tunnel<'a> {
    fn new(site: &'a Site<'a>, connection: Connection, number: usize, cut: Cut) -> Self {
        let port = |from: usize| u16::try_from(from + number).expect("a port");
        let before = CountingProxy::tcp_before(&site.server, port(7000));
        let direct = Direct::behind(&site.server, connection, number, before);
        let folder = site.world.dir().join(format!("ssh{number}"));
        let at = |port: u16| std::net::SocketAddr::new(BASTION.parse().expect("an address"), port);
        let ssh = CountingProxy::before_any(&site.bastion.host().place(), &folder, at(port(2200)), at(22));
        Self {
            site,
            direct,
            number,
            cut,
            ssh,
        }
    }

    fn user(&self) -> String {
        format!("stitch{}", self.number)
    }

    fn known_hosts(&self) -> std::path::PathBuf {
        let name = self.site.world.dir().join(format!("tmp/known{}", self.number));
        let keys = self.site.bastion.host_keys();
        let lines = keys
            .iter()
            .map(|key| format!("[{BASTION}]:{} {key}\n", 2200 + self.number));
        std::fs::write(self.site.world.outside(&name), lines.collect::<String>()).expect("the world is writable");
        name
    }
}

impl Scene for Tunnel<'_> {
    fn prepare(&self) {
        self.direct.prepare();
        let user = self.user();
        // The home is root's, and `userdel -r` leaves what is another user's.
        self.site.bastion.run(&format!(
            "if id {user} >/dev/null 2>&1; then userdel {user} && rm -rf /home/{user} /var/mail/{user}; fi"
        ));
    }

    fn program_within(&self, timeout: &str) -> Program {
        let program = self.direct.setup(
            stitch_pg(&self.site.ops),
            timeout,
            (DATABASE, self.direct.proxy().port()),
        );
        program
            .arg("--via-bastion")
            .args(["--bastion", &format!("root@{BASTION}:{}", 2200 + self.number)])
            .args([
                "--bastion-identity",
                "/run/world/tmp/ed25519",
                "--tunnel-user",
                &self.user(),
            ])
            .args(["--public-key-file", "/run/world/tmp/stitch.pub", "--known-hosts"])
            .arg(self.known_hosts())
            .deadline(Duration::from_secs(120))
    }

    fn signal(&self, run: &Running, signal: Signal) {
        let names = [(Signal::INT, "INT"), (Signal::TERM, "TERM"), (Signal::KILL, "KILL")];
        let name = names.into_iter().find(|(known, _)| *known == signal);
        // At the last messages it may be gone before the signal.
        run.signal_if_there(name.expect("one of the three").1);
    }

    fn restart(&self, how: Shutdown) {
        self.direct.restarted(how, self.proxy());
    }

    fn proxy(&self) -> &CountingProxy {
        match self.cut {
            Cut::Database => self.direct.proxy(),
            Cut::Ssh => &self.ssh,
        }
    }

    /// What is on the SSH server as well.
    fn state(&self) -> String {
        let user = self.user();
        let there = self.site.bastion.run(&format!(
            "grep '^{user}:' /etc/passwd | cut -d: -f1,5-; grep '^{user}:' /etc/shadow | cut -d: -f1,2
             cd /home/{user} 2>/dev/null || exit 0
             stat -c '%n %a %U %G' . .ssh .ssh/*; cat .ssh/authorized_keys"
        ));
        let there = there
            .replace(&user, "stitchN")
            .replace(&(7000 + self.number).to_string(), "PORT");
        [self.direct.state(), there].concat()
    }

    fn left(&self) -> String {
        let user = self.user();
        let there = self.site.bastion.run(&format!(
            "ls -A /tmp; ps -o args= -u {user} 2>/dev/null || :
             cd /home/{user}/.ssh 2>/dev/null || exit 0
             ls -A | grep -vx authorized_keys || :
             grep stitch-pg-proof authorized_keys || :"
        ));
        [self.direct.left(), there].concat()
    }

    fn undo(&self) {
        self.direct.undo_at(&self.site.ops.place());
    }
}

fn cut_anywhere(connection: Connection, cut: Cut, points: impl Fn(&Goal) -> Vec<Point>) {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let site = Site::new(&world);
    let scenes: Vec<Tunnel<'_>> = (1..=3)
        .map(|number| Tunnel::new(&site, connection, number, cut))
        .collect();
    let goal = Goal::of(&scenes[0]);
    println!("{:?}", goal.messages);
    let scenes: Vec<&dyn Scene> = scenes.iter().map(|scene| scene as &dyn Scene).collect();
    try_all(&scenes, &goal, points(&goal));
}

#[test]
fn a_new_destination_behind_ssh_cut_anywhere() {
    let points = |goal: &Goal| goal.every(13, Side::Client, &BLOWS);
    cut_anywhere(Connection::Given, Cut::Database, points);
}

#[test]
fn an_existing_destination_behind_ssh_cut_anywhere() {
    let points = |goal: &Goal| goal.every(23, Side::Client, &BLOWS);
    cut_anywhere(Connection::Existing, Cut::Database, points);
}

#[test]
fn a_login_at_the_ssh_server_cut_anywhere() {
    let points = |goal: &Goal| {
        let mut points = goal.every(29, Side::Client, &BLOWS);
        points.extend(goal.every(31, Side::Server, &BLOWS));
        points
    };
    cut_anywhere(Connection::Given, Cut::Ssh, points);
}

/// In the greeting, the exchange of keys, the login, the opening of channels, in the middle of what scripts print.
#[test]
fn an_ssh_server_that_falls_silent() {
    let stalls = |goal: &Goal| goal.every(61, Side::Server, &[Blow::Cut(Fault::Stall)]);
    cut_anywhere(Connection::Given, Cut::Ssh, stalls);
}

/// Eight at once with the same user there: every line that was in the file is in it afterwards, and the key once.
#[test]
fn eight_setups_through_one_ssh_server() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let site = Site::new(&world);
    let scene = Tunnel::new(&site, Connection::Given, 1, Cut::Database);
    let goal = Goal::of(&scene);
    crate::cut::together::together(&[&scene], &goal);
}

/// A killed run can take nothing back; its key goes all the same, without another run.
#[test]
fn a_lent_key_goes_when_its_run_is_killed() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let site = Site::new(&world);
    let scene = Tunnel::new(&site, Connection::Given, 1, Cut::Database);
    scene.prepare();
    assert!(scene.program().run().success());
    let file = site.bastion.outside("/home/stitch1/.ssh/authorized_keys");
    let before = std::fs::read_to_string(&file).expect("the key is in it");
    let run = scene.program().arg("--prove-tunnel").start();
    let lent = poll(DEADLINE, || {
        let text = std::fs::read_to_string(&file).ok()?;
        text.contains("stitch-pg-proof").then_some(())
    });
    lent.expect("a second key");
    scene.signal(&run, Signal::KILL);
    let gone = poll(DEADLINE, || {
        (std::fs::read_to_string(&file).ok()? == before).then_some(())
    });
    gone.unwrap_or_else(|| panic!("{:?}", std::fs::read_to_string(&file)));
    let empty = poll(DEADLINE, || scene.left().is_empty().then_some(()));
    empty.unwrap_or_else(|| panic!("{}", scene.left()));
}
