use std::fs;
use std::path::Path;

use super::*;

fn resolved(config: &str, given: &str) -> Result<SshTarget> {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".ssh")).unwrap();
    fs::write(home.path().join(".ssh/config"), config).unwrap();
    fs::write(home.path().join(".ssh/of-gate"), "Port 9\n").unwrap();
    let options = AliasOptions {
        home: home.path().to_owned(),
        os_user: "ann".to_owned(),
        ..AliasOptions::default()
    };
    let mut target = resolve(given, &options)?;
    let strip = |path: &PathBuf| match path.strip_prefix(home.path()) {
        Ok(rest) => PathBuf::from("~").join(rest),
        Err(_) => path.clone(),
    };
    target.identities = target.identities.iter().map(strip).collect();
    target.known_hosts = target.known_hosts.iter().map(strip).collect();
    Ok(target)
}

fn shown(config: &str, given: &str) -> String {
    resolved(config, given).unwrap().to_string()
}

#[test]
fn typed_out() {
    for (given, wanted) in [
        ("bastion", "ann@bastion:22"),
        ("root@bastion", "root@bastion:22"),
        ("root@bastion:2222", "root@bastion:2222"),
        ("ssh://root@bastion:2222/", "root@bastion:2222"),
        ("first@last@bastion", "first@last@bastion:22"),
        ("198.51.100.2:22022", "ann@198.51.100.2:22022"),
        ("[fd77::1]:2222", "ann@[fd77::1]:2222"),
        ("root@fd77::1", "root@[fd77::1]:22"),
    ] {
        assert_eq!(shown("", given), wanted, "{given}");
    }
}

#[test]
fn nonsense_is_refused() {
    for given in [
        "",
        "@bastion",
        "root@",
        "bastion:0",
        "bastion:x",
        "root:pw@bastion",
        "a b",
        "bastion:70000",
    ] {
        assert!(resolved("", given).is_err(), "{given}");
    }
}

#[test]
fn aliases_of_the_ssh_client() {
    let config = "Host gate\n  HostName bastion.example\n  User root\n  Port 2222\n  IdentityFile ~/.ssh/gate\n  \
                  UserKnownHostsFile ~/.ssh/gate_hosts\n  HostKeyAlias the-gate\n  IdentitiesOnly yes\nHost *\n  User bob\n";
    let target = resolved(config, "gate").unwrap();
    assert_eq!(target.to_string(), "root@bastion.example:2222");
    assert_eq!(target.identities, [PathBuf::from("~/.ssh/gate")]);
    assert_eq!(target.identity_source, IdentitySource::Config);
    assert_eq!(target.known_hosts, [PathBuf::from("~/.ssh/gate_hosts")]);
    assert_eq!(target.known_as(), "the-gate");
    assert_eq!(shown(config, "me@gate:22"), "me@bastion.example:22");
    assert_eq!(shown(config, "elsewhere"), "bob@elsewhere:22");
}

#[test]
fn lenient_with_what_real_files_hold() {
    let config = "# comment\nAddKeysToAgent yes\nUseKeychain yes\nSetEnv A=b\nMatch host gate exec \"test -e x\"\n  User eve\n\
                  Host=gate\n  Hostname = %h.example\n  ForwardAgent no\n  LocalForward 1 localhost:2\n\nMatch all\n  Port 9\n";
    assert_eq!(shown(config, "gate"), "ann@gate.example:9");
}

/// OpenSSH 9.9 and 10: tokens and variables in `Include` and `User`.
#[test]
fn tokens_in_files_and_users() {
    let config = "Include ~/.ssh/${WHERE}/%n\nHost gate\n User %u-of-%h\n Port 22\n";
    assert!(resolved(config, "gate").is_err());
    assert_eq!(
        shown("Include %n.d/none\nHost gate\n User %u-of-%h\n", "gate"),
        "ann-of-gate@gate:22"
    );
    assert_eq!(shown("Include of-%n\nUser %%x\n", "gate"), "%x@gate:9");
    let unset = "Host gate\n HostName fd77::1\nInclude config_%h_${NOT_SET}\n";
    let said = format!("{:#}", resolved(unset, "gate").unwrap_err());
    assert!(said.contains("config:3: Include") && said.contains("NOT_SET"), "{said}");
}

#[test]
fn ways_round_are_refused_by_name() {
    assert!(resolved("Host gate\n  ProxyCommand nc %h %p\n", "gate").is_err());
    assert!(resolved("Host gate\n  ProxyJump none\n", "gate").is_ok());
    let circle = resolved("Host gate\n  ProxyJump gate\n", "gate").unwrap_err();
    assert!(format!("{circle:#}").contains("more than 8 servers"), "{circle:#}");
}

#[test]
fn through_other_servers() {
    let config = "Host gate\n  ProxyJump me@first:2200,second\nHost second\n  HostName 10.0.0.2\n  ProxyJump ignored\n\
                  Host first\n  IdentityFile ~/.ssh/first\n  ProxyJump zeroth\n";
    let target = resolved(config, "root@gate").unwrap();
    let way: Vec<String> = target.jumps.iter().map(ToString::to_string).collect();
    assert_eq!(way, ["ann@zeroth:22", "me@first:2200", "ann@10.0.0.2:22"]);
    assert!(target.jumps.iter().all(|jump| jump.jumps.is_empty()));
    assert!(target.jumps[1].identities[0].ends_with(".ssh/first"));
}

/// Only what is used may fail, in a block that counts, by file and line.
#[test]
fn faults_are_named_by_file_and_line() {
    for (line, wanted) in [
        ("Port 70000", "config:2: Port"),
        ("IdentitiesOnly perhaps", "config:2: IdentitiesOnly"),
        ("User", "config:2: User"),
        ("User a b", "config:2: User"),
        ("HostName %p", "config:2: HostName"),
        ("IdentityFile ~/%Z", "config:2: IdentityFile"),
        ("IdentityFile ~/${NOT_SET}", "config:2: IdentityFile"),
        ("UserKnownHostsFile \"no end", "config:2: UserKnownHostsFile"),
    ] {
        let error = resolved(&format!("Host gate\n {line}\n"), "gate").unwrap_err();
        assert!(format!("{error:#}").contains(wanted), "{line}: {error:#}");
        assert!(resolved(&format!("Host other\n {line}\n"), "gate").is_ok(), "{line}");
    }
    for line in [
        "AddKeysToAgent 1h",
        "RekeyLimit 1G",
        "ForwardAgent ~/x",
        "NotYetKnown a \"b",
        "Ciphers ???",
    ] {
        assert!(
            resolved(&format!("{line}\nHost gate\n {line}\n"), "gate").is_ok(),
            "{line}"
        );
    }
}

#[test]
fn a_file_that_others_could_write_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".ssh")).unwrap();
    let file = home.path().join(".ssh/config");
    fs::write(&file, "User ann\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    let options = AliasOptions {
        home: home.path().to_owned(),
        ..AliasOptions::default()
    };
    let error = resolve("gate", &options).unwrap_err();
    assert!(format!("{error:#}").contains("other users can write it"), "{error:#}");
}

#[test]
fn agents_and_host_keys() {
    let config = "Host gate\n IdentityAgent none\n HostKeyAlias Alias\n Port 2222\n UserKnownHostsFile none\n";
    let target = resolved(config, "gate").unwrap();
    assert_eq!((target.agent, target.known_hosts.len()), (SshAgent::None, 0));
    assert_eq!(
        target.global_known_hosts.first().map(PathBuf::as_path),
        Some(Path::new("/etc/ssh/ssh_known_hosts"))
    );
}
