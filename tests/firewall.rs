//! What this program says of a firewall against what the kernel does: real rules in a network namespace, and a real
//! connection from each of several addresses.

mod rules;

use std::net::IpAddr;
use std::time::Duration;

use stitch_pg::firewall::{Evaluation, RulesetDump, Verdict};

use crate::support::rng::Rng;
use crate::support::{Host, Need, Postgres, PostgresOptions, World, finish, world};

const SERVER: &str = "52.0.0.1";
const CLIENTS: [&str; 3] = ["52.23.137.21", "52.204.223.208", "52.99.9.9"];
const SERVER6: &str = "fd77::1";
const CLIENTS6: [&str; 2] = ["fd77::21", "fd77:0:0:1::99"];
const PORT: u16 = 5432;

/// How rules are given to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tool {
    Nft,
    IptablesNft,
    IptablesLegacy,
    Ip6tables,
    Ip6tablesLegacy,
}

impl Tool {
    fn clients(self, rules: &str) -> &'static [&'static str] {
        match self {
            Self::Ip6tables | Self::Ip6tablesLegacy => &CLIENTS6,
            Self::Nft if rules.contains("ip6 saddr") => &CLIENTS6,
            _ => &CLIENTS,
        }
    }

    /// The name that its commands begin with.
    fn name(self) -> &'static str {
        match self {
            Self::Nft => "nft",
            Self::IptablesNft => "iptables",
            Self::IptablesLegacy => "iptables-legacy",
            Self::Ip6tables => "ip6tables",
            Self::Ip6tablesLegacy => "ip6tables-legacy",
        }
    }
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
            tables => {
                let name = tables.name();
                format!(
                    "nft flush ruleset; {name}-restore <<'END'\n{rules}\nEND\nnft -j list ruleset; echo; echo =; {name}-save"
                )
            }
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
            "nft flush ruleset
             for i in iptables-legacy ip6tables-legacy; do
                 for t in filter mangle raw; do $i -t $t -F; $i -t $t -X; done; $i -P INPUT ACCEPT
             done",
        );
    }

    /// Whether a connection comes about.
    fn connects(&self, from: &str, seconds: &str) -> bool {
        let server = if from.contains(':') { SERVER6 } else { SERVER };
        self.world.sh_with(
            "ip -n client route replace \"$1\" dev e0 src \"$2\"",
            &[server, from],
            b"",
        );
        let mut command = self.client.command("timeout");
        command.args([seconds, "bash", "-c", &format!("exec 3<>/dev/tcp/{server}/{PORT}")]);
        finish(command, b"", Duration::from_secs(60)).success()
    }

    fn compare(&self, tool: Tool, rules: &str) -> usize {
        let (nft, iptables) = self.load(tool, rules);
        let mut open = 0;
        for from in tool.clients(rules) {
            let answer = predict(tool, &nft, &iptables, from.parse().expect("an address"));
            let told = match answer.fate {
                Verdict::Unknown => {
                    open += 1;
                    continue;
                }
                fate => fate == Verdict::Accepted,
            };
            // What is dropped shows only by waiting; what should be open may take its time on a slow machine.
            let connects = self.connects(from, "0.4") || (told && self.connects(from, "20"));
            assert_eq!(
                told,
                connects,
                "{tool:?} {from}: said {answer:?}, and a connection {}\n{rules}\n{nft}\n{iptables}",
                if connects { "comes about" } else { "does not" }
            );
        }
        if matches!(tool, Tool::IptablesLegacy | Tool::Ip6tablesLegacy) {
            self.clear();
        }
        open
    }
}

/// As the program asks: everything that the tools printed, taken together.
fn predict(tool: Tool, nft: &str, iptables: &str, from: IpAddr) -> Evaluation {
    let mut printed = format!("@nft\n{nft}\n");
    if tool != Tool::Nft {
        // Where the rules are of the kernel's older tables, iptables-save is the program that prints those.
        let tells = tool.name().trim_end_matches("-legacy");
        printed = format!("{printed}@{tells}\n{iptables}\n");
    }
    RulesetDump::read(&printed).answer(from, PORT)
}

fn with_bench(run: impl Fn(&Bench<'_>)) {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let server = world.host("server", &[("lan", "52.0.0.1/8")]);
    let client = world.host("client", &[("lan", "52.23.137.21/8")]);
    world.sh(
        "for a in 52.204.223.208 52.99.9.9; do ip -n client addr add $a/8 dev e0; done
              ip -n server addr add fd77::1/48 dev e0 nodad
              for a in fd77::21 fd77:0:0:1::99; do ip -n client addr add $a/48 dev e0 nodad; done",
    );
    let postgres = Postgres::start_in(
        &world,
        Some(&server),
        PostgresOptions::new().conf("listen_addresses", "*"),
    );
    run(&Bench {
        world: &world,
        server,
        client,
    });
    drop(postgres);
}

#[test]
fn rulesets_as_people_write_them() {
    with_bench(|bench| {
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
fn rulesets_for_ipv6() {
    with_bench(|bench| {
        assert_eq!(bench.compare(Tool::Nft, rules::NFT_IPV6), 0);
        for rules in rules::IP6TABLES {
            assert_eq!(bench.compare(Tool::Ip6tables, rules), 0, "{rules}");
            assert_eq!(bench.compare(Tool::Ip6tablesLegacy, rules), 0, "{rules}");
        }
    });
}

#[test]
fn random_rulesets() {
    with_bench(|bench| {
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
