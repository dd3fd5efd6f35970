//! Plans from made-up facts: the output of the inspection script, and the plan for it.

use std::time::Duration;

use super::*;
use crate::finding::{Code, Verdict};
use crate::names::Port;
use crate::settings::{
    Admin, BastionServer, Connection, OnWrongPassword, OwnershipSettings, RolePassword, Route, Schemas, Stitch,
    StitchSsl, Tls,
};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAXpHvUqj4I4TuCEZxnxwyEU8T02FnjXcz+KsP57hxZm";

fn settings() -> Settings {
    Settings {
        admin: Admin {
            host: "10.0.0.3".parse().unwrap(),
            port: Port::POSTGRES,
            user: "postgres".into(),
            password: None,
            database: "postgres".parse().unwrap(),
            tls: Tls::default(),
            rules: crate::settings::LoginRules::default(),
            route: Route::Direct,
            set_role: None,
            provider: None,
            given_by: crate::settings::GivenBy::default(),
        },
        stitch: Stitch {
            host: "10.0.0.3".parse().unwrap(),
            port: Port::POSTGRES,
            database: "dw".parse().unwrap(),
            role: "stitch".parse().unwrap(),
            password: RolePassword::Unknown,
            on_wrong_password: OnWrongPassword::Report,
            adopt: crate::settings::Adopt::No,
            readers: Vec::new(),
            region: None,
            allow: vec!["52.23.137.21".parse().unwrap(), "52.204.223.208".parse().unwrap()],
            ssl: StitchSsl::WhenOffered,
            ca: None,
            given_by: crate::settings::GivenBy::default(),
        },
        ownership: OwnershipSettings {
            connection: Connection::New,
            schemas: Schemas::Ask,
            include: Vec::new(),
            lock_timeout: Duration::from_secs(1),
            new_owner: None,
            readers: crate::settings::Readers::Keep,
            rehearse: crate::settings::Rehearse::Lightly,
        },
        bastion: Some(BastionSettings {
            server: BastionServer::Local,
            tunnel_user: "stitch".parse().unwrap(),
            public_key: Some(KEY.parse().unwrap()),
            key_options: Vec::new(),
            prove: crate::settings::Prove::No,
            adopt: crate::settings::Adopt::No,
            shell: crate::settings::LoginShell::Any,
            stitch_host: "bastion.example".parse().unwrap(),
            stitch_port: Port::SSH,
            stitch_given_by: crate::settings::GivenBy::default(),
            sudo_password: None,
        }),
        registration: crate::settings::RegistrationSettings::unasked(),
        loads: None,
        acknowledged: Vec::new(),
        way_in: crate::settings::AllowlistInputs::default(),
        steps: vec![StepId::SshUser],
        timeout: Duration::from_secs(1),
        docs_url: String::new(),
        warnings: Vec::new(),
    }
}

/// What is printed of an account in order, with lines put in or replaced.
fn printed(changes: &[(&str, &str)]) -> String {
    let key_line = format!("restrict,port-forwarding {KEY} stitch");
    let mut lines = vec![
        ("exists", "yes"),
        ("local", "yes"),
        ("uid", "1001"),
        ("gid", "1001"),
        ("groups", "stitch"),
        ("home", "/home/stitch"),
        ("shell", "/bin/sh"),
        ("password", "impossible"),
        ("home_node", "drwxr-xr-x 1001 1001 /home/stitch"),
        ("ssh_node", "drwx------ 1001 1001 /home/stitch/.ssh"),
        ("keys_node", "-rw------- 1001 1001 /home/stitch/.ssh/authorized_keys"),
        ("key_line", &key_line),
        ("above", "drwxr-xr-x 0 0 /home"),
        ("server", "openssh"),
        ("sshd", "52.23.137.21 allowtcpforwarding yes"),
        ("sshd", "52.204.223.208 allowtcpforwarding yes"),
    ];
    for (name, value) in changes {
        lines.retain(|(known, _)| known != name || *name == "sshd");
        lines.push((name, value));
    }
    let lines: Vec<String> = lines.iter().map(|(name, value)| [name, "=", value].concat()).collect();
    lines.join("\n")
}

fn plan(changes: &[(&str, &str)]) -> Plan {
    SshUser::plan(&settings(), &Facts::parse(&printed(changes)))
}

fn codes(plan: &Plan) -> Vec<(&'static str, Verdict)> {
    plan.findings
        .iter()
        .map(|finding| (finding.code.as_str(), finding.verdict))
        .collect()
}

