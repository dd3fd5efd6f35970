//! What Stitch itself will use: the fields of its form, and where it comes from.

use crate::names::{Cidr, HostName, RoleName};
use crate::settings::admin::Admin;
use crate::settings::bastion::{Adopt, KeyOption};
use crate::settings::draft::{Draft, Given};
use crate::settings::environment::{Environment, Stdin};
use crate::settings::region::Region;
use crate::settings::registry::SettingId;
use crate::settings::request::{Approval, Audience, Purpose};
use crate::settings::secret_file;
use crate::settings::stitch::Authority;
use crate::settings::stitch::{OnWrongPassword, RolePassword, Stitch, StitchSsl};
use crate::step_id::StepId;

use super::checker::{Checker, host, known_good};

pub(super) fn check(checker: &mut Checker<'_>, steps: &[StepId], admin: &Admin) -> Stitch {
    let host: Option<HostName> = checker.read(SettingId::StitchHost, |text| {
        let host = host(text)?;
        anyhow::ensure!(
            !host.is_socket(),
            "{text:?} is a directory on this machine; write the name or address that Stitch connects to over the network"
        );
        Ok(host)
    });
    let port = checker.parse(SettingId::StitchPort);
    let given: Vec<Cidr> = checker.list(SettingId::AllowCidrs);
    let region = region(checker, steps);
    let allow = match region {
        _ if checker.draft.has(SettingId::AllowCidrs) => given,
        Some(region) => region
            .addresses()
            .iter()
            .filter_map(|address| address.to_string().parse().ok())
            .collect(),
        None => Vec::new(),
    };
    let ssl = match checker.switch(SettingId::Ssl) {
        Some(true) => StitchSsl::On,
        Some(false) => StitchSsl::Off,
        None => StitchSsl::WhenOffered,
    };
    let ca = authority(checker, ssl);
    let on_wrong_password = checker.either(
        SettingId::ResetPassword,
        OnWrongPassword::Reset,
        OnWrongPassword::Report,
    );
    let adopt = checker.either(SettingId::AdoptRole, Adopt::Yes, Adopt::No);
    let role: RoleName = checker.parse(SettingId::Role).unwrap_or_else(|| known_good("stitch"));
    let mut readers: Vec<RoleName> = checker.list(SettingId::Readers);
    readers.sort();
    readers.dedup();
    if readers.contains(&role) {
        let text = format!("--reader {role}: this is Stitch's own role, which owns what it creates");
        checker.problems.malformed(SettingId::Readers, text);
    }
    Stitch {
        given_by: checker.given_by(SettingId::StitchHost, SettingId::StitchPort, Some(&admin.given_by)),
        host: host.unwrap_or_else(|| admin.host.clone()),
        port: port.unwrap_or(admin.port),
        database: checker
            .parse(SettingId::Database)
            .unwrap_or_else(|| known_good("stitch")),
        role,
        password: password(checker, steps),
        on_wrong_password,
        adopt,
        readers,
        region,
        allow,
        // A certificate in the form is of no use without TLS.
        ssl: if ca.is_some() && ssl == StitchSsl::WhenOffered {
            StitchSsl::On
        } else {
            ssl
        },
        ca,
    }
}

fn authority(checker: &mut Checker<'_>, ssl: StitchSsl) -> Option<Authority> {
    let path = checker.path(SettingId::StitchCa)?;
    if ssl == StitchSsl::Off {
        let text = "a certificate for Stitch's form has no effect when Connect using SSL is off (--no-ssl)";
        checker.problems.malformed(SettingId::StitchCa, text);
    }
    match Authority::read(&path) {
        Ok(authority) => Some(authority),
        Err(error) => {
            // A script may be written on another machine than the one it is about.
            if checker.context.connects() {
                checker
                    .problems
                    .malformed(SettingId::StitchCa, format_args!("{error:#}"));
            }
            None
        }
    }
}

