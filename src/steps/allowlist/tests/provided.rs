//! The provider's own list against Stitch's addresses.

use super::*;

fn told(settings: &Settings, list: &str) -> Vec<Finding> {
    let mut settings = settings.clone();
    settings.way_in.allow_list = Some(crate::provider::read_list::parse(list).unwrap());
    plan(&settings, &Facts::default())
}

fn of(findings: &[Finding], code: Code) -> Vec<String> {
    let those = findings.iter().filter(|finding| finding.code == code);
    those.filter_map(|finding| finding.subject.clone()).collect()
}

#[test]
fn a_providers_list_is_held_against_stitchs_addresses() {
    let group = |port: u16, ranges: &str| {
        format!(
            r#"{{"SecurityGroups":[{{"GroupId":"sg-1","IpPermissions":[{{"IpProtocol":"tcp","FromPort":{port},"ToPort":{port},"IpRanges":[{ranges}]}}]}}]}}"#
        )
    };
    let range = |cidr: &str, label: &str| format!(r#"{{"CidrIp":"{cidr}","Description":"{label}"}}"#);
    let mixed = [
        range("52.23.137.21/32", ""),
        range("52.204.223.0/24", ""),
        range("3.126.102.29/32", ""),
        range("52.23.137.99/32", "Stitch 2019"),
        range("192.0.2.7/32", "office"),
    ];
    let findings = told(&settings(), &group(5432, &mixed.join(",")));
    assert_eq!(
        of(&findings, Code::ProviderListOk),
        ["52.23.137.21/32", "52.204.223.208/32"]
    );
    assert_eq!(
        of(&findings, Code::ProviderListMissing),
        ["52.204.228.32/32", "52.204.230.227/32"]
    );
    assert_eq!(
        of(&findings, Code::ProviderListOutdated),
        ["3.126.102.29", "52.23.137.99"]
    );
    let advice = find(&findings, Code::ProviderListMissing).advice.clone().unwrap();
    assert!(advice.contains("--group-id sg-1 "), "{advice}");
    assert!(!advice.contains("52.23.137.21"), "only what is missing: {advice}");
    assert!(
        advice.contains("{CidrIp=52.204.228.32/32,Description=Stitch},{CidrIp=52.204.230.227/32"),
        "{advice}"
    );

    // The right addresses on another port are worth nothing.
    let all = settings()
        .stitch
        .allow
        .iter()
        .map(|cidr| range(&cidr.to_string(), ""))
        .collect::<Vec<_>>()
        .join(",");
    assert_eq!(
        of(&told(&settings(), &group(5433, &all)), Code::ProviderListMissing).len(),
        4
    );
    assert_eq!(
        of(&told(&settings(), &group(5432, &all)), Code::ProviderListOk).len(),
        4
    );
    // With a tunnel it is the SSH server's group, and its port.
    let tunnel = with_bastion("10.0.0.5", BastionServer::Local);
    assert_eq!(of(&told(&tunnel, &group(22, &all)), Code::ProviderListOk).len(), 4);

    let europe: Vec<String> = Region::Europe
        .addresses()
        .iter()
        .map(|ip| range(&format!("{ip}/32"), ""))
        .collect();
    let wrong = told(&settings(), &group(5432, &europe.join(",")));
    assert_eq!(find(&wrong, Code::WrongRegion).verdict, Verdict::Bad);
    let everybody = told(&settings(), &group(5432, &range("0.0.0.0/0", "")));
    assert_eq!(find(&everybody, Code::ProviderListOpenToAll).verdict, Verdict::Unknown);
    assert_eq!(of(&everybody, Code::ProviderListOk).len(), 4);
}

#[test]
fn a_list_that_is_replaced_is_merged() {
    let merged = "203.0.113.0/24,52.204.228.32/32,52.23.137.21/32,52.204.223.208/32,52.204.230.227/32";
    let entries = r#"{"value":"203.0.113.0/24"},{"value":"52.204.228.32"}"#;
    let google = format!(r#"{{"name":"dw-1","settings":{{"ipConfiguration":{{"authorizedNetworks":[{entries}]}}}}}}"#);
    let advice = find(&told(&settings(), &google), Code::ProviderListMissing)
        .advice
        .clone()
        .unwrap();
    assert!(
        advice.contains(&format!(
            "gcloud sql instances patch dw-1 --authorized-networks={merged}"
        )),
        "{advice}"
    );
    let aiven = r#"{"service_name":"pg","user_config":{"ip_filter":["203.0.113.0/24","52.204.228.32/32"]}}"#;
    let advice = find(&told(&settings(), aiven), Code::ProviderListMissing)
        .advice
        .clone()
        .unwrap();
    assert!(
        advice.contains(&format!("avn service update pg -c ip_filter={merged}")),
        "{advice}"
    );
    // A name that is taken would be overwritten.
    let azure = r#"[{"name":"stitch-1","startIpAddress":"52.23.137.21","endIpAddress":"52.23.137.21"}]"#;
    let advice = find(&told(&settings(), azure), Code::ProviderListMissing)
        .advice
        .clone()
        .unwrap();
    assert!(
        !advice.contains("--name stitch-1 ") && advice.contains("--name stitch-4 "),
        "{advice}"
    );
    let mut digital_ocean = settings();
    digital_ocean.stitch.host = "x.db.ondigitalocean.com".parse().unwrap();
    let nothing = told(&digital_ocean, "[]");
    assert_eq!(find(&nothing, Code::ProviderListOpenToAll).verdict, Verdict::Unknown);
    assert_eq!(of(&nothing, Code::ProviderListOk).len(), 4);
}