#[test]
fn nothing_is_there_yet() {
    let offline = SshUser::plan(&settings(), &Facts::default());
    let summaries: Vec<&str> = offline.changes.iter().map(|change| change.summary.as_str()).collect();
    assert!(
        summaries[0].starts_with("stop if the user stitch exists and is used for something else"),
        "{summaries:?}"
    );
    assert!(summaries[1].starts_with("add the user stitch") && summaries[4].starts_with("install Stitch's key"));
    assert!(offline.changes.iter().all(|change| change.undo.is_none()));
    assert!(offline.findings.is_empty(), "{offline:?}");
    assert_eq!(offline, SshUser::plan(&settings(), &Facts::default()));
}

#[test]
fn all_is_well() {
    let plan = plan(&[]);
    assert!(plan.changes.is_empty(), "{plan:?}");
    let wanted = [
        ("ssh-key-installed", Verdict::Good),
        ("ssh-server-allows", Verdict::Good),
    ];
    assert_eq!(codes(&plan), wanted);
}

#[test]
fn no_account_but_the_server_is_judged() {
    let plan = SshUser::plan(
        &settings(),
        &Facts::parse("group=\nserver=openssh\nsshd=52.23.137.21 denyusers st*\n"),
    );
    assert_eq!(plan.changes.len(), 2);
    assert_eq!(codes(&plan), [("ssh-not-allowed", Verdict::Bad)]);
}

#[test]
fn somebody_elses_account_is_left_alone() {
    for changes in [
        &[("uid", "0")][..],
        &[("groups", "stitch docker")],
        &[("password", "hash"), ("key_line", "# none")],
        &[("key_line", "ssh-rsa AAAAB3NzaC1yc2EAAAAD someone")],
    ] {
        let plan = plan(changes);
        assert!(plan.changes.is_empty(), "{changes:?} {plan:?}");
        assert_eq!(codes(&plan)[0], ("ssh-user-in-use", Verdict::Bad), "{changes:?}");
    }
}

#[test]
fn settings_that_hold_for_some_addresses_only() {
    let plan = plan(&[("sshd", "52.204.223.208 permitopen 10.0.0.4:5432 [::1]:5432")]);
    let finding = plan
        .findings
        .iter()
        .find(|finding| finding.verdict == Verdict::Bad)
        .unwrap();
    assert_eq!(finding.code, Code::SshForwardingRestricted);
    assert!(
        finding.text.ends_with("(for logins from 52.204.223.208)"),
        "{}",
        finding.text
    );
    assert!(
        finding
            .advice
            .as_ref()
            .unwrap()
            .contains("PermitOpen 10.0.0.4:5432 [::1]:5432 10.0.0.3:5432\n")
    );
}

#[test]
fn without_the_key_it_is_said_where_to_find_it() {
    let mut settings = settings();
    settings.bastion.as_mut().unwrap().public_key = None;
    let plan = SshUser::plan(&settings, &Facts::default());
    assert_eq!(codes(&plan), [("ssh-key-not-given", Verdict::Bad)]);
}

/// Lines that look like ours in what a user can write cannot pass for facts: each is behind its own name.
#[test]
fn a_key_file_cannot_speak_for_the_script() {
    let plan = plan(&[("key_line", "uid=0")]);
    assert_eq!(codes(&plan)[0].0, "ssh-user-in-use");
    let facts = Facts::parse("key_line=x\nuid=5\n");
    assert!(facts.account.is_none());
}

/// OpenSSH 10.6 prints keywords as its manual writes them.
#[test]
fn keywords_count_in_any_case() {
    for (line, code, verdict) in [
        ("52.23.137.21 AllowUsers root", "ssh-not-allowed", Verdict::Bad),
        ("52.23.137.21 RefuseConnection yes", "ssh-not-allowed", Verdict::Bad),
        (
            "52.23.137.21 revokedkeys /etc/ssh/revoked",
            "ssh-not-allowed",
            Verdict::Unknown,
        ),
        (
            "52.23.137.21 PubkeyAuthentication no",
            "ssh-key-login-off",
            Verdict::Bad,
        ),
        (
            "52.23.137.21 ChannelTimeout session=5m direct-*=1h",
            "ssh-forwarding-restricted",
            Verdict::Unknown,
        ),
    ] {
        let found = codes(&plan(&[("sshd", line)]));
        assert!(found.contains(&(code, verdict)), "{line}: {found:?}");
    }
    for line in [
        "channeltimeout none",
        "channeltimeout session=5m direct-tcpip=0",
        "revokedkeys none",
        "refuseconnection no",
    ] {
        let found = codes(&plan(&[("sshd", &format!("52.23.137.21 {line}"))]));
        assert_eq!(found.len(), 2, "{line}: {found:?}");
    }
}
