//! Each provider's own commands to look at its allow list and to open it, filled in. They are printed, never run.

use crate::names::Cidr;
use crate::provider::Provider;
use crate::provider::list::AllowList;
use crate::shell;

/// The commands, and what to mind.
pub(super) struct Commands {
    /// Where the list is.
    pub(super) place: &'static str,
    pub(super) look: String,
    pub(super) open: Vec<String>,
    pub(super) mind: Option<&'static str>,
}

/// What the commands are about.
pub(super) struct Wanted<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    /// Who is to be let in; of a list that is known, only those who are missing.
    pub(super) cidrs: &'a [Cidr],
    /// The present list, where it was handed over.
    pub(super) list: Option<&'a AllowList>,
}

impl Wanted<'_> {
    /// A name that the list tells, else the word for it in capitals.
    fn name(&self, capitals: &str) -> String {
        let name = self.list.and_then(|list| list.name.as_deref());
        shell::word(name.unwrap_or(capitals))
    }

    /// All that a list has to hold which the command replaces.
    fn merged(&self) -> String {
        let present = match self.list {
            Some(list) => list.entries.iter().map(|entry| entry.from.to_string()).collect(),
            None => vec!["PRESENT".to_owned(), "NETWORKS".to_owned()],
        };
        let wanted = self.cidrs.iter().map(Cidr::to_string);
        let mut all: Vec<String> = Vec::new();
        for network in present.into_iter().chain(wanted) {
            if !all.contains(&network) {
                all.push(network);
            }
        }
        all.join(",")
    }
}

const MERGED: Option<&str> = Some("this command replaces the list; the present networks are in it");
const REPLACES: Option<&str> = Some("this command replaces the list: keep the present networks in it");

/// For one provider. What only the provider's console knows is left in capitals.
pub(super) fn commands(provider: Provider, wanted: &Wanted<'_>) -> Option<Commands> {
    let Wanted { host, cidrs, .. } = *wanted;
    let merged = wanted.merged();
    let replaces = if wanted.list.is_some() { MERGED } else { REPLACES };
    let listed = |joint: &str| cidrs.iter().map(Cidr::to_string).collect::<Vec<_>>().join(joint);
    let each = |command: &str| cidrs.iter().map(|cidr| format!("{command} {cidr}")).collect();
    let mut labels = host.split('.');
    let (first, second) = (labels.next().unwrap_or_default(), labels.next().unwrap_or_default());
    Some(match provider {
        Provider::SelfHosted => return None,
        Provider::Rds | Provider::Aurora => amazon(wanted),
        Provider::Azure => azure(first, wanted),
        Provider::CloudSql => Commands {
            place: "the instance's authorized networks",
            look: format!(
                "gcloud sql instances list --filter=\"ipAddresses.ipAddress={host}\" \
                 --format=\"json(name,settings.ipConfiguration.authorizedNetworks)\""
            ),
            open: vec![format!(
                "gcloud sql instances patch {} --authorized-networks={merged}",
                wanted.name("INSTANCE")
            )],
            mind: replaces,
        },
        Provider::AlloyDb => Commands {
            place: "the instance's authorized external networks",
            look: "gcloud alloydb instances describe INSTANCE --cluster=CLUSTER --region=REGION".to_owned(),
            open: vec![format!(
                "gcloud alloydb instances update INSTANCE --cluster=CLUSTER --region=REGION \
                 --authorized-external-networks={merged}"
            )],
            mind: replaces,
        },
        Provider::Heroku => Commands {
            place: "nothing on the Common Runtime, which has no allow list; trusted ranges on Private and Shield plans",
            look: "heroku data:mtls:ip-rules ADDON --app APP".to_owned(),
            open: each("heroku data:mtls:ip-rules:create ADDON --app APP --cidr"),
            mind: None,
        },
        Provider::Supabase => {
            let project = if first == "db" { second } else { "REF" };
            let update =
                format!("supabase network-restrictions update --project-ref {project} --append --db-allow-cidr");
            Commands {
                place: "the project's network restrictions",
                look: format!("supabase network-restrictions get --project-ref {project}"),
                open: vec![format!("{update} {}", listed(" --db-allow-cidr "))],
                mind: Some("without --append it replaces the list"),
            }
        }
        Provider::Neon => Commands {
            place: "the project's IP Allow list, if the plan has one",
            look: "neon ip-allow list --project-id PROJECT".to_owned(),
            open: vec![format!("neon ip-allow add {} --project-id PROJECT", listed(" "))],
            mind: None,
        },
        Provider::DigitalOcean => Commands {
            place: "the cluster's trusted sources",
            look: "doctl databases firewalls list CLUSTER".to_owned(),
            open: cidrs
                .iter()
                .map(|cidr| {
                    format!(
                        "doctl databases firewalls append {} --rule ip_addr:{}",
                        wanted.name("CLUSTER"),
                        short(*cidr)
                    )
                })
                .collect(),
            mind: Some("an empty list lets everybody in, and the first rule shuts out everybody who is not on it"),
        },
        Provider::Aiven => Commands {
            place: "the service's ip_filter",
            look: "avn service get SERVICE --json".to_owned(),
            open: vec![format!(
                "avn service update {} -c ip_filter={merged}",
                wanted.name("SERVICE")
            )],
            mind: replaces,
        },
        Provider::CrunchyBridge => {
            let cluster = if first == "p" { second } else { "CLUSTER" };
            Commands {
                place: "the cluster's firewall",
                look: format!("cb firewall --cluster {cluster}"),
                open: vec![format!("cb firewall --cluster {cluster} --add {}", listed(" --add "))],
                mind: None,
            }
        }
    })
}

