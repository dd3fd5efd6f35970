//! A bastion, an administrator on another machine, and the program under test in between.

use serde_json::Value;

use crate::support::process::{DEADLINE, poll};
use crate::support::{Bastion, BastionOptions, Host, Program, SshKey, World, finish, json, stitch_pg};

/// The bastion's address on the network the admin is in.
pub(crate) const BASTION: &str = "198.51.100.20";

/// What stands in front of Stitch's key by default, for the database that [`Scene::program`] names.
pub(crate) const OPTIONS: &str =
    "restrict,port-forwarding,permitopen=\"10.20.0.3:5432\",permitlisten=\"localhost:1\",command=\"false\"";

/// See the module's description.
pub(crate) struct Scene<'world> {
    pub(crate) world: &'world World,
    pub(crate) ops: Host,
    pub(crate) bastion: Bastion<'world>,
    /// Stitch's key pair; the private half serves to log in as Stitch would.
    pub(crate) stitch: SshKey,
    options: BastionOptions,
}

/// What a run of the program reported.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: Option<i32>,
    pub(crate) report: Value,
    pub(crate) stderr: String,
}

impl<'world> Scene<'world> {
    #[track_caller]
    pub(crate) fn new(world: &'world World, options: BastionOptions) -> Self {
        let keys = world.outside(world.dir().join("tmp"));
        let ops = world.host("ops", &[("lan", "198.51.100.10/24")]);
        let options = options.authorize(&SshKey::ed25519(&keys));
        let kept = options.clone();
        let bastion = world.bastion(
            "bastion",
            &[("lan", "198.51.100.20/24"), ("inner", "10.20.0.2/24")],
            options,
        );
        bastion.remember();
        // The file as the programs in the world see it.
        let mut stitch = SshKey::rsa(&keys);
        let public = stitch.public();
        stitch.path = world.dir().join("tmp/rsa");
        std::fs::write(world.outside(world.dir().join("tmp/stitch.pub")), public).expect("the world is writable");
        Self {
            world,
            ops,
            bastion,
            stitch,
            options: kept,
        }
    }

    /// The SSH server's options as they were at first.
    pub(crate) fn plain_options(&self) -> BastionOptions {
        self.options.clone()
    }

    /// Stitch's public key: type and body.
    pub(crate) fn public(&self) -> String {
        let line = self.world.sh("cut -d' ' -f1,2 /run/world/tmp/stitch.pub");
        line.trim().to_owned()
    }

    /// The program as the admin starts it, with this step only.
    pub(crate) fn program(&self, command: &str, login: &str, user: &str) -> Program {
        self.program_for(command, login, user, "10.20.0.3")
    }

    /// The program with a server of the client's configuration.
    pub(crate) fn by_alias(&self, command: &str, server: &str) -> Program {
        stitch_pg(&self.ops)
            .args([command, "--only", "ssh-user", "--format", "json", "--no-input", "--yes"])
            .args(["--bastion", server, "--public-key-file", "/run/world/tmp/stitch.pub"])
            .args(["--stitch-host", "10.20.0.3"])
    }

    /// The same login by `ssh`, which asks no questions.
    pub(crate) fn ssh_by_alias(&self, server: &str) -> Program {
        let options = "-oBatchMode=yes -oStrictHostKeyChecking=yes -oConnectTimeout=5";
        Program::new("ssh", &self.ops)
            .args(options.split(' '))
            .args([server, "true"])
    }

    /// Writes the client's configuration: this server, and more lines.
    pub(crate) fn configure(&self, lines: &str) {
        let text = format!("Host gate\n HostName {BASTION}\n{lines}");
        let file = self.world.outside("/run/world/home/.ssh/config");
        std::fs::write(file, text).expect("a file");
    }

    /// Makes the world's home root's own: ssh takes the person's files from the account database, and not from HOME.
    pub(crate) fn moves_home(&self) {
        moves_home(self.world);
    }

    /// The same for a database by another name.
    pub(crate) fn program_for(&self, command: &str, login: &str, user: &str, database: &str) -> Program {
        stitch_pg(&self.ops)
            .args([command, "--only", "ssh-user", "--format", "json", "--no-input"])
            .args(["--bastion", &format!("{login}@{BASTION}:{}", self.bastion.port())])
            .args(["--bastion-identity", "/run/world/tmp/ed25519", "--tunnel-user", user])
            .args(["--public-key-file", "/run/world/tmp/stitch.pub"])
            .args(["--allow-cidr", "52.23.137.21", "--allow-cidr", "52.204.223.208"])
            .args(["--stitch-host", database, "--stitch-port", "5432"])
    }

