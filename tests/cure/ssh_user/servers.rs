//! The servers that are tried, as docs/bastion.md shows them: each from nothing to ready, and the result of each setting.

use std::fmt::Write as _;

use super::doctor::SERVERS;
use super::newer;
use super::scene::{Scene, told};
use crate::support::{BastionOptions, Kind, Need, Server, world};

const PAGE: &str = "docs/bastion.md";
const BEGIN: &str = "<!-- Servers: written by tests/cure/ssh_user/servers.rs with UPDATE_DOCS=1 cargo test --test it cure::ssh_user::servers -->\n";
const END: &str = "<!-- End of the servers -->\n";

#[test]
fn the_table_of_servers() {
    let mut table =
        "\n| system | SSH server | rights by | a new user, its key, `check`, a second `setup` |\n|---|---|---|---|\n"
            .to_owned();
    for (system, kind, server) in [
        ("Debian 12", Kind::Debian, Server::OpenSsh),
        ("Debian 13", Kind::Debian13, Server::OpenSsh),
        ("Red Hat's tools on Debian 12", Kind::RhelLike, Server::OpenSsh),
        ("BusyBox, as Alpine", Kind::BusyBox, Server::OpenSsh),
        ("BusyBox, as Alpine", Kind::BusyBox, Server::Dropbear),
    ] {
        let Some(world) = world(&[Need::Bastion, Need::BusyBox, Need::Debian13]) else {
            return;
        };
        let scene = Scene::new(&world, BastionOptions::new().kind(kind).server(server));
        scene.is_cured("stitch", "add the user stitch");
        let mut rights = vec!["root"];
        if kind != Kind::BusyBox {
            let by_sudo = told(&scene.program("check", "admin", "stitch"));
            assert_eq!(by_sudo.report["result"], "ready", "{system}: {by_sudo:#?}");
            rights.push("sudo");
        }
        let greeting =
            world.sh("nsenter --net=/run/netns/ops bash -c 'exec 3<>/dev/tcp/198.51.100.20/22; head -n 1 <&3'");
        let name = greeting
            .trim()
            .trim_start_matches("SSH-2.0-")
            .split(' ')
            .next()
            .unwrap_or_default();
        let (name, number) = name.split_once('_').unwrap_or((name, ""));
        let number = number.split('p').next().unwrap_or_default();
        let version = format!("{} {number}", name.replace("dropbear", "Dropbear"));
        let _ = writeln!(
            table,
            "| {system} | {version} | {} | ready, nothing to do |",
            rights.join(", ")
        );
    }
    table += "\n| lines in its configuration | code | verdict |\n|---|---|---|\n";
    let rows = SERVERS.iter().chain(&newer::SERVERS);
    for (lines, code, verdict) in rows {
        let lines = match lines.strip_prefix("MATCH ") {
            Some(lines) => format!("Match User stitch\n{lines}"),
            None => (*lines).to_owned(),
        };
        let lines: Vec<String> = lines.lines().map(|line| format!("`{line}`")).collect();
        let _ = writeln!(table, "| {} | `{code}` | {verdict} |", lines.join(", "));
    }
    table.push('\n');
    let page = std::fs::read_to_string(PAGE).expect("a page");
    let (before, rest) = page.split_once(BEGIN).expect("where it begins");
    let (found, after) = rest.split_once(END).expect("where it ends");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, [before, BEGIN, &table, END, after].concat()).expect("written");
        return;
    }
    assert!(
        found == table,
        "{PAGE} is out of date; run: UPDATE_DOCS=1 cargo test --test it cure::ssh_user::servers\n{table}"
    );
}
