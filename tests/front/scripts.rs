//! Every provider that `--provider` knows, in every kind of script.

use crate::support::{Place, stitch_pg};

const PROVIDERS: [&str; 16] = [
    "self-hosted",
    "rds",
    "aurora",
    "cloud-sql",
    "alloydb",
    "azure",
    "heroku",
    "supabase",
    "neon",
    "digitalocean",
    "aiven",
    "crunchy-bridge",
    "planetscale",
    "lakebase",
    "tiger-cloud",
    "render",
];

fn script(arguments: &[&str]) -> String {
    let said = stitch_pg(Place::Here)
        .args(["script", "--region", "north-america", "--stitch-host", "203.0.113.9"])
        .args(arguments)
        .run();
    assert_eq!(said.status, Some(0), "{arguments:?}: {}", said.stderr);
    said.stdout
}

/// What a shell would run.
fn commands(script: &str) -> Vec<&str> {
    let is_run =
        |line: &&str| !line.is_empty() && !line.starts_with('#') && !line.starts_with(": ") && *line != "set -eu";
    script.lines().filter(is_run).collect()
}

#[test]
fn the_cloud_admin_gets_the_providers_commands() {
    for provider in PROVIDERS {
        let text = script(&["--for", "cloud", "--provider", provider]);
        let tool = match provider {
            "self-hosted" => "",
            "rds" | "aurora" => "aws ",
            "cloud-sql" | "alloydb" => "gcloud ",
            "azure" => "az ",
            "digitalocean" => "doctl ",
            "aiven" => "avn ",
            "crunchy-bridge" => "cb ",
            "planetscale" => "pscale ",
            "lakebase" => "databricks ",
            "tiger-cloud" => "# Tiger Console",
            "render" => "curl ",
            other => other,
        };
        if tool.is_empty() {
            assert_eq!(commands(&text), [""; 0], "{text}");
            assert!(text.contains("name it with --provider"), "{text}");
            continue;
        }
        assert!(text.lines().any(|line| line.starts_with(tool)), "{provider}: {text}");
        assert!(!text.contains("ufw"), "{provider}: {text}");
        assert!(text.contains("52.23.137.21"), "{provider}: {text}");
        for line in commands(&text) {
            let known = [
                "aws",
                "gcloud",
                "az",
                "heroku",
                "supabase",
                "neon",
                "doctl",
                "avn",
                "cb",
                "pscale",
                "databricks",
                "curl",
            ];
            let first = line.split(' ').next().unwrap_or_default();
            assert!(known.contains(&first), "{provider}: {line}");
        }
    }
}

#[test]
fn the_other_scripts_know_the_provider_too() {
    for provider in PROVIDERS {
        let dba = script(&["--for", "dba", "--provider", provider]);
        assert!(dba.contains("CREATE DATABASE"), "{provider}: {dba}");
        let all = script(&["--provider", provider]);
        for audience in ["For the admin of the cloud provider", "For the database administrator"] {
            assert!(all.contains(audience), "{provider}: {audience}: {all}");
        }
        let sysadmin = script(&["--for", "sysadmin", "--skip", "ssh-user", "--provider", provider]);
        assert!(!sysadmin.is_empty());
    }
}
