//! `--manage firewall` on real firewalls: ufw and firewalld get rules, packets from Stitch's addresses then get through and
//! no others, and the way back is exact. Bare rules are never changed; the commands that are printed for them do the same.

use std::time::Duration;

use serde_json::Value;

use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::{
    Bastion, BastionOptions, Host, Need, Output, Postgres, PostgresOptions, Program, SshKey, World, finish, stitch_pg,
    world,
};

const STITCH: [&str; 4] = ["3.126.102.29", "18.158.16.164", "18.158.251.55", "52.57.235.168"];
const STRANGER: &str = "18.158.1.1";
const SERVER: &str = "198.51.100.20";

/// A firewall as its administrator left it: the admin gets in on port 22 and Stitch does not.
struct Case {
    name: &'static str,
    /// Makes it.
    make: &'static str,
    /// Prints its rules without what changes by itself.
    show: &'static str,
    /// Takes it away.
    clear: &'static str,
    /// How the commands that open it begin.
    commands: &'static [&'static str],
}

const CASES: [Case; 6] = [
    Case {
        name: "nft, by policy",
        make: "nft 'table inet f { chain i { type filter hook input priority 0; policy drop; iifname lo accept;
               ct state established accept; ip saddr 198.51.100.0/24 accept; }; }'",
        show: "nft list ruleset",
        clear: "nft flush ruleset",
        commands: &["nft -nna list chain inet f i | sed -n"],
    },
    Case {
        name: "nft, by a rule in a chain of its own",
        make: "nft 'table inet f { chain ssh { ip saddr 198.51.100.0/24 accept; reject; }
               chain i { type filter hook input priority 0; policy drop; iifname lo accept; ct state established accept;
               tcp dport 22 jump ssh; }; }'",
        show: "nft list ruleset",
        clear: "nft flush ruleset",
        commands: &["nft -nna list chain inet f ssh | sed -n"],
    },
    Case {
        name: "iptables, by rules of two chains",
        make: "iptables -N db; iptables -A INPUT -i lo -j ACCEPT
               iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
               iptables -A INPUT -s 3.0.0.0/8 -j db
               iptables -A INPUT ! -s 198.51.100.0/24 -p tcp --dport 22 -j REJECT
               iptables -A db -j DROP",
        show: "iptables-save | sed '/^#/d; s/ \\[.*\\]$//'",
        clear: "iptables -F; iptables -X; nft flush ruleset",
        commands: &["iptables -w -t filter -D INPUT -s", "iptables -w -t filter -D db -s"],
    },
    Case {
        name: "iptables, by policy",
        make: "iptables -P INPUT DROP; iptables -A INPUT -i lo -j ACCEPT
               iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
               iptables -A INPUT -s 198.51.100.0/24 -j ACCEPT",
        show: "iptables-save | sed '/^#/d; s/ \\[.*\\]$//'",
        clear: "iptables -P INPUT ACCEPT; iptables -F; nft flush ruleset",
        commands: &["iptables -w -t filter -D INPUT -s"],
    },
    Case {
        name: "ufw, by policy and by a rule",
        make: "ufw default deny incoming; ufw allow from 198.51.100.0/24; ufw deny from 3.0.0.0/8; ufw --force enable",
        show: "ufw status numbered",
        clear: "ufw --force disable; nft flush ruleset",
        commands: &[
            "ufw allow proto tcp from 18.158.16.164/32",
            "ufw prepend allow proto tcp from 3.126.102.29/32",
        ],
    },
    Case {
        name: "firewalld",
        make: "mkdir -p /run/dbus; rm -f /run/dbus/pid; dbus-daemon --system --fork
               firewalld --nofork >/run/firewalld.log 2>&1 </dev/null & echo $! >/run/firewalld.own
               for n in $(seq 100); do firewall-cmd --state >/dev/null 2>&1 && break; sleep 0.1; done
               firewall-cmd -q --remove-service=ssh; firewall-cmd -q --add-source=198.51.100.0/24 --zone=trusted",
        show: "firewall-cmd --list-all; firewall-cmd --permanent --list-all",
        clear: "kill $(cat /run/firewalld.own) $(cat /run/dbus/pid)",
        commands: &["firewall-cmd --permanent --zone=public --add-rich-rule="],
    },
];

