use super::*;
use crate::names::Cidr;
use crate::provider::{Provider, read_list};

/// No command opens to more than the addresses that were asked for, and one that replaces a list has in it what is
/// there, or says so and has a hole where that belongs.
#[test]
fn a_command_opens_to_stitch_alone_and_drops_nobody() {
    let listed = read_list::parse(
        r#"{"name":"dw","settings":{"ipConfiguration":{"authorizedNetworks":[{"value":"203.0.113.0/24"},{"value":"198.51.100.7"}]}}}"#,
    )
    .unwrap();
    let cidrs: Vec<Cidr> = ["52.23.137.21", "52.204.223.208"]
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    let mut replacing = 0;
    for provider in Provider::ALL {
        for known in [None, Some(&listed.list)] {
            let request = AllowListRequest {
                host: "db.example.com",
                port: 5432,
                cidrs: &cidrs,
                list: known,
            };
            let Some(commands) = provider.definition().commands.map(|commands| commands(&request)) else {
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
