//! The sheet for the security team: the SSH server's host key and the authority are the real ones, and the latter is proved.

use crate::cure::ssh_user::scene::Scene;
use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::wizard::PASSWORD;
use crate::support::{
    BastionOptions, Certificates, Need, Place, Postgres, PostgresOptions, Program, json, stitch_pg, world,
};

#[test]
fn the_security_team_sees_the_real_keys() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    let host = world.host("db", &[("inner", "10.20.0.3/24")]);
    let options = PostgresOptions::new().tls(Certificates::for_names(&["10.20.0.3"]));
    let server = Postgres::start_in(&world, Some(&host), options);
    let ca = server.certificates().expect("asked for").ca();
    std::fs::copy(&ca, world.outside(world.dir().join("tmp/ca.crt"))).expect("the world is writable");
    let sheet = |command: &str, file: &str| {
        let output = stitch_pg(&scene.ops)
            .args([
                command,
                "--yes",
                "--no-input",
                "--skip",
                "allowlist",
                "--via-bastion",
                "--sheet",
            ])
            .arg(format!("/run/world/tmp/{file}"))
            .args([
                "--host",
                "10.20.0.3",
                "--admin-user",
                "postgres",
                "--stitch-ca",
                "/run/world/tmp/ca.crt",
            ])
            .args([
                "--bastion",
                "root@198.51.100.20",
                "--bastion-identity",
                "/run/world/tmp/ed25519",
            ])
            .args(["--public-key-file", "/run/world/tmp/stitch.pub"])
            .env("PGPASSWORD", POSTGRES_PASSWORD)
            .env("STITCH_PG_PASSWORD", PASSWORD)
            .run();
        let path = world.outside(world.dir().join("tmp").join(file));
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        (text, output)
    };
    let (planned, output) = sheet("plan", "planned.json");
    assert_eq!(output.status, Some(0), "{output:?}");
    assert_eq!(json::parse(&planned)["trust"]["certificate_authority_proved"], false);
    let (text, output) = sheet("setup", "sheet.json");
    assert_eq!(output.status, Some(0), "{output:?}");
    let trust = &json::parse(&text)["trust"];
    let told = trust["ssh_host_key"].as_str().expect("a host key");
    let run = |script: &str, argument: &str| {
        let output = Program::new("bash", Place::Here)
            .args(["-c", script, "sh", argument])
            .run();
        assert!(output.success(), "{output:?}");
        output.stdout.trim().to_owned()
    };
    let fingerprint_of = |key: &String| {
        let told = run("ssh-keygen -lf - <<<\"$1\"", key);
        told.split(' ').nth(1).expect("a fingerprint").to_owned()
    };
    let real: Vec<String> = scene.bastion.host_keys().iter().map(fingerprint_of).collect();
    assert!(
        real.iter().any(|real| told.contains(real)),
        "{told} is none of {real:?}"
    );
    let told_by_openssl = run(
        "openssl x509 -noout -fingerprint -sha256 -in \"$1\"",
        &ca.to_string_lossy(),
    );
    let fingerprint = told_by_openssl.rsplit('=').next().expect("a fingerprint").to_owned();
    let authorities = trust["certificate_authorities"].as_array().expect("a list");
    assert_eq!(authorities.len(), 1, "{trust:#}");
    assert_eq!(authorities[0]["sha256"], fingerprint.as_str());
    assert_eq!(trust["certificate_authority_proved"], true, "{trust:#}");
    let (text, _) = sheet("check", "sheet.txt");
    assert!(text.contains("verified: "), "{text}");
    assert!(
        text.contains(told) && text.contains(&fingerprint) && !text.contains(PASSWORD),
        "{text}"
    );
    // One builder for the registration and for the sheet: the body has what the form has.
    let body = text
        .split_once("destinations\n\n")
        .and_then(|(_, rest)| rest.split_once("\n\nFor"));
    let properties = &json::parse(body.expect("the body").0)["properties"];
    let wanted = serde_json::json!({
        "host": "10.20.0.3", "port": "5432", "database": "stitch", "username": "stitch", "ssl": "true",
        "encryption_type": "ssh", "encryption_host": "198.51.100.20", "encryption_port": "22",
        "encryption_username": "stitch"
    });
    assert_eq!(*properties, wanted);
}