impl Case {
    /// Whether ufw or firewalld keeps the rules.
    fn is_kept(&self) -> bool {
        self.name.starts_with("ufw") || self.name == "firewalld"
    }
}

/// What the rules do not show, or this program does not read: each makes rules, names what the finding says, and clears.
const UNSURE: [[&str; 3]; 3] = [
    [
        "nft 'table inet f { chain i { type filter hook input priority 0; policy drop; iifname lo accept;
         ct state established accept; ip saddr 198.51.100.0/24 accept; meta mark 7 accept; }; }'",
        "nft inet f i, handle ",
        "nft flush ruleset",
    ],
    [
        "ipset create friends hash:net; ipset add friends 3.126.102.29; iptables -P INPUT DROP
         iptables -A INPUT -i lo -j ACCEPT; iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
         iptables -A INPUT -s 198.51.100.0/24 -j ACCEPT; iptables -A INPUT -m set --match-set friends src -j ACCEPT",
        "iptables filter: -A INPUT -m set --match-set friends src -j ACCEPT",
        "iptables -P INPUT ACCEPT; iptables -F; nft flush ruleset; ipset destroy friends",
    ],
    [
        "iptables-legacy -A INPUT -s 3.0.0.0/8 -j DROP",
        "rules of iptables-legacy, which stitch-pg does not read",
        "iptables-legacy -F; nft flush ruleset",
    ],
];

struct Bench<'world> {
    world: &'world World,
    ops: Host,
    bastion: Bastion<'world>,
}