    /// An account that was there before, whose home is its own, with the key as setup puts it in.
    pub(crate) fn has_working(&self, user: &str) {
        let script = "if type useradd >/dev/null 2>&1; then
                useradd -m -p '*' \"$1\"
            else
                adduser -D \"$1\" && echo \"$1:*\" | chpasswd -e
            fi
            d=/home/$1/.ssh; mkdir -m 700 \"$d\"
            printf '%s %s\\n' \"$3\" \"$2\" >\"$d/authorized_keys\"
            chmod 600 \"$d/authorized_keys\"; chown -R \"$1:\" \"$d\"";
        self.world.sh_with(
            "on bastion sh -euc \"$1\" sh \"$2\" \"$3\" \"$4\"",
            &[script, user, &self.public(), OPTIONS],
            b"",
        );
    }

    pub(crate) fn check(&self, user: &str) -> Told {
        told(&self.program("check", "root", user))
    }

    /// The same when the server has just got the signal to read its configuration again.
    pub(super) fn check_when_up(&self, user: &str) -> Told {
        poll(DEADLINE, || {
            Some(self.check(user)).filter(|told| told.status != Some(1))
        })
        .expect("the server comes back")
    }

    pub(crate) fn setup(&self, user: &str) -> Told {
        told(&self.program("setup", "root", user).arg("--yes"))
    }

    /// Logs in with Stitch's key as that user and has a connection forwarded to the database's address, where the SSH server
    /// itself answers for as long.
    pub(crate) fn tunnel_works(&self, user: &str) -> bool {
        let mut command = self.bastion.ssh(&self.ops, user, &self.stitch);
        command.args(["-v", "-W", "10.20.0.3:5432"]);
        self.bastion.run("ip addr add 10.20.0.3/32 dev lo");
        let output = finish(command, b"", std::time::Duration::from_secs(10));
        self.bastion.run("ip addr del 10.20.0.3/32 dev lo");
        // Nothing listens there: the server tried.
        output.stderr.contains("Connection refused") || output.stderr.contains("onnect failed")
    }

    /// Check, setup, check, setup: pending, fixed, ready, nothing to do.
    #[track_caller]
    pub(crate) fn is_cured(&self, user: &str, summary: &str) {
        let broken = self.check(user);
        assert_eq!(broken.status, Some(3), "{user}: {broken:#?}");
        assert!(
            broken.changes().iter().any(|change| change.contains(summary)),
            "{user}: no change says {summary:?}: {broken:#?}"
        );
        let mended = self.setup(user);
        assert_eq!(mended.status, Some(0), "{user}: {mended:#?}");
        self.is_ready(user);
    }

    #[track_caller]
    pub(crate) fn is_ready(&self, user: &str) {
        let checked = self.check(user);
        assert_eq!(checked.status, Some(0), "{user}: {checked:#?}");
        assert!(checked.changes().is_empty(), "{user}: {checked:#?}");
        let again = self.setup(user);
        assert_eq!(again.report["result"], "ready", "{user}: {again:#?}");
        assert!(self.tunnel_works(user), "{user}: {}", self.bastion.log());
    }
}

/// See [`Scene::moves_home`].
pub(crate) fn moves_home(world: &World) {
    world.sh(
        "sed 's|^root:\\([^:]*:[^:]*:[^:]*:[^:]*\\):[^:]*|root:\\1:/run/world/home|' /etc/passwd >/run/world/passwd
         mount --bind /run/world/passwd /etc/passwd",
    );
}

/// Runs it and reads its report.
#[track_caller]
pub(crate) fn told(program: &Program) -> Told {
    let output = program.run();
    Told {
        status: output.status,
        report: json::report(&output.stdout),
        stderr: output.stderr,
    }
}

impl Told {
    fn step(&self) -> &Value {
        let steps = self.report["steps"].as_array().expect("steps");
        let step = steps.iter().find(|step| step["step"] == "ssh-user");
        step.expect("the step is in the report")
    }

    /// The summaries of the changes, planned or made.
    pub(crate) fn changes(&self) -> Vec<&str> {
        let changes = self.step()["changes"].as_array().expect("changes");
        changes.iter().filter_map(|change| change["summary"].as_str()).collect()
    }

    /// The verdict of a finding.
    pub(crate) fn verdict(&self, code: &str) -> Option<&str> {
        let findings = self.step()["findings"].as_array().expect("findings");
        let finding = findings.iter().find(|finding| finding["code"] == code)?;
        finding["verdict"].as_str()
    }

    /// What is advised about it.
    #[track_caller]
    pub(super) fn advice(&self, code: &str) -> String {
        let findings = self.step()["findings"].as_array().expect("findings");
        let finding = findings.iter().find(|finding| finding["code"] == code);
        let advice = finding.and_then(|finding| finding["advice"].as_str());
        advice
            .unwrap_or_else(|| panic!("no advice about {code}: {self:#?}"))
            .to_owned()
    }

    /// Why the step failed.
    pub(crate) fn error(&self) -> &str {
        self.step()["error"].as_str().unwrap_or_default()
    }
}
