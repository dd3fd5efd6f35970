//! Plans from made-up facts: every finding code of the step, and what is reported for each of the four addresses.

mod combinations;
mod hops;
mod provided;

use std::time::Duration;

use super::facts::{Freshness, HbaFacts, HbaFile, Reach, Resolved, ServerFacts};
use super::*;
use crate::finding::Verdict;
use crate::hba::parse;
use crate::names::{Cidr, Port};
use crate::provider::Provider;
use crate::settings::{
    Admin, BastionServer, BastionSettings, Connection, OnWrongPassword, OwnershipSettings, RolePassword, Route,
    Schemas, Stitch, StitchSsl, Tls,
};

fn settings() -> Settings {
    Settings {
        admin: Admin {
            host: "db.example.com".parse().unwrap(),
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
            host: "db.example.com".parse().unwrap(),
            port: Port::POSTGRES,
            database: "dw".parse().unwrap(),
            role: "stitch".parse().unwrap(),
            password: RolePassword::Unknown,
            on_wrong_password: OnWrongPassword::Report,
            adopt: crate::settings::Adopt::No,
            readers: Vec::new(),
            region: Some(Region::NorthAmerica),
            allow: addresses_of(Region::NorthAmerica),
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
        bastion: None,
        registration: crate::settings::RegistrationSettings::unasked(),
        loads: None,
        acknowledged: Vec::new(),
        way_in: crate::settings::AllowlistInputs::default(),
        steps: StepId::ALL.to_vec(),
        warnings: Vec::new(),
        timeout: Duration::from_secs(1),
        docs_url: String::new(),
    }
}

fn addresses_of(region: Region) -> Vec<Cidr> {
    region
        .addresses()
        .map(|address| address.to_string().parse().unwrap())
        .to_vec()
}

fn with_bastion(host: &str, server: BastionServer) -> Settings {
    let mut settings = settings();
    settings.stitch.host = host.parse().unwrap();
    settings.bastion = Some(BastionSettings {
        server,
        tunnel_user: "stitch".parse().unwrap(),
        public_key: None,
        key_options: Vec::new(),
        prove: crate::settings::Prove::No,
        adopt: crate::settings::Adopt::No,
        shell: crate::settings::LoginShell::Any,
        stitch_host: "ssh.example.com".parse().unwrap(),
        stitch_port: Port::SSH,
        stitch_given_by: crate::settings::GivenBy::default(),
        sudo_password: None,
    });
    settings
}

fn server(rules: &str) -> ServerFacts {
    ServerFacts {
        version: 150_000,
        provider: Provider::SelfHosted,
        user: "postgres".into(),
        listen_addresses: "*".into(),
        listen_source: "configuration file".into(),
        port: 5432,
        ssl: true,
        memberships: Vec::new(),
        client: None,
        between: None,
        hba: HbaFacts::Read(Box::new(HbaFile {
            path: "/etc/pg_hba.conf".into(),
            rules: parse(rules, 150_000),
            regexes: Vec::new(),
            freshness: Freshness::Loaded,
            stored_as_md5: false,
            manager: None,
            reach: Reach::NotAsked,
        })),
    }
}

fn facts(server: ServerFacts) -> Facts {
    Facts {
        server: Some(server),
        ..Facts::default()
    }
}

fn file(server: &mut ServerFacts) -> &mut HbaFile {
    match &mut server.hba {
        HbaFacts::Read(file) => file,
        _ => panic!(),
    }
}

fn plan(settings: &Settings, facts: &Facts) -> Vec<Finding> {
    let plan = Allowlist::plan(settings, facts);
    assert!(plan.changes.is_empty());
    plan.findings
}

/// The findings about `pg_hba.conf`: code, verdict and subject.
fn hba(settings: &Settings, server: ServerFacts) -> Vec<(&'static str, Verdict, String)> {
    plan(settings, &facts(server))
        .into_iter()
        .filter(|finding| finding.code.as_str().starts_with("hba") && finding.code != Code::HbaOpenToAll)
        .map(|finding| (finding.code.as_str(), finding.verdict, finding.subject.unwrap()))
        .collect()
}

/// The one code and verdict that all four addresses get.
fn all_four(settings: &Settings, rules: &str) -> (&'static str, Verdict) {
    let findings = hba(settings, server(rules));
    let subjects: Vec<&str> = findings.iter().map(|(.., subject)| subject.as_str()).collect();
    assert_eq!(
        subjects,
        [
            "52.23.137.21/32",
            "52.204.223.208/32",
            "52.204.228.32/32",
            "52.204.230.227/32"
        ]
    );
    assert!(
        findings
            .iter()
            .all(|(code, verdict, _)| (*code, *verdict) == (findings[0].0, findings[0].1))
    );
    (findings[0].0, findings[0].1)
}

fn find(findings: &[Finding], code: Code) -> Finding {
    findings
        .iter()
        .find(|finding| finding.code == code)
        .unwrap_or_else(|| panic!("{code:?}: {findings:#?}"))
        .clone()
}

#[test]
fn a_list_with_some_of_a_regions_addresses_is_an_older_one() {
    let with = |allow: &[&str]| {
        let mut settings = settings();
        settings.stitch.allow = allow.iter().map(|cidr| cidr.parse().unwrap()).collect();
        let findings = plan(&settings, &Facts::default());
        let older = findings
            .into_iter()
            .find(|finding| finding.code == Code::StitchAddressesOutdated);
        older.and_then(|finding| finding.subject)
    };
    assert_eq!(
        with(&["52.23.137.21/32", "52.204.0.0/16"]),
        None,
        "a network holds the others"
    );
    assert_eq!(with(&["198.51.100.7/32"]), None, "an address of one's own");
    assert_eq!(
        with(&["3.126.102.29/32", "18.158.0.0/16"]).as_deref(),
        Some("52.57.235.168")
    );
}

#[test]
fn offline_the_plan_names_the_addresses_and_the_lines() {
    let findings = plan(&settings(), &Facts::default());
    let codes: Vec<_> = findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(
        codes,
        [
            "stitch-addresses",
            "stitch-addresses",
            "stitch-addresses",
            "stitch-addresses",
            "firewall-not-checked",
            "hba-unreadable"
        ]
    );
    let advice = findings[5].advice.as_deref().unwrap();
    assert!(
        advice.contains("  hostssl dw stitch 52.204.230.227/32 scram-sha-256\n"),
        "{advice}"
    );
}

#[test]
fn each_method_has_its_verdict() {
    for (method, code, verdict) in [
        ("scram-sha-256", "hba-ok", Verdict::Good),
        ("md5", "hba-ok", Verdict::Good),
        ("password", "hba-ok", Verdict::Good),
        ("trust", "hba-trust", Verdict::Bad),
        ("reject", "hba-reject", Verdict::Bad),
        ("cert", "hba-client-certificate", Verdict::Bad),
        ("md5 clientcert=verify-full", "hba-client-certificate", Verdict::Bad),
        ("ident", "hba-method", Verdict::Bad),
        ("gss", "hba-method", Verdict::Bad),
        ("ldap ldapserver=x", "hba-external-auth", Verdict::Unknown),
        ("pam", "hba-external-auth", Verdict::Unknown),
    ] {
        assert_eq!(
            all_four(&settings(), &format!("hostssl all all all {method}")),
            (code, verdict),
            "{method}"
        );
    }
    assert_eq!(all_four(&settings(), ""), ("hba-no-match", Verdict::Bad));
    assert_eq!(
        all_four(&settings(), "host all all .x md5"),
        ("hba-uncertain", Verdict::Unknown)
    );
    assert_eq!(
        all_four(&settings(), "host all all .x md5\nhost all all all md5"),
        ("hba-ok", Verdict::Good)
    );
}

#[test]
fn without_tls_a_clear_password_is_bad_and_the_other_way_is_told() {
    let mut plain = settings();
    plain.stitch.ssl = StitchSsl::Off;
    assert_eq!(
        all_four(&plain, "host all all all password"),
        ("hba-clear-text", Verdict::Bad)
    );
    let findings = plan(&plain, &facts(server("hostssl all all all scram-sha-256")));
    let text = find(&findings, Code::HbaNoMatch).text;
    assert_eq!(
        text,
        "no rule of /etc/pg_hba.conf allows \"stitch\" on \"dw\" without TLS; line 1 (`hostssl all all all \
         scram-sha-256`) is for connections with TLS; with TLS, line 1 (`hostssl all all all scram-sha-256`) would match first"
    );
    let mut off = server("host all all all scram-sha-256");
    off.ssl = false;
    assert!(hba(&settings(), off).iter().all(|(code, ..)| *code == "hba-ok"));
}

#[test]
fn the_advice_gives_the_lines_for_all_who_need_them_and_the_place() {
    let rules = "host all all 10.0.0.0/8 md5\nhost all all 52.204.0.0/16 reject\nhostssl dw stitch 52.204.228.32/32 md5\n\
                 host all all 52.23.137.21/32 md5";
    let findings = plan(&settings(), &facts(server(rules)));
    let reject = find(&findings, Code::HbaReject);
    assert_eq!(reject.subject.as_deref(), Some("52.204.223.208/32"));
    assert_eq!(
        reject.advice.as_deref(),
        Some(
            "add above line 2 of /etc/pg_hba.conf:\n  hostssl dw stitch 52.204.223.208/32 scram-sha-256\n  hostssl dw \
             stitch 52.204.228.32/32 scram-sha-256\n  hostssl dw stitch 52.204.230.227/32 scram-sha-256\nthen run: \
             SELECT pg_reload_conf();"
        )
    );
    let shadowed = findings
        .iter()
        .find(|finding| finding.text.contains("never used"))
        .unwrap();
    assert_eq!(shadowed.subject.as_deref(), Some("52.204.228.32/32"));
    assert!(
        shadowed.text.contains("line 3, which matches, is never used"),
        "{}",
        shadowed.text
    );
    assert_eq!(find(&findings, Code::HbaOk).subject.as_deref(), Some("52.23.137.21/32"));
}

#[test]
fn lines_for_other_ways_in_are_not_named() {
    let rules = "local all all scram-sha-256\nhostgssenc all all all md5\nhostnossl all all all md5";
    for finding in plan(&settings(), &facts(server(rules))) {
        if finding.code == Code::HbaNoMatch {
            assert!(
                finding
                    .text
                    .contains("with TLS; line 3 (`hostnossl all all all md5`) is for connections without TLS"),
                "{}",
                finding.text
            );
        }
    }
    let findings = plan(&settings(), &facts(server("local all all scram-sha-256")));
    assert!(find(&findings, Code::HbaNoMatch).text.ends_with("with TLS"));
}

#[test]
fn the_state_of_the_file() {
    let mut edited = server("host all all all md5\nhots\n");
    file(&mut edited).freshness = Freshness::EditedSince;
    file(&mut edited).stored_as_md5 = true;
    let findings = plan(&settings(), &facts(edited));
    assert_eq!(
        find(&findings, Code::HbaSyntaxError).subject.as_deref(),
        Some("line 2 of /etc/pg_hba.conf")
    );
    assert_eq!(find(&findings, Code::HbaNotLoaded).verdict, Verdict::Unknown);
    assert_eq!(find(&findings, Code::HbaOk).verdict, Verdict::Good);
    let mut scram = server("host all all all scram-sha-256");
    file(&mut scram).stored_as_md5 = true;
    assert!(
        hba(&settings(), scram)
            .iter()
            .all(|(code, verdict, _)| (*code, *verdict) == ("hba-md5-verifier", Verdict::Bad))
    );
}

#[test]
fn rules_that_cannot_be_read() {
    for (hba, provider) in [
        (HbaFacts::Forbidden(None), Provider::SelfHosted),
        (HbaFacts::Forbidden(None), Provider::Rds),
        (HbaFacts::NoView, Provider::SelfHosted),
        (HbaFacts::Failed("gone".into()), Provider::SelfHosted),
    ] {
        let seen = ServerFacts {
            provider,
            hba,
            ..server("")
        };
        assert_eq!(
            find(&plan(&settings(), &facts(seen)), Code::HbaUnreadable).verdict,
            Verdict::Unknown
        );
    }
}
