//! The parameters of libpq that are no settings of ours, from their texts. No message repeats a value: one that is out of
//! place may be a piece of a password.

use std::path::PathBuf;
use std::time::Duration;

use super::checker::Checker;
use crate::names::HostName;
use crate::settings::admin::{AllowedAuth, Methods, Standby};
use crate::settings::admin::{ChannelBinding, LoginRules};
use crate::settings::draft::Given;
use crate::settings::libpq::{Parameter, parameter};
use crate::settings::tls::{Negotiation, RootCertificates, Sni, SslMode, Tls, TlsVersion};

impl Checker<'_> {
    /// What was given for a parameter of libpq.
    fn value(&self, name: &str) -> Option<&str> {
        self.draft.parameter(name)?.texts().first().map(String::as_str)
    }

    /// Says who gave a parameter that cannot be.
    fn refuse(&mut self, name: &str, why: &str) {
        let source = self.draft.parameter(name).map(|given| given.source.to_string());
        let source = source.unwrap_or_default();
        let name = if source.is_empty() || parameter(name).is_ok_and(|entry| entry.env == source) {
            String::new()
        } else {
            format!("{name}: ")
        };
        self.problems.wrong(format_args!("{source}: {name}{why}"));
    }

    /// One of these words.
    fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.value(name)?;
        let found = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            self.refuse(name, &format!("the value must be one of {}", words.join(", ")));
        }
        found
    }

    /// A file or directory, as libpq reads its name: from the current directory.
    pub(super) fn parameter_path(&self, name: &str) -> Option<PathBuf> {
        let environment = self.context.environment;
        self.value(name)
            .map(|text| environment.directory.join(environment.expand(text)))
    }
}

const SWITCH: [(&str, bool); 2] = [("1", true), ("0", false)];

pub(super) fn rules(checker: &mut Checker<'_>, host: &HostName) -> LoginRules {
    refused(checker);
    LoginRules {
        address: address(checker, host),
        timeout: timeout(checker),
        application_name: ["application_name", "fallback_application_name"]
            .into_iter()
            .find_map(|name| checker.value(name))
            .map(str::to_owned),
        options: checker.value("options").map(str::to_owned),
        methods: methods(checker),
        channel_binding: checker
            .choice(
                "channel_binding",
                &ChannelBinding::ALL.map(|binding| (binding.as_str(), binding)),
            )
            .unwrap_or_default(),
        server_user: checker.value("requirepeer").map(str::to_owned),
        standby: standby(checker),
    }
}

/// Those that are refused by name, or by a value that asks for something.
fn refused(checker: &mut Checker<'_>) {
    let given: Vec<_> = checker.draft.parameters().map(|(name, _)| name).collect();
    for name in given {
        let Ok(entry) = parameter(name) else { continue };
        let Parameter::Refused(accepted) = entry.parameter else {
            continue;
        };
        if checker.value(name).is_some_and(|value| accepted.contains(&value)) {
            continue;
        }
        let accepted = match accepted {
            [] => "remove it".to_owned(),
            accepted => format!("accepted values: {}", accepted.join(", ")),
        };
        checker.refuse(name, &format!("{name} is refused ({accepted}). {}", entry.why));
    }
}

fn address(checker: &mut Checker<'_>, host: &HostName) -> Option<HostName> {
    let text = checker.value("hostaddr")?;
    let address = text
        .parse::<HostName>()
        .ok()
        .filter(|address| address.address().is_some());
    if address.is_none() {
        checker.refuse("hostaddr", "the value must be one IPv4 or IPv6 address");
    } else if host.is_socket() {
        checker.refuse(
            "hostaddr",
            "the host is the directory of a Unix socket, which has no address; remove one of the two",
        );
    }
    address.filter(|address| address != host)
}

/// 0 and less mean no limit in libpq; every wait has one here.
fn timeout(checker: &mut Checker<'_>) -> Option<Duration> {
    let text = checker.value("connect_timeout")?;
    let Ok(seconds) = text.trim().parse::<i32>() else {
        checker.refuse("connect_timeout", "the value must be a number of seconds");
        return None;
    };
    u64::try_from(seconds)
        .ok()
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs)
}

