use ipnet::IpNet;

use super::*;
use crate::provider::allow_list::MOST;
use crate::provider::allow_list::Range;

fn names(list: &AllowList) -> Vec<String> {
    list.entries.iter().map(|entry| entry.from.to_string()).collect()
}

/// What each tool prints, after its documentation.
#[test]
fn every_providers_list() {
    let cases = [
        (
            r#"{"SecurityGroups":[{"GroupId":"sg-1","IpPermissions":[
                {"IpProtocol":"tcp","FromPort":5432,"ToPort":5432,"IpRanges":[{"CidrIp":"52.23.137.21/32","Description":"Stitch"}],
                 "Ipv6Ranges":[{"CidrIpv6":"::/0"}],"PrefixListIds":[],"UserIdGroupPairs":[{"GroupId":"sg-2"}]},
                {"IpProtocol":"udp","FromPort":53,"ToPort":53,"IpRanges":[{"CidrIp":"0.0.0.0/0"}]}]}]}"#,
            Provider::Rds,
            Some("sg-1"),
            &["52.23.137.21/32", "::/0"][..],
        ),
        (
            r#"{"name":"dw","settings":{"ipConfiguration":{"authorizedNetworks":[
                {"kind":"sql#aclEntry","name":"office","value":"203.0.113.0/24"},{"value":"198.51.100.7"}]}}}"#,
            Provider::CloudSql,
            Some("dw"),
            &["203.0.113.0/24", "198.51.100.7/32"],
        ),
        (
            r#"[{"name":"dw","settings":{"ipConfiguration":{}}}]"#,
            Provider::CloudSql,
            Some("dw"),
            &[],
        ),
        (
            r#"[{"name":"a","startIpAddress":"10.0.0.0","endIpAddress":"10.0.0.9",
                "id":"/subscriptions/x/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/flexibleServers/dw/firewallRules/a"}]"#,
            Provider::Azure,
            Some("dw"),
            &["10.0.0.0-10.0.0.9"],
        ),
        (
            r#"{"entitlement":"allowed","config":{"dbAllowedCidrs":["0.0.0.0/0"],"dbAllowedCidrsV6":["::/0"]},"status":"applied"}"#,
            Provider::Supabase,
            None,
            &["0.0.0.0/0", "::/0"],
        ),
        (
            "DB Allowed IPv4 CIDRs: &[1.2.3.0/24 5.6.7.8/32]\nDB Allowed IPv6 CIDRs: <nil>\nRestrictions applied successfully: true\n",
            Provider::Supabase,
            None,
            &["1.2.3.0/24", "5.6.7.8/32"],
        ),
        (
            r#"[{"uuid":"u","cluster_uuid":"c-1","type":"ip_addr","value":"192.0.2.1"},
                {"uuid":"v","cluster_uuid":"c-1","type":"droplet","value":"163973392"}]"#,
            Provider::DigitalOcean,
            Some("c-1"),
            &["192.0.2.1/32"],
        ),
        (
            r#"{"service_name":"pg","user_config":{"ip_filter":["0.0.0.0/0",{"network":"10.0.0.0/8","description":"vpn"}]}}"#,
            Provider::Aiven,
            Some("pg"),
            &["0.0.0.0/0", "10.0.0.0/8"],
        ),
    ];
    for (text, provider, name, networks) in cases {
        let ProviderList { provider: found, list } = parse(text).unwrap_or_else(|error| panic!("{error:#}: {text}"));
        assert_eq!(found, Some(provider), "{text}");
        assert_eq!(list.name.as_deref(), name, "{text}");
        assert_eq!(names(&list), networks, "{text}");
    }
    assert_eq!(parse("[]").unwrap().provider, None);
}

#[test]
fn what_is_no_list_is_refused() {
    let deep = "[".repeat(100_000);
    let many = format!(
        r#"{{"service_name":"pg","user_config":{{"ip_filter":[{}"10.0.0.1"]}}}}"#,
        r#""10.0.0.1","#.repeat(MOST)
    );
    let cases = [
        ("", "not JSON"),
        ("{", "not JSON"),
        (deep.as_str(), "not JSON"),
        ("{}", "not a list that"),
        ("7", "not a list that"),
        ("[[[]]]", "not a list that"),
        (r#"[{"a":1},{"b":2}]"#, "not a list that"),
        (many.as_str(), "more than 10000"),
        (
            r#"{"name":"x; rm -rf /","settings":{"ipConfiguration":{}}}"#,
            "where a name should be",
        ),
        (
            r#"{"name":"--all","settings":{"ipConfiguration":{}}}"#,
            "where a name should be",
        ),
        (
            r#"{"name":"dw","settings":{"ipConfiguration":{"authorizedNetworks":[{"value":"$(id)"}]}}}"#,
            "where a network should be",
        ),
        (
            r#"{"name":"dw","settings":{"ipConfiguration":{"authorizedNetworks":[{"value":7}]}}}"#,
            "where a network should be",
        ),
        (
            r#"[{"startIpAddress":"10.0.0.9","endIpAddress":"10.0.0.1"}]"#,
            "runs backwards",
        ),
        (
            r#"[{"startIpAddress":"::1","endIpAddress":"10.0.0.1"}]"#,
            "runs backwards",
        ),
    ];
    for (text, says) in cases {
        let error = format!("{:#}", parse(text).unwrap_err());
        assert!(error.contains(says), "{error}");
        assert!(error.len() < 400, "{error}");
    }
}

#[test]
fn ranges() {
    let range = |text: &str| Range::from(text.parse::<IpNet>().unwrap());
    let address = "52.23.137.21/32".parse().unwrap();
    for (text, covers) in [
        ("52.0.0.0/8", true),
        ("52.23.137.21/32", true),
        ("52.23.137.20/32", false),
        ("::/0", false),
    ] {
        assert_eq!(range(text).covers(address), covers, "{text}");
    }
    assert!(range("0.0.0.0/0").is_everybody() && range("::/0").is_everybody() && !range("0.0.0.0/1").is_everybody());
}