impl Bench<'_> {
    fn program(&self, command: &str, arguments: &[&str]) -> Output {
        stitch_pg(&self.ops)
            .args([
                command,
                "--only",
                "allowlist",
                "--format",
                "json",
                "--no-input",
                "--via-bastion",
            ])
            .args([
                "--host",
                "127.0.0.1",
                "--stitch-host",
                "127.0.0.1",
                "--bastion",
                "root@198.51.100.20",
            ])
            .args([
                "--bastion-identity",
                "/run/world/tmp/ed25519",
                "--admin-user",
                "postgres",
            ])
            .args(["--database", "dw", "--region", "europe"])
            .args(arguments)
            .env("PGPASSWORD", POSTGRES_PASSWORD)
            .run()
    }

    /// Whether the SSH server's greeting comes.
    /// Whether the SSH server answers a connection from this address, however slow the machine is.
    fn is_let_in(&self, from: &str) -> bool {
        self.connects_within(from, "20")
    }

    /// Whether a firewall refuses or drops what comes from this address: nothing answers, which shows only by waiting.
    fn is_kept_out(&self, from: &str) -> bool {
        !self.connects_within(from, "0.5")
    }

    fn connects_within(&self, from: &str, seconds: &str) -> bool {
        self.world.sh_with(
            "ip -n stitch route replace \"$1\" dev e0 src \"$2\"",
            &[SERVER, from],
            b"",
        );
        let mut command = self.world.command("nsenter");
        command.args(["--net=/run/netns/stitch", "timeout", seconds, "bash", "-c"]);
        command.arg(format!(
            "exec 3<>/dev/tcp/{SERVER}/22; read -r -n 3 line <&3; [ \"$line\" = SSH ]"
        ));
        finish(command, b"", Duration::from_secs(40)).success()
    }

    fn shown(&self, case: &Case) -> String {
        self.bastion.run(case.show)
    }

    fn try_case(&self, case: &Case) {
        let name = case.name;
        self.bastion.run(case.make);
        let before = self.shown(case);
        assert!(self.is_kept_out(STITCH[0]), "{name}: closed to begin with");
        let pending = self.program("check", &["--manage", "firewall"]);
        let findings = Self::firewall(&pending);
        let wanted = if case.is_kept() { 3 } else { 4 };
        assert_eq!(pending.status, Some(wanted), "{name}: {}", pending.stdout);
        assert_eq!(codes(&findings), ["firewall-closed"; 4], "{name}: {}", pending.stdout);
        let advice = findings[0]["advice"].as_str().unwrap_or_default();
        for command in case.commands {
            assert!(advice.contains(&format!("\n  {command}")), "{name}: {advice}");
        }
        assert_eq!(self.shown(case), before, "{name}: check changes nothing");
        self.try_by_hand(case, advice);
        assert_eq!(self.shown(case), before, "{name}: as it was");
        if case.is_kept() {
            self.try_managed(case, &before);
        } else {
            self.leaves_bare_rules_alone(case, &before);
        }
        self.bastion.run(case.clear);
    }

    /// Such rules would be gone after a boot: nothing is put in, and nothing called done.
    fn leaves_bare_rules_alone(&self, case: &Case, before: &str) {
        let name = case.name;
        let left = self.program("setup", &["--manage", "firewall", "--yes"]);
        assert_eq!(left.status, Some(4), "{name}: {}{}", left.stdout, left.stderr);
        let findings = Self::firewall(&left);
        assert_eq!(codes(&findings), ["firewall-closed"; 4], "{name}: {}", left.stdout);
        let advice = findings[0]["advice"].as_str().unwrap_or_default();
        assert!(advice.contains("changes only ufw and firewalld"), "{name}: {advice}");
        let removed = self.program("remove", &["--yes"]);
        assert!(
            removed.stdout.contains("\"result\": \"ready\""),
            "{name}: {}",
            removed.stdout
        );
        assert_eq!(self.shown(case), before, "{name}: as it was");
        assert!(self.is_kept_out(STITCH[0]), "{name}: closed as before");
    }

    fn try_managed(&self, case: &Case, before: &str) {
        let name = case.name;
        let undo = format!("/run/world/tmp/undo-{}.sh", self.world.serial());
        let applied = self.program("setup", &["--manage", "firewall", "--yes", "--undo", &undo]);
        assert_eq!(applied.status, Some(0), "{name}: {}{}", applied.stdout, applied.stderr);
        for from in STITCH {
            assert!(self.is_let_in(from), "{name}: {from} gets in\n{}", self.shown(case));
        }
        assert!(self.is_kept_out(STRANGER), "{name}: nobody else does");
        let after = self.shown(case);
        let again = self.program("setup", &["--manage", "firewall", "--yes"]);
        assert!(
            again.stdout.contains("\"result\": \"ready\""),
            "{name}: {}",
            again.stdout
        );
        assert_eq!(
            codes(&Self::firewall(&again)),
            ["firewall-open"; 4],
            "{name}: {}",
            again.stdout
        );
        assert_eq!(self.shown(case), after, "{name}: a second run changes nothing");

        let undone = Program::new("sh", &self.ops)
            .arg(&undo)
            .env("PATH", "/run/world/tmp/bin:/usr/bin:/bin")
            .run();
        assert_eq!(undone.status, Some(0), "{name}: {}{}", undone.stdout, undone.stderr);
        assert_eq!(self.shown(case), before, "{name}: undone");
        assert!(self.is_kept_out(STITCH[0]), "{name}: closed again");
        self.try_remove(case, before);
    }

    /// The commands as they are printed: each rule that is there stays, and what comes to them is for one of Stitch's
    /// addresses.
    fn try_by_hand(&self, case: &Case, advice: &str) {
        let name = case.name;
        let commands: Vec<&str> = advice.lines().filter_map(|line| line.strip_prefix("  ")).collect();
        let lines = || -> Vec<String> {
            let shown = self.shown(case);
            let rules = shown
                .lines()
                .map(|line| line.split_once("] ").map_or(line, |(_, rule)| rule));
            rules.map(|rule| rule.trim().to_owned()).collect()
        };
        let mut before = lines();
        self.bastion.run(&commands.join("\n"));
        let mut after = lines();
        self.bastion.run(&commands.join("\n"));
        let mut twice = lines();
        after.sort_unstable();
        twice.sort_unstable();
        assert_eq!(after, twice, "{name}: a second time adds nothing");
        let mut added = Vec::new();
        for line in after {
            match before.iter().position(|known| *known == line) {
                Some(at) => drop(before.remove(at)),
                None => added.push(line),
            }
        }
        assert!(before.is_empty(), "{name}: gone: {before:#?}");
        for line in &added {
            let is_ours = STITCH.iter().any(|address| line.contains(address)) && line.contains("22");
            assert!(is_ours, "{name}: {line:?} of {added:#?}");
        }
        assert!(added.len() >= STITCH.len(), "{name}: {added:#?}");
        for (from, gets_in) in [(STITCH[0], true), (STITCH[3], true), (STRANGER, false)] {
            let is_as_meant = if gets_in {
                self.is_let_in(from)
            } else {
                self.is_kept_out(from)
            };
            assert!(is_as_meant, "{name}: {from} gets in: {gets_in}");
        }
        if !case.is_kept() {
            self.bastion.run(&format!("{}\n{}", case.clear, case.make));
            return;
        }
        for command in commands {
            self.bastion.run(
                &command
                    .replace("--add-", "--remove-")
                    .replace("ufw allow", "ufw delete allow")
                    .replace("ufw prepend allow", "ufw delete allow"),
            );
        }
    }

    /// Where the firewall is not seen, ufw is named by chance: one that is off stays off.
    fn an_inactive_ufw_stays_off(&self) {
        let blind = stitch_pg(&self.ops)
            .args([
                "script",
                "--for",
                "cloud",
                "--region",
                "europe",
                "--stitch-host",
                "203.0.113.7",
            ])
            .run();
        let commands: Vec<&str> = blind
            .stdout
            .lines()
            .filter_map(|line| line.trim_start_matches(['#', ' ']).strip_prefix("ufw allow"))
            .collect();
        assert_eq!(commands.len(), STITCH.len(), "{blind:#?}");
        // ufw makes empty tables by looking.
        let shown = || {
            self.bastion
                .run("ufw status; iptables-save | grep '^-A' || :; nft list ruleset | grep -E 'saddr|drop|reject' || :")
        };
        let before = shown();
        for command in commands {
            self.bastion.run(&format!("ufw allow{command}"));
        }
        assert!(before.contains("inactive"), "{before}");
        assert_eq!(shown(), before);
        self.bastion.run("ufw --force reset; nft flush ruleset");
    }

    /// What bears our mark goes with `remove`, and nothing else; firewalld's rules bear none and are named.
    fn try_remove(&self, case: &Case, before: &str) {
        let name = case.name;
        let opened = self.program("setup", &["--manage", "firewall", "--yes"]);
        assert_eq!(opened.status, Some(0), "{name}: {}", opened.stdout);
        let open = self.shown(case);
        if name != "firewalld" {
            let planned = self.program("remove", &[]);
            assert_eq!(planned.status, Some(3), "{name}: {}", planned.stdout);
            assert_eq!(self.shown(case), open, "{name}: without --yes nothing is changed");
        }
        let removed = self.program("remove", &["--yes"]);
        assert_eq!(removed.status, Some(0), "{name}: {}{}", removed.stdout, removed.stderr);
        if name == "firewalld" {
            assert_eq!(self.shown(case), open, "{name}");
            let command = "firewall-cmd --permanent --zone=public --remove-rich-rule='rule family=";
            assert_eq!(removed.stdout.matches(command).count(), 4, "{}", removed.stdout);
            return;
        }
        assert_eq!(self.shown(case), before, "{name}: removed");
        assert!(self.is_kept_out(STITCH[0]), "{name}: closed by remove");
        let again = self.program("remove", &["--yes"]);
        assert!(
            again.stdout.contains("\"result\": \"ready\""),
            "{name}: {}",
            again.stdout
        );
    }

    fn firewall(output: &Output) -> Vec<Value> {
        let report: Value =
            serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", output.stderr));
        let findings = report["steps"][0]["findings"].as_array().cloned().unwrap_or_default();
        let seen = |finding: &Value| {
            let code = finding["code"].as_str().unwrap_or_default();
            code.starts_with("firewall-") && code != "firewall-not-checked"
        };
        findings.into_iter().filter(seen).collect()
    }
}