fn methods(checker: &mut Checker<'_>) -> Option<Methods> {
    let methods = Methods::parse(checker.value("require_auth")?);
    if methods.is_none() {
        let words = AllowedAuth::ALL.map(AllowedAuth::as_str).join(", ");
        checker.refuse(
            "require_auth",
            &format!("the value must be a list of {words}, or of the same words with an exclamation mark each"),
        );
    }
    methods
}

fn standby(checker: &mut Checker<'_>) -> Standby {
    let choices = [
        ("any", Some(Standby::Accepted)),
        ("read-write", Some(Standby::Refused)),
        ("primary", Some(Standby::Refused)),
        ("prefer-standby", Some(Standby::Accepted)),
        ("read-only", None),
        ("standby", None),
    ];
    match checker.choice("target_session_attrs", &choices) {
        None => Standby::Accepted,
        Some(Some(standby)) => standby,
        Some(None) => {
            checker.refuse(
                "target_session_attrs",
                "a standby is read-only; give read-write, primary or any",
            );
            Standby::Refused
        }
    }
}

/// Adds what libpq's parameters say about TLS to what the settings say.
pub(super) fn tls(checker: &mut Checker<'_>, tls: &mut Tls) {
    let versions = TlsVersion::ALL.map(|version| (version.as_str(), version));
    tls.min_version = Some(
        checker
            .choice("ssl_min_protocol_version", &versions)
            .unwrap_or(TlsVersion::V1_2),
    );
    tls.max_version = checker.choice("ssl_max_protocol_version", &versions);
    if tls.max_version.is_some_and(|max| Some(max) < tls.min_version) {
        checker.refuse(
            "ssl_max_protocol_version",
            "it is lower than ssl_min_protocol_version (default TLSv1.2)",
        );
    }
    if checker.choice("sslsni", &SWITCH) == Some(false) {
        tls.sni = Sni::Withheld;
    }
    let negotiations = [("postgres", Negotiation::Asked), ("direct", Negotiation::Direct)];
    tls.negotiation = checker.choice("sslnegotiation", &negotiations).unwrap_or_default();
    if tls.negotiation == Negotiation::Direct && !tls.mode.demands() {
        checker.refuse(
            "sslnegotiation",
            "direct needs sslmode require, verify-ca or verify-full",
        );
    }
    match checker.choice("sslcertmode", &[("disable", false), ("allow", true), ("require", true)]) {
        Some(false) => (tls.certificate, tls.key) = (None, None),
        Some(true) if checker.value("sslcertmode") == Some("require") => checker.refuse(
            "sslcertmode",
            "require is refused, because stitch-pg cannot check whether the server asked for the certificate; give allow",
        ),
        _ => {}
    }
    tls.key_passphrase = checker.draft.parameter("sslpassword").and_then(Given::secret).cloned();
    revocation(checker, tls);
}

fn revocation(checker: &mut Checker<'_>, tls: &mut Tls) {
    let is_verified = match tls.mode {
        SslMode::VerifyCa | SslMode::VerifyFull => true,
        SslMode::Require => matches!(tls.root, Some(RootCertificates::File(_))),
        SslMode::Disable | SslMode::Allow | SslMode::Prefer => false,
    };
    for (name, place) in [("sslcrl", &mut tls.revoked), ("sslcrldir", &mut tls.revoked_directory)] {
        *place = checker.parameter_path(name);
        let Some(path) = place else { continue };
        if !is_verified {
            checker.refuse(
                name,
                "the certificate is not checked, so nothing can be revoked; give sslmode verify-ca or verify-full",
            );
        } else if let Some(Err(error)) = checker.context.connects().then(|| std::fs::metadata(&*path)) {
            let why = format!("cannot read {}: {error}", path.display());
            checker.refuse(name, &why);
        }
    }
    let usual = checker.context.environment.home.as_ref();
    let usual = usual
        .map(|home| home.join(".postgresql/root.crl"))
        .filter(|path| path.exists());
    if is_verified && tls.revoked.is_none() && tls.revoked_directory.is_none() {
        tls.revoked = usual;
    }
}
