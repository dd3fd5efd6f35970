//! The provider's list handed over, and the provider's commands printed: no server is needed for either.

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
        ("{\"a\":1}", "none of the lists"),
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
