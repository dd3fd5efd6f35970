//! libpq's parameters, from a URL, a service and the environment: honoured or refused, each with libpq's meaning.

use super::*;
use crate::settings::admin::Methods;
use crate::settings::libpq::{Parameter, TABLE};

/// A value that asks for something, for each parameter that is honoured by its own name, and what may then be found.
const ASKED: &[(&str, &str)] = &[
    ("hostaddr", "192.0.2.7"),
    ("passfile", "/nonexistent"),
    ("require_auth", "scram-sha-256"),
    ("channel_binding", "require"),
    ("connect_timeout", "3"),
    ("options", "-c work_mem=1MB"),
    ("application_name", "deploy"),
    ("fallback_application_name", "deploy"),
    ("requiressl", "1"),
    ("sslnegotiation", "direct"),
    ("sslpassword", "hunter2"),
    ("sslcertmode", "disable"),
    ("sslcrl", "/dev/null"),
    ("sslcrldir", "/"),
    ("sslsni", "0"),
    ("requirepeer", "postgres"),
    ("ssl_min_protocol_version", "TLSv1.3"),
    ("ssl_max_protocol_version", "TLSv1.2"),
    ("target_session_attrs", "primary"),
];

/// The three ways in which a parameter is given.
fn places(name: &str, env: &str, value: &str) -> Vec<Place> {
    let encoded = value.replace(' ', "%20").replace('=', "%3D");
    let url = format!("postgres://u@db/x?sslmode=verify-full&sslrootcert=system&{name}={encoded}");
    let service = format!("[s]\nhost=db\nsslmode=verify-full\nsslrootcert=system\n{name}={value}\n");
    let mut places = vec![
        Place::new(Purpose::Plan).env("DATABASE_URL", &url),
        Place::new(Purpose::Plan)
            .file("home/.pg_service.conf", &service)
            .env("PGSERVICE", "s"),
    ];
    if !env.is_empty() {
        let place = Place::new(Purpose::Plan).env(
            "DATABASE_URL",
            "postgres://u@db/x?sslmode=verify-full&sslrootcert=system",
        );
        places.push(place.env(env, value));
    }
    places
}

/// Everything that is honoured makes a difference, wherever it is given; an empty value makes none.
#[test]
fn what_is_honoured_makes_a_difference() {
    let honoured = TABLE.iter().filter(|entry| entry.parameter == Parameter::Honoured);
    let mut tried = 0;
    for entry in honoured {
        let (_, value) = ASKED
            .iter()
            .find(|(name, _)| *name == entry.name)
            .unwrap_or_else(|| panic!("{} is tried nowhere", entry.name));
        for place in places(entry.name, entry.env, value) {
            tried += 1;
            // requiressl yields to sslmode; a password file and a switched-off certificate have tests of their own.
            if matches!(entry.name, "requiressl" | "passfile" | "sslcertmode") {
                place.settings(EUROPE);
                continue;
            }
            let found = place.settings(EUROPE).admin;
            let plain = places("tty", "", "x").remove(0).settings(EUROPE).admin;
            assert!(found.rules != plain.rules || found.tls != plain.tls, "{}", entry.name);
        }
        for place in places(entry.name, entry.env, "") {
            assert_eq!(
                place.settings(EUROPE).admin.rules,
                LoginRules::default(),
                "{}",
                entry.name
            );
        }
    }
    assert_eq!(tried, 55);
}

/// Whatever is refused is refused by its name, in all three ways, and its value is not repeated.
#[test]
fn what_is_refused_is_named() {
    let wrong = [
        ("replication", "", "database"),
        ("gssencmode", "PGGSSENCMODE", "require"),
        ("sslkeylogfile", "", "/keys"),
        ("min_protocol_version", "PGMINPROTOCOLVERSION", "3.2"),
        ("scram_client_key", "", "hunter2"),
        ("scram_server_key", "", "hunter2"),
        ("require_auth", "PGREQUIREAUTH", "scram"),
        ("channel_binding", "PGCHANNELBINDING", "required"),
        ("connect_timeout", "PGCONNECT_TIMEOUT", "soon"),
        ("hostaddr", "PGHOSTADDR", "db.example.com"),
        ("sslnegotiation", "PGSSLNEGOTIATION", "tls"),
        ("sslcertmode", "PGSSLCERTMODE", "require"),
        ("sslcrl", "PGSSLCRL", "/nonexistent"),
        ("sslcrldir", "PGSSLCRLDIR", "/nonexistent"),
        ("sslsni", "PGSSLSNI", "no"),
        ("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION", "1.3"),
        ("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION", "TLSv1.1"),
        ("target_session_attrs", "PGTARGETSESSIONATTRS", "standby"),
        ("target_session_attrs", "PGTARGETSESSIONATTRS", "read-only"),
    ];
    for (name, env, value) in wrong {
        for place in places(name, env, value) {
            let problems = place.problems(EUROPE);
            assert!(problems.contains(name) || problems.contains(env), "{name}: {problems}");
            assert!(!problems.contains("hunter2"), "{problems}");
        }
    }
    for (name, env, value) in [
        ("gssencmode", "PGGSSENCMODE", "prefer"),
        ("min_protocol_version", "PGMINPROTOCOLVERSION", "3.0"),
        ("replication", "", "false"),
        ("sslsni", "PGSSLSNI", "1"),
        ("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION", "TLSv1.3"),
    ] {
        for place in places(name, env, value) {
            place.settings(EUROPE);
        }
    }
}

