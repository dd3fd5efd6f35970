//! Every combination of what can be wrong with a provider's list, in the words of each provider's own tool.

use serde_json::{Value, json};

use super::*;

const OTHER_REGION: &str = "3.126.102.29/32";
const STALE: &str = "52.23.137.99/32";
const OFFICE: &str = "203.0.113.0/24";

/// A tool, and what its output shows.
struct Tool {
    prints: fn(&[(String, &str)]) -> Value,
    /// Whether entries bear names there, by which a stale one is known.
    names: bool,
    /// Whether its command replaces the list, so that the present entries must be in it.
    replaces: bool,
}

const TOOLS: [Tool; 6] = [
    Tool {
        prints: aws,
        names: true,
        replaces: false,
    },
    Tool {
        prints: gcloud,
        names: true,
        replaces: true,
    },
    Tool {
        prints: az,
        names: true,
        replaces: false,
    },
    Tool {
        prints: supabase,
        names: false,
        replaces: false,
    },
    Tool {
        prints: doctl,
        names: true,
        replaces: false,
    },
    Tool {
        prints: avn,
        names: true,
        replaces: true,
    },
];

fn each(entries: &[(String, &str)], one: impl Fn(&str, &str) -> Value) -> Vec<Value> {
    entries.iter().map(|(cidr, name)| one(cidr, name)).collect()
}

fn aws(entries: &[(String, &str)]) -> Value {
    json!({"SecurityGroups": [{"Description": "db", "GroupName": "db", "OwnerId": "123456789012", "GroupId": "sg-0a1b",
        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}], "VpcId": "vpc-1",
        "IpPermissions": [{"FromPort": 5432, "ToPort": 5432, "IpProtocol": "tcp", "Ipv6Ranges": [], "PrefixListIds": [],
            "UserIdGroupPairs": [], "IpRanges": each(entries, |cidr, name| json!({"CidrIp": cidr, "Description": name}))}]}]})
}

fn gcloud(entries: &[(String, &str)]) -> Value {
    json!({"backendType": "SECOND_GEN", "databaseVersion": "POSTGRES_15", "name": "dw", "state": "RUNNABLE", "settings": {
        "activationPolicy": "ALWAYS", "ipConfiguration": {"ipv4Enabled": true, "authorizedNetworks":
            each(entries, |cidr, name| json!({"kind": "sql#aclEntry", "name": name, "value": cidr}))}}})
}

fn az(entries: &[(String, &str)]) -> Value {
    let id =
        "/subscriptions/0/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/flexibleServers/dw/firewallRules/r";
    json!(each(entries, |cidr, name| {
        let net: ipnet::IpNet = cidr.parse().unwrap();
        json!({"id": id, "name": name, "resourceGroup": "rg", "startIpAddress": net.network(),
            "endIpAddress": net.broadcast(), "type": "Microsoft.DBforPostgreSQL/flexibleServers/firewallRules"})
    }))
}

fn supabase(entries: &[(String, &str)]) -> Value {
    json!({"entitlement": "allowed", "config": {"dbAllowedCidrs": each(entries, |cidr, _| json!(cidr)),
        "dbAllowedCidrsV6": []}, "status": "applied"})
}

fn doctl(entries: &[(String, &str)]) -> Value {
    json!(each(
        entries,
        |cidr, name| json!({"uuid": "u", "cluster_uuid": "c-1", "type": "ip_addr", "value": cidr,
        "created_at": "2024-01-01T00:00:00Z", "description": name})
    ))
}

fn avn(entries: &[(String, &str)]) -> Value {
    json!({"service_name": "pg", "service_type": "pg", "state": "RUNNING", "user_config": {"pg_version": "15", "ip_filter":
        each(entries, |cidr, name| json!({"network": cidr, "description": name}))}})
}

#[test]
fn every_combination_in_every_providers_words() {
    let ours: Vec<String> = settings().stitch.allow.iter().map(ToString::to_string).collect();
    for (n, tool) in TOOLS.iter().enumerate() {
        for absent in [0, 2, 4] {
            for others in 0..8 {
                let is = |bit: u8| others & bit != 0;
                let (other_region, stale, everybody) = (is(1), is(2), is(4));
                let mut entries = vec![(OFFICE.to_owned(), "office")];
                entries.extend(ours[absent..].iter().map(|cidr| (cidr.clone(), "loader")));
                entries.extend(other_region.then(|| (OTHER_REGION.to_owned(), "loader")));
                entries.extend(stale.then(|| (STALE.to_owned(), "Stitch-2019")));
                entries.extend(everybody.then(|| ("0.0.0.0/0".to_owned(), "all")));
                let mut settings = settings();
                let text = (tool.prints)(&entries).to_string();
                settings.way_in.allow_list = Some(crate::provider::read_list::parse(&text).unwrap());
                let findings = plan(&settings, &Facts::default());
                let of = |code: Code| -> Vec<String> {
                    let those = findings.iter().filter(|finding| finding.code == code);
                    those
                        .map(|finding| finding.subject.clone().unwrap_or_default())
                        .collect()
                };
                let story = format!("tool {n}, {absent} absent, {other_region} {stale} {everybody}: {text}");
                let missing = if everybody { 0 } else { absent };
                assert_eq!(of(Code::ProviderListMissing), ours[..missing], "{story}");
                assert_eq!(of(Code::ProviderListOk), ours[missing..], "{story}");
                // With none of ours there, the other region is no leftover: it is the mistake.
                let is_wrong = other_region && missing == 4;
                assert_eq!(of(Code::WrongRegion).len(), usize::from(is_wrong), "{story}");
                let mut leftovers = Vec::new();
                leftovers.extend((other_region && !is_wrong).then_some("3.126.102.29"));
                leftovers.extend((stale && tool.names).then_some("52.23.137.99"));
                assert_eq!(of(Code::ProviderListOutdated), leftovers, "{story}");
                assert_eq!(of(Code::ProviderListOpenToAll).len(), usize::from(everybody), "{story}");
                if missing > 0 {
                    let advice = find(&findings, Code::ProviderListMissing)
                        .advice
                        .clone()
                        .unwrap_or_default();
                    for cidr in &ours[..missing] {
                        assert!(advice.contains(cidr.trim_end_matches("/32")), "{story}: {advice}");
                    }
                    for (present, _) in &entries {
                        let named = advice.contains(present.as_str());
                        assert_eq!(named, tool.replaces, "{present}, {story}: {advice}");
                    }
                }
            }
        }
    }
}
