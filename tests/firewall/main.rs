//! What this program says of a firewall against what the kernel does: real rules in a network namespace, and a real
//! connection from each of several addresses.

#[path = "../support/mod.rs"]
mod support;

#[path = "../hba/rng.rs"]
mod rng;

mod rules;

use std::net::IpAddr;
use std::time::Duration;

use stitch_pg::firewall::{Answer, Fate, Printed};

use rng::Rng;
use support::{Host, Need, Postgres, PostgresOptions, World, finish, world};

const SERVER: &str = "52.0.0.1";
const CLIENTS: [&str; 3] = ["52.23.137.21", "52.204.223.208", "52.99.9.9"];
const PORT: u16 = 5432;

/// How rules are given to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tool {
    Nft,
    IptablesNft,
    IptablesLegacy,
}

struct Bench<'world> {
    world: &'world World,
    server: Host,
    client: Host,
}

impl Bench<'_> {
    /// Replaces all rules; what the tools then print, for nft and for iptables.
    fn load(&self, tool: Tool, rules: &str) -> (String, String) {
        // nft wants a line's end between two closing braces.
        let rules = rules.replace("} }", "}\n}").replace("} }", "}\n}");
        let script = match tool {
            Tool::Nft => format!("nft flush ruleset; nft -f - <<'END'\n{rules}\nEND\nnft -j list ruleset"),
            Tool::IptablesNft => format!(
                "nft flush ruleset; iptables-nft-restore <<'END'\n{rules}\nEND\nnft -j list ruleset; echo; echo =; iptables-nft-save"
            ),
            Tool::IptablesLegacy => format!(
                "nft flush ruleset; iptables-legacy-restore <<'END'\n{rules}\nEND\nnft -j list ruleset; echo; echo =; iptables-legacy-save"
            ),
        };
        let printed = self.server.tool(self.world, &script);
        match printed.split_once("\n=\n") {
            Some((nft, iptables)) => (nft.to_owned(), iptables.to_owned()),
            None => (printed, String::new()),
        }
    }

    /// Takes the legacy rules away, which `nft flush ruleset` leaves.
    fn clear(&self) {
        self.server.tool(
            self.world,
            "nft flush ruleset; for t in filter mangle raw; do iptables-legacy -t $t -F; iptables-legacy -t $t -X; done
             iptables-legacy -P INPUT ACCEPT",
        );
    }

    /// Whether a connection comes about.
    fn connects(&self, from: &str) -> bool {
        self.world.sh_with(
            "ip -n client route replace \"$1\" dev e0 src \"$2\"",
            &[SERVER, from],
            b"",
        );
        let mut command = self.client.command("timeout");
        command.args(["0.4", "bash", "-c", &format!("exec 3<>/dev/tcp/{SERVER}/{PORT}")]);
        finish(command, b"", Duration::from_secs(10)).success()
    }

    fn compare(&self, tool: Tool, rules: &str) -> usize {
        let (nft, iptables) = self.load(tool, rules);
        let mut open = 0;
        for from in CLIENTS {
            let answer = predict(tool, &nft, &iptables, from.parse().expect("an address"));
            let connects = self.connects(from);
            let told = match answer.fate {
                Fate::Unknown => {
                    open += 1;
                    continue;
                }
                fate => fate == Fate::Accepted,
            };
            assert_eq!(
                told,
                connects,
                "{tool:?} {from}: said {answer:?}, and a connection {}\n{rules}\n{nft}\n{iptables}",
                if connects { "comes about" } else { "does not" }
            );
        }
        if tool == Tool::IptablesLegacy {
            self.clear();
        }
        open
    }
}

/// As the program asks: everything that the tools printed, taken together.
fn predict(tool: Tool, nft: &str, iptables: &str, from: IpAddr) -> Answer {
    let save = match tool {
        Tool::IptablesLegacy => "iptables-legacy",
        _ => "iptables",
    };
    Printed::read(&format!("@nft\n{nft}\n@{save}\n{iptables}\n")).answer(from, PORT)
}

fn with_bench(test_name: &str, run: impl Fn(&Bench<'_>)) {
    let Some(world) = world(test_name, &[Need::Bastion]) else {
        return;
    };
    let server = world.host("server", &[("lan", "52.0.0.1/8")]);
    let client = world.host("client", &[("lan", "52.23.137.21/8")]);
    world.sh("for a in 52.204.223.208 52.99.9.9; do ip -n client addr add $a/8 dev e0; done");
    let postgres = Postgres::start_in(&world, Some(&server), PostgresOptions::new());
    run(&Bench {
        world: &world,
        server,
        client,
    });
    drop(postgres);
}

#[test]
fn rulesets_as_people_write_them() {
    with_bench("rulesets_as_people_write_them", |bench| {
        for (rules, open) in rules::NFT {
            assert_eq!(bench.compare(Tool::Nft, rules), open, "{rules}");
        }
        for (rules, open) in rules::IPTABLES {
            assert_eq!(bench.compare(Tool::IptablesNft, rules), open, "{rules}");
            assert_eq!(bench.compare(Tool::IptablesLegacy, rules), open, "{rules}");
        }
    });
}

#[test]
fn random_rulesets() {
    with_bench("random_rulesets", |bench| {
        for seed in 1..=15 {
            println!("seed {seed}");
            let mut rng = Rng::new(seed);
            assert_eq!(bench.compare(Tool::Nft, &rules::random_nft(&mut rng)), 0, "seed {seed}");
            let text = rules::random_iptables(&mut rng);
            let tool = if seed % 2 == 0 {
                Tool::IptablesNft
            } else {
                Tool::IptablesLegacy
            };
            assert_eq!(bench.compare(tool, &text), 0, "seed {seed}: {text}");
        }
    });
}
