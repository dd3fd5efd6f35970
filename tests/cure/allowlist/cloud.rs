//! The provider's list handed over, and the provider's commands printed: no server is needed for either.

use super::bench::Bench;
use crate::support::{Place, Program, stitch_pg};

#[test]
fn the_providers_list_from_a_pipe() {
    let program = |list: &str| {
        stitch_pg(Place::Here)
            .args([
                "script",
                "--for",
                "cloud",
                "--region",
                "europe",
                "--stitch-host",
                "203.0.113.9",
            ])
            .args(["--allow-list-json", "-"])
            .stdin(list)
            .run()
    };
    let told = program(
        r#"{"name":"dw","settings":{"ipConfiguration":{"authorizedNetworks":[{"value":"203.0.113.0/24"},
            {"value":"3.126.102.29/32"}]}}}"#,
    );
    assert_eq!(told.status, Some(0), "{}", told.stderr);
    let command = "gcloud sql instances patch dw --authorized-networks=\
                   203.0.113.0/24,3.126.102.29/32,18.158.16.164/32,18.158.251.55/32,52.57.235.168/32";
    assert!(told.stdout.contains(command), "{}", told.stdout);
    for (hostile, says) in [
        ("", "is empty"),
        ("[[[[", "not JSON"),
        ("{\"a\":1}", "not a list that"),
        (&"[".repeat(5 << 20), "longer than 4 MiB"),
    ] {
        let refused = program(hostile);
        assert_eq!(
            (refused.status, refused.stdout.as_str()),
            (Some(2), ""),
            "{}",
            refused.stderr
        );
        assert!(refused.stderr.contains(says), "{}", refused.stderr);
    }
}

/// The script is run by a shell whose `aws` writes down what it is called with.
#[test]
fn the_cloud_script_runs() {
    let printed = stitch_pg(Place::Here)
        .args(["script", "--for", "cloud", "--region", "europe"])
        .args(["--stitch-host", "dw.abc123.eu-west-1.rds.amazonaws.com"])
        .run();
    assert_eq!(printed.status, Some(0), "{}", printed.stderr);
    let tried = format!("aws() {{ printf '%s\\n' \"$*\"; }}\n{}", printed.stdout);
    let run = |group: &str| {
        let shell = Program::new("sh", Place::Here).args(["-s"]).stdin(&tried);
        if group.is_empty() {
            shell.run()
        } else {
            shell.env("GROUP", group).run()
        }
    };
    let unset = run("");
    assert!(unset.status != Some(0) && unset.stdout.is_empty(), "{}", unset.stdout);
    assert!(unset.stderr.contains("security group"), "{}", unset.stderr);
    let called = run("sg-1 x");
    assert_eq!(called.status, Some(0), "{}", called.stderr);
    let lines: Vec<&str> = called.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{}", called.stdout);
    assert!(lines[1].starts_with("ec2 authorize-security-group-ingress --region eu-west-1 --group-id sg-1 x "));
    assert!(
        lines[1].contains("{CidrIp=3.126.102.29/32,Description=Stitch}"),
        "{}",
        lines[1]
    );
}

/// A security group with two of the four, a stale one and one of the other region; then the command is followed.
#[test]
fn the_providers_list_beside_a_server() {
    let bench = Bench::new();
    let list = bench.0.socket_dir().join("group.json");
    let check = |entries: &[(&str, &str)]| {
        let ranges: Vec<String> = entries
            .iter()
            .map(|(cidr, name)| format!(r#"{{"CidrIp":"{cidr}","Description":"{name}"}}"#))
            .collect();
        let text = format!(
            r#"{{"SecurityGroups":[{{"GroupId":"sg-1","IpPermissions":[{{"IpProtocol":"tcp","FromPort":{0},"ToPort":{0},
                "IpRanges":[{1}]}}]}}]}}"#,
            bench.0.port(),
            ranges.join(",")
        );
        std::fs::write(bench.0.place().outside(&list), text).expect("the folder is ours");
        bench.check(&["--allow-list-json", list.to_str().expect("plain")])
    };
    let mut entries = vec![
        ("52.23.137.21/32", ""),
        ("52.204.223.208/32", ""),
        ("3.126.102.29/32", ""),
        ("52.23.137.99/32", "Stitch 2019"),
    ];
    let broken = check(&entries);
    assert_eq!(broken.of("provider-list-ok").len(), 2, "{}", broken.story());
    assert_eq!(broken.of("provider-list-missing").len(), 2, "{}", broken.story());
    assert_eq!(broken.of("provider-list-outdated").len(), 2, "{}", broken.story());
    broken.assert_needs_a_person();
    let advice = &broken.of("provider-list-missing")[0].advice;
    let added: Vec<&str> = advice
        .split("CidrIp=")
        .skip(1)
        .filter_map(|part| part.split(',').next())
        .collect();
    assert_eq!(added, ["52.204.228.32/32", "52.204.230.227/32"], "{advice}");
    entries.extend(added.iter().map(|cidr| (*cidr, "Stitch")));
    let mended = check(&entries);
    mended.assert_all_four("provider-list-ok", "good");
    mended.assert_ready();
    let open = check(&[("0.0.0.0/0", "")]);
    assert_eq!(open.only("provider-list-open-to-all").verdict, "unknown");
    open.assert_ready();
}