/// A single address without its `/32`, as some tools want it.
fn short(cidr: Cidr) -> String {
    let net = cidr.net();
    if net.prefix_len() == net.max_prefix_len() {
        net.addr().to_string()
    } else {
        net.to_string()
    }
}

fn azure(label: &str, wanted: &Wanted<'_>) -> Commands {
    let server = wanted.name(label);
    let group = wanted.list.and_then(|list| list.group.as_deref());
    let group = shell::word(group.unwrap_or("GROUP"));
    let taken = |n: u32| {
        let name = format!("stitch-{n}");
        wanted
            .list
            .is_some_and(|list| list.entries.iter().any(|entry| entry.label == name))
    };
    // A rule of the same name would be overwritten.
    let free = (1..).filter(|n| !taken(*n));
    let create = |(n, cidr): (u32, &Cidr)| {
        let (start, end) = (cidr.net().network(), cidr.net().broadcast());
        format!(
            "az postgres flexible-server firewall-rule create -g {group} --server-name {server} --name stitch-{n} \
             --start-ip-address {start} --end-ip-address {end}"
        )
    };
    Commands {
        place: "the server's firewall rules",
        look: format!("az postgres flexible-server firewall-rule list -g {group} --server-name {server}"),
        open: free.zip(wanted.cidrs).map(create).collect(),
        mind: Some(
            "az before 2.87 has --name for the server and --rule-name for the rule; a server in a virtual network has no \
             firewall rules and needs an SSH server",
        ),
    }
}

/// `mydb.abc123.us-east-1.rds.amazonaws.com`, and with `cluster-` before the second label for Aurora.
fn amazon(wanted: &Wanted<'_>) -> Commands {
    let Wanted { host, port, cidrs, .. } = *wanted;
    let group = wanted.name("GROUP");
    let labels: Vec<&str> = host.split('.').collect();
    let (name, region, cluster) = match labels[..] {
        [name, id, region, "rds", ..] => (name, region, id.starts_with("cluster-")),
        _ => ("NAME", "REGION", false),
    };
    let look = if cluster {
        format!("aws rds describe-db-clusters --region {region} --db-cluster-identifier {name}")
    } else {
        format!("aws rds describe-db-instances --region {region} --db-instance-identifier {name}")
    };
    let ranges: Vec<String> = cidrs
        .iter()
        .map(|cidr| format!("{{CidrIp={cidr},Description=Stitch}}"))
        .collect();
    Commands {
        place: "the instance's VPC security group",
        look,
        open: vec![format!(
            "aws ec2 authorize-security-group-ingress --region {region} --group-id {group} --ip-permissions \
             'IpProtocol=tcp,FromPort={port},ToPort={port},IpRanges=[{}]'",
            ranges.join(",")
        )],
        mind: Some(
            "with PubliclyAccessible false no rule helps: use an SSH server; InvalidPermission.Duplicate means the rule \
             is there already",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::list;

    /// No command opens to more than the addresses that were asked for, and one that replaces a list has in it what is
    /// there, or says so and has a hole where that belongs.
    #[test]
    fn a_command_opens_to_stitch_alone_and_drops_nobody() {
        let listed = list::parse(
            r#"{"name":"dw","settings":{"ipConfiguration":{"authorizedNetworks":[{"value":"203.0.113.0/24"},{"value":"198.51.100.7"}]}}}"#,
        )
        .unwrap();
        let cidrs: Vec<Cidr> = ["52.23.137.21", "52.204.223.208"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        let mut replacing = 0;
        for provider in Provider::ALL {
            for known in [None, Some(&listed)] {
                let wanted = Wanted {
                    host: "db.example.com",
                    port: 5432,
                    cidrs: &cidrs,
                    list: known,
                };
                let Some(commands) = commands(provider, &wanted) else {
                    continue;
                };
                let text = commands.open.join("\n");
                assert!(!text.contains("0.0.0.0") && !text.contains("::/0"), "{text}");
                for cidr in &cidrs {
                    assert!(text.contains(&cidr.address().to_string()), "{provider:?}: {text}");
                }
                let networks = text.split(|c: char| !(c.is_ascii_hexdigit() || ".:/".contains(c)));
                let others = networks.filter_map(|word| word.parse::<Cidr>().ok());
                let others: Vec<Cidr> = others.filter(|cidr| !cidrs.contains(cidr)).collect();
                let replaces = commands
                    .mind
                    .is_some_and(|mind| mind.contains("command replaces the list"));
                if replaces {
                    replacing += 1;
                    let present = ["203.0.113.0/24", "198.51.100.7/32"].map(|text| text.parse::<Cidr>().unwrap());
                    match known {
                        Some(_) => assert_eq!(others, present, "{provider:?}: {text}"),
                        None => assert!(text.contains("=PRESENT,NETWORKS,"), "{provider:?}: {text}"),
                    }
                } else {
                    assert_eq!(others, [], "{provider:?}: {text}");
                    let sets = ["authorized-networks=", "external-networks=", "ip_filter="];
                    assert!(!sets.iter().any(|word| text.contains(word)), "{provider:?}: {text}");
                    assert!(
                        !text.contains("restrictions update") || text.contains("--append"),
                        "{text}"
                    );
                }
            }
        }
        assert_eq!(replacing, 6, "Cloud SQL, AlloyDB and Aiven, with and without the list");
    }
}
