//! The SSH client's configuration held against `ssh` itself: random files with `Include`, `Host`, `Match`, quotes, tokens and
//! keywords that are not ours to judge; what `ssh -G` and `ssh -v` make of them must be what is read here.

mod dead_ends;
mod generate;
mod logins;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use stitch_pg::settings::ssh_alias::{AliasOptions, resolve};
use stitch_pg::settings::{AgentKeys, SshAgent, SshTarget};

use crate::cure::ssh_user::scene::moves_home;
use crate::support;
use crate::support::rng::Rng;
use generate::{Files, HOSTS};

/// Configurations; each is asked about two hosts.
const CONFIGURATIONS: usize = 250;

/// The home that ssh reads from the account database, as the world has it.
const HOME: &str = "/run/world/home";

#[test]
fn ssh_reads_the_same() {
    let Some(world) = support::world(&[]) else {
        return;
    };
    let mut rng = Rng::new(20);
    let cases: Vec<(Files, [&str; 2])> = (0..CONFIGURATIONS)
        .map(|_| (Files::new(&mut rng), [rng.pick(&HOSTS), rng.pick(&HOSTS)]))
        .collect();
    let folder = world.outside("/run/world/tmp/cases");
    for (number, (files, hosts)) in cases.iter().enumerate() {
        let home = folder.join(number.to_string());
        files.write(&home);
        fs::write(home.join("hosts"), hosts.join("\n") + "\n").expect("a file");
    }
    moves_home(&world);
    world.sh(&format!(
        "mkdir -p /etc/ssh; mount -t tmpfs tmpfs /etc/ssh
         cd /run/world/tmp/cases
         for case in *; do
             rm -rf {HOME}/.ssh; ln -s \"$PWD/$case/.ssh\" {HOME}/.ssh
             cp \"$case/system\" /etc/ssh/ssh_config
             n=0
             while read -r host; do
                 n=$((n + 1))
                 export GATE=gate.d
                 ssh -G \"$host\" >\"$case/G$n\" 2>\"$case/E$n\" || :
                 ssh -v -o BatchMode=yes -o ProxyCommand=false \"$host\" true >/dev/null 2>\"$case/V$n\" </dev/null || :
             done <\"$case/hosts\"
         done"
    ));
    let (mut compared, mut refused, mut lenient) = (0, 0, 0);
    let mut unexplained = Vec::new();
    for (number, (files, hosts)) in cases.iter().enumerate() {
        let home = folder.join(number.to_string());
        for (index, host) in hosts.iter().enumerate() {
            let read =
                |name: &str| fs::read_to_string(home.join(format!("{name}{}", index + 1))).expect("ssh was asked");
            let ours = resolve(host, &options(&home));
            let wanted = (!read("G").is_empty()).then(|| theirs(&read("G"), &read("V")));
            let ours = match ours {
                Ok(target) => Ok(shown(&target, &home)),
                Err(error) => Err(format!("{error:#}")),
            };
            match (&wanted, &ours) {
                (Some(wanted), Ok(ours)) if wanted == ours => compared += 1,
                (None, Err(_)) => refused += 1,
                // A command on the way, and a way in a circle, are refused by name.
                (Some(wanted), Err(error))
                    if (wanted.contains_key("proxycommand") || wanted.contains_key("proxyjump"))
                        && (error.contains("which stitch-pg does not support")
                            || error.contains("more than 8 servers")) =>
                {
                    compared += 1;
                }
                // ssh refuses a line of a block that does not count for this host.
                (None, Ok(_)) if files.refusable => lenient += 1,
                _ => unexplained.push(format!(
                    "{host}: ssh: {wanted:#?} {}\nours: {ours:#?}\n{files}",
                    read("E")
                )),
            }
        }
    }
    println!(
        "{compared} compared, {refused} refused by both, {lenient} by ssh alone, {} unexplained",
        unexplained.len()
    );
    assert!(
        unexplained.is_empty(),
        "{} unexplained; the first: {}",
        unexplained.len(),
        unexplained.join("\n\n")
    );
    assert!(compared >= 400, "{compared} compared, {refused} refused");
}

fn options(home: &Path) -> AliasOptions {
    AliasOptions {
        home: home.to_owned(),
        system: home.join("system"),
        machine: "ops".to_owned(),
        variable: Some(|name| (name == "GATE").then(|| "gate.d".to_owned())),
        os_user: "root".to_owned(),
        ..AliasOptions::default()
    }
}

/// What ssh says, in the words of [`shown`].
fn theirs(settings: &str, verbose: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let wanted = [
        "hostname",
        "user",
        "port",
        "identitiesonly",
        "identityagent",
        "hostkeyalias",
        "userknownhostsfile",
        "globalknownhostsfile",
        "proxyjump",
        "proxycommand",
    ];
    for line in settings.lines() {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        if wanted.contains(&key) && line != "identityagent SSH_AUTH_SOCK" {
            let value = value.replace(HOME, "~");
            let value = if matches!(value.as_str(), "none") && key.ends_with("file") {
                String::new()
            } else {
                value
            };
            // Where the way leads is the jump's own configuration.
            let value = if key == "proxyjump" { "set".to_owned() } else { value };
            all.insert(key.to_owned(), value);
        }
    }
    let files = verbose.lines().filter_map(|line| {
        let file = line.strip_prefix("debug1: identity file ")?.rsplit_once(" type ")?.0;
        (!file.ends_with("-cert")).then(|| file.replace(HOME, "~"))
    });
    // Kinds of keys that libssh2 does not know, or that are no longer in use.
    let mut files: Vec<String> = files
        .filter(|file| !file.ends_with("/id_xmss") && !file.ends_with("/id_dsa"))
        .collect();
    // ssh shows a key once more when the system's file names it as well.
    let mut seen = std::collections::BTreeSet::new();
    files.retain(|file| seen.insert(file.clone()));
    all.insert("identityfile".to_owned(), files.join(" "));
    all
}

fn shown(target: &SshTarget, home: &Path) -> BTreeMap<String, String> {
    let home = home.to_str().expect("a path of ours");
    let paths = |paths: &[std::path::PathBuf]| {
        let texts: Vec<String> = paths
            .iter()
            .map(|path| path.display().to_string().replace(home, "~"))
            .collect();
        texts.join(" ")
    };
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let mut all = BTreeMap::from([
        ("hostname".to_owned(), target.host.to_string()),
        ("user".to_owned(), target.user.clone()),
        ("port".to_owned(), target.port.to_string()),
        ("identitiesonly".to_owned(), yes(target.agent_keys == AgentKeys::Listed)),
        ("userknownhostsfile".to_owned(), paths(&target.known_hosts)),
        ("globalknownhostsfile".to_owned(), paths(&target.global_known_hosts)),
        ("identityfile".to_owned(), paths(&target.identities)),
    ]);
    match &target.agent {
        SshAgent::Usual => {}
        SshAgent::None => drop(all.insert("identityagent".to_owned(), "none".to_owned())),
        SshAgent::Socket(path) => drop(all.insert("identityagent".to_owned(), paths(std::slice::from_ref(path)))),
    }
    if let Some(alias) = &target.host_key_alias {
        all.insert("hostkeyalias".to_owned(), alias.clone());
    }
    if !target.jumps.is_empty() {
        all.insert("proxyjump".to_owned(), "set".to_owned());
    }
    all
}