/// Whether the region has to be known.
pub(in crate::settings) fn region_is_needed(draft: &Draft, purpose: Purpose, steps: &[StepId]) -> bool {
    match purpose {
        Purpose::Watch | Purpose::Rotate => true,
        Purpose::Remove => false,
        _ if key_from_is_chosen(draft) && steps.contains(&StepId::SshUser) => true,
        Purpose::Script(audience) if !matches!(audience, None | Some(Audience::Cloud)) => false,
        Purpose::Script(_) | Purpose::Setup | Purpose::Plan | Purpose::Check => steps.contains(&StepId::Allowlist),
    }
}

/// Whether Stitch's key is to be let in from Stitch's addresses only, which must be known for that.
fn key_from_is_chosen(draft: &Draft) -> bool {
    let given = draft.given(SettingId::KeyOptions).map(Given::texts).unwrap_or_default();
    let mut words = given.iter().flat_map(|text| text.split(','));
    words.any(|word| word.trim() == KeyOption::From.as_str())
}

fn region(checker: &mut Checker<'_>, steps: &[StepId]) -> Option<Region> {
    let needed = region_is_needed(checker.draft, checker.context.request.purpose, steps);
    if needed && !checker.draft.has(SettingId::AllowCidrs) {
        let what = "your Stitch account's data pipeline region, north-america or europe \
                    (Stitch shows it under Edit User Settings); or give the networks with --allow-cidr";
        return checker.required(SettingId::Region, what, str::parse);
    }
    checker.parse(SettingId::Region)
}

/// Whether the password is of any use to the steps that take part.
pub(in crate::settings) fn password_is_used(steps: &[StepId]) -> bool {
    steps.contains(&StepId::Role) || steps.contains(&StepId::Connection)
}

fn password(checker: &mut Checker<'_>, steps: &[StepId]) -> RolePassword {
    if let Some(secret) = checker.secret(SettingId::Password) {
        return RolePassword::Known(secret);
    }
    let given = checker.draft.given(SettingId::Password).cloned();
    let request = checker.context.request;
    let is_used = password_is_used(steps) || request.purpose == Purpose::Rotate;
    if !is_used || matches!(request.purpose, Purpose::Remove | Purpose::Watch) {
        return RolePassword::Unknown;
    }
    if checker.draft.has(SettingId::GeneratePassword) && request.purpose != Purpose::Check {
        let save_to = given.map(|given| given.path(checker.context.environment));
        return generated(checker, save_to);
    }
    let needed = match request.purpose {
        Purpose::Setup => request.approval == Approval::Given,
        Purpose::Check | Purpose::Rotate => true,
        Purpose::Plan | Purpose::Remove | Purpose::Watch | Purpose::Script(_) => false,
    };
    if needed {
        let what = match given {
            Some(_) => {
                "the Stitch role's password; the file for the generated password does not exist yet, run setup first"
            }
            None => "the Stitch role's password",
        };
        checker.problems.missing(SettingId::Password, what);
    }
    RolePassword::Unknown
}

fn generated(checker: &mut Checker<'_>, save_to: Option<std::path::PathBuf>) -> RolePassword {
    let Environment { stdin, .. } = checker.context.environment;
    if save_to.is_none() && *stdin == Stdin::Other && checker.context.connects() {
        checker
            .problems
            .wrong("--generate-password needs --password-file here: without a terminal the password cannot be shown");
    }
    let parent = save_to.as_ref().and_then(|path| path.parent());
    if let Some(parent) = parent.filter(|parent| !parent.is_dir()) {
        let shown = parent.display();
        checker.problems.malformed(
            SettingId::Password,
            format_args!("--password-file: there is no directory {shown}"),
        );
    }
    match secret_file::generate() {
        Ok(secret) => RolePassword::Generated { secret, save_to },
        Err(error) => {
            checker.problems.wrong(format_args!("--generate-password: {error:#}"));
            RolePassword::Unknown
        }
    }
}