fn codes(findings: &[Value]) -> Vec<&str> {
    findings.iter().filter_map(|finding| finding["code"].as_str()).collect()
}

#[test]
fn managed_firewalls_let_stitchs_packets_in_and_no_others() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let ops = world.host("ops", &[("lan", "198.51.100.10/24")]);
    world.host("stitch", &[("lan", "198.51.100.30/24")]);
    let key = SshKey::ed25519(&world.outside(world.dir().join("tmp")));
    let options = BastionOptions::new().authorize(&key);
    let bastion = world.bastion("bastion", &[("lan", "198.51.100.20/24")], options);
    bastion.remember();
    world.sh(
        "for a in 3.126.102.29 18.158.16.164 18.158.251.55 52.57.235.168 18.158.1.1; do
                  ip -n stitch addr add $a/32 dev e0; ip -n bastion route add $a/32 dev e0
              done",
    );
    // The undo file says `ssh`, as it is configured for the user: with its key and hosts.
    world.sh(
        "mkdir -p /run/world/tmp/bin; cat >/run/world/tmp/bin/ssh <<'END'
#!/bin/sh
exec /usr/bin/ssh -F none -o BatchMode=yes -i /run/world/tmp/ed25519 -o UserKnownHostsFile=/run/world/home/.ssh/known_hosts \"$@\"
END
chmod 755 /run/world/tmp/bin/ssh",
    );
    let options = PostgresOptions::new()
        .conf("listen_addresses", "*")
        .hba("local all all trust\nhost all all all scram-sha-256\n");
    let _server = Postgres::start_in(&world, Some(bastion.host()), options);
    let bench = Bench {
        world: &world,
        ops,
        bastion,
    };
    for [make, says, clear] in UNSURE {
        bench.bastion.run(make);
        let unsure = bench.program("check", &["--manage", "firewall"]);
        assert_eq!(unsure.status, Some(0), "{}", unsure.stdout);
        let findings = Bench::firewall(&unsure);
        assert_eq!(codes(&findings), ["firewall-uncertain"; 4], "{}", unsure.stdout);
        assert!(
            findings[0]["text"].as_str().is_some_and(|text| text.contains(says)),
            "{says}: {findings:#?}"
        );
        bench.bastion.run(clear);
    }
    // The older tables stay in the kernel when their last rule is gone.
    let emptied = bench.program("check", &[]);
    assert_eq!(
        codes(&Bench::firewall(&emptied)),
        ["firewall-open"; 4],
        "{}",
        emptied.stdout
    );
    // A rule that is for all addresses is reported.
    bench
        .bastion
        .run("nft 'table inet w { chain i { type filter hook input priority 0; tcp dport 22 accept; }; }'");
    let wide = bench.program("check", &[]);
    let wanted = [vec!["firewall-open"; 4], vec!["firewall-open-to-all"]].concat();
    assert_eq!(codes(&Bench::firewall(&wide)), wanted, "{}", wide.stdout);
    bench.bastion.run("nft delete table inet w");
    bench.an_inactive_ufw_stays_off();
    for case in &CASES {
        bench.try_case(case);
    }
}
