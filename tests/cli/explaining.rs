//! `stitch-pg explain`.

use crate::support::{Place, stitch_pg};

const REFUSED: &str =
    "FATAL:  no pg_hba.conf entry for host \"52.23.137.21\", user \"stitch\", database \"dw\", SSL off";

#[test]
fn a_message_is_explained_from_the_command_line_and_from_standard_input() {
    let given = stitch_pg(Place::Here).args(["explain", REFUSED]).run();
    assert_eq!((given.status, given.stderr.as_str()), (Some(0), ""), "{given:?}");
    crate::cli::compare("explain", &given);
    let read = stitch_pg(Place::Here).args(["explain", "-"]).stdin(REFUSED).run();
    assert_eq!(read.stdout, given.stdout);
    // A shell splits what is not quoted.
    let split = stitch_pg(Place::Here).arg("explain").args(REFUSED.split(' ')).run();
    assert_eq!(split.stdout, given.stdout);
}

#[test]
fn a_log_of_several_messages_gives_several_explanations() {
    let log = "sshd[7]: Accepted publickey for stitch from 52.23.137.21 port 50122 ssh2: RSA SHA256:abc\n\
               sshd[7]: refused local port forward: originator 127.0.0.1 port 0, target 10.0.0.5 port 5432\n";
    let output = stitch_pg(Place::Here)
        .args(["explain", "--format", "json"])
        .stdin(log)
        .run();
    let document: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    let hops: Vec<&str> = document["explanations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|explanation| explanation["hop"].as_str().unwrap())
        .collect();
    assert_eq!((document["known"].as_bool(), output.status), (Some(true), Some(0)));
    assert!(hops.contains(&"forward") && hops.contains(&"ssh-login"), "{hops:?}");
}

#[test]
fn a_message_that_is_not_known_is_said_to_be_unknown() {
    let text = stitch_pg(Place::Here).args(["explain", "the quick brown fox"]).run();
    assert_eq!(text.status, Some(1));
    assert!(
        text.stdout.starts_with("stitch-pg does not know this message.\n"),
        "{text:?}"
    );
    let document = stitch_pg(Place::Here)
        .args(["explain", "--format", "json", "the quick brown fox"])
        .run();
    let document: serde_json::Value = serde_json::from_str(&document.stdout).unwrap();
    assert_eq!(document["known"].as_bool(), Some(false));
    let format = stitch_pg(Place::Here).args(["explain", "--format", "junit", "x"]).run();
    assert_eq!((format.status, format.stdout.as_str()), (Some(2), ""), "{format:?}");
}