#[test]
fn a_list_of_revoked_certificates_needs_a_check() {
    for mode in ["prefer", "require"] {
        let place = Place::new(Purpose::Plan)
            .env("PGSSLCRL", "/dev/null")
            .env("PGSSLMODE", mode);
        let problems = place.problems(EUROPE);
        assert!(
            problems.contains("PGSSLCRL: the certificate is not checked"),
            "{problems}"
        );
    }
}

#[test]
fn weak_modes_and_direct_tls_do_not_go_together() {
    let place = Place::new(Purpose::Plan).env("PGSSLNEGOTIATION", "direct");
    let problems = place.problems(EUROPE);
    assert!(problems.contains("direct needs sslmode require"), "{problems}");
}

#[test]
fn the_strongest_place_wins_parameter_by_parameter() {
    let place = Place::new(Purpose::Plan)
        .env("DATABASE_URL", "postgres://db/x?require_auth=md5")
        .env("PGREQUIREAUTH", "scram-sha-256")
        .env("PGCHANNELBINDING", "require")
        .env("PGREQUIRESSL", "1");
    let url = ["--region", "europe", "--url", "postgres://db/x?require_auth=password"];
    let found = place.settings(&url).admin;
    assert_eq!(found.rules.methods, Methods::parse("password"));
    assert_eq!(found.rules.channel_binding, ChannelBinding::Require);
    assert_eq!(found.tls.mode, SslMode::Require);
}

#[test]
fn an_address_stands_in_for_the_lookup() {
    let place = Place::new(Purpose::Plan).env("PGHOSTADDR", "192.0.2.7");
    let found = place.settings(EUROPE).admin;
    assert_eq!((found.host.as_str(), found.rules.address), ("192.0.2.7", None));
    let found = place
        .settings(&["--region", "europe", "--host", "db.example.com"])
        .admin;
    assert_eq!(found.host.as_str(), "db.example.com");
    assert_eq!(found.rules.address.unwrap().as_str(), "192.0.2.7");
    let problems = place.problems(&["--region", "europe", "--host", "/run/postgresql"]);
    assert!(problems.contains("PGHOSTADDR"), "{problems}");
}

#[test]
fn the_password_file_of_a_service_counts() {
    let place = Place::new(Purpose::Plan)
        .file("mine", "svc:*:*:*:from-the-service\n")
        .file("home/.pgpass", "*:*:*:*:from-home\n");
    let mine = place.directory.path().join("mine");
    let service = format!("[mine]\nhost=svc\npassfile={}\n", mine.display());
    let place = place.file("home/.pg_service.conf", &service);
    let found = place.settings(&["--region", "europe", "--service", "mine"]);
    assert_eq!(found.admin.password.unwrap().reveal(), "from-the-service");
}

/// `config init` writes settings, and these have no key there.
#[test]
fn what_a_settings_file_cannot_hold_is_not_lost() {
    let place = Place::new(Purpose::Plan);
    let words = ["stitch-pg", "--url", "postgres://db/x?require_auth=scram-sha-256"].map(std::ffi::OsString::from);
    let request = SettingsRequest {
        purpose: Purpose::Plan,
        approval: Approval::Asked,
        config: None,
    };
    let flags = crate::cli::parse_from(words).unwrap().flags;
    let error = answers(flags, &request, &place.environment, None).unwrap_err();
    assert!(error.to_string().contains("no key for require_auth"), "{error}");
}

/// Both the settings file and a service decide where a password goes.
#[test]
fn files_that_others_could_have_written_are_refused() {
    let open = |path: &Path| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        std::fs::set_permissions(path, mode).unwrap();
    };
    let place = Place::new(Purpose::Plan)
        .file("stitch-pg.toml", "admin.host = 'evil'\n")
        .env("PGPASSWORD", "x");
    assert_eq!(place.settings(EUROPE).admin.host.as_str(), "evil");
    open(&place.directory.path().join("stitch-pg.toml"));
    let problems = place.problems(EUROPE);
    assert!(problems.contains("every user of this machine can write"), "{problems}");
    assert!(problems.contains("chmod go-w"), "{problems}");

    let place = Place::new(Purpose::Plan)
        .file("home/.pg_service.conf", "[s]\nhost=evil\n")
        .env("PGSERVICE", "s");
    open(&place.directory.path().join("home/.pg_service.conf"));
    let problems = place.problems(EUROPE);
    assert!(problems.contains("every user of this machine can write"), "{problems}");

    let place = Place::new(Purpose::Plan).file("pw", "chosen by somebody\n");
    open(&place.directory.path().join("pw"));
    let problems = place.problems(&["--region", "europe", "--admin-password-file", "pw"]);
    assert!(problems.contains("every user of this machine can write"), "{problems}");
}
