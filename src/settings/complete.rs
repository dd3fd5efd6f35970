//! From what was said to settings: the sources are laid over one another, files are read once, what is missing is asked,
//! and everything is checked together.

use std::path::Path;

use anyhow::Result;

use super::ask::Ask;
use super::check::{self, Context, FirstLogin};
use super::checked::Settings;
use super::draft::{Draft, Given, Source, Value};
use super::environment::{Environment, Stdin};
use super::problems::Problems;
use super::registry::{SettingId, ValueKind};
use super::request::{Approval, Purpose, SettingsRequest};
use super::url::Passwords;
use super::{file, input_files, libpq, questions, secret_file, service, url};

/// Makes settings of the flags, the environment, the file and, where there is an asker and standard input is a
/// terminal, answers.
///
/// # Errors
/// [`Problems`] when anything is missing or malformed; what the asker failed with, when it did.
pub fn complete(
    flags: Draft,
    request: &SettingsRequest,
    environment: &Environment,
    asker: Option<&dyn Ask>,
) -> Result<Settings> {
    let mut problems = Problems::default();
    let mut warnings = Vec::new();
    let mut draft = gather(flags, request, environment, &mut problems);
    let asker = asker.filter(|_| environment.stdin == Stdin::Terminal);
    if asker.is_some() {
        generate_again(&mut draft, request, environment);
    }
    input_files::read(&mut draft, request, environment, &mut problems, &mut warnings);

    let context = Context {
        request,
        environment,
        asker,
        contact: FirstLogin::Tried,
    };
    if asker.is_some() {
        // You should not answer ten questions and then read that a flag was misspelt.
        let mut found = problems.clone();
        let _ = check::settings(&draft, &context, &mut found);
        found.only_malformed().sorted().into_result()?;
        draft = questions::fill(draft, &context)?;
    }
    let mut settings = check::settings(&draft, &context, &mut problems);
    problems.sorted().into_result()?;
    warnings.append(&mut settings.warnings);
    settings.warnings = warnings;
    Ok(settings)
}

/// A file saved by the wizard names the password's file before it is there: it is made in the run that makes the role.
fn generate_again(draft: &mut Draft, request: &SettingsRequest, environment: &Environment) {
    let Some(given) = draft.given(SettingId::Password).cloned() else {
        return;
    };
    let is_absent = matches!(given.value, Value::Texts(_)) && given.path(environment).symlink_metadata().is_err();
    let is_saved = matches!(given.source, Source::File { .. });
    if request.purpose == Purpose::Setup && is_absent && is_saved && !draft.has(SettingId::GeneratePassword) {
        draft.set(SettingId::GeneratePassword, "true", given.source);
    }
}

/// What was said about the settings, and answered where there is an asker, for a file that says it again. Secrets are not
/// in it, nor what only a server or a file elsewhere knows.
///
/// # Errors
/// [`Problems`] when anything is malformed; what the asker failed with, when it did.
pub fn answers(
    flags: Draft,
    request: &SettingsRequest,
    environment: &Environment,
    asker: Option<&dyn Ask>,
) -> Result<Draft> {
    let mut problems = Problems::default();
    let draft = gather(flags, request, environment, &mut problems);
    let context = Context {
        request,
        environment,
        asker,
        contact: FirstLogin::LeftOut,
    };
    for (name, given) in draft.parameters() {
        // Those of the environment are there the next time as well.
        if !matches!(given.source, Source::Environment(_)) {
            problems.wrong(format_args!(
                "{}: the settings file has no key for {name}, so it would be lost; add admin.url with it to the file, or set {}",
                given.source,
                libpq::parameter(name).ok().map(|entry| entry.env).filter(|env| !env.is_empty()).unwrap_or("DATABASE_URL")
            ));
        }
    }
    let mut found = problems.clone();
    let _ = check::settings(&draft, &context, &mut found);
    found.only_malformed().sorted().into_result()?;
    questions::fill(draft, &context)
}

/// Looks through a settings file by itself: every key and value, without connecting and without opening what it names.
/// How many settings it holds.
///
/// # Errors
/// [`Problems`] when anything is malformed.
pub fn check_file(path: &Path, environment: &Environment) -> Result<usize, Problems> {
    let mut problems = Problems::default();
    let mut draft = file::load(Some(path), environment, &mut problems);
    let count = SettingId::ALL.iter().filter(|id| draft.has(**id)).count();
    if let Some(given) = draft.take(SettingId::Url) {
        draft = draft.or(url_parts(&given, &mut problems));
    }
    draft.address_as_host();
    // Files that another machine has are another machine's to read.
    for id in [
        SettingId::AdminPassword,
        SettingId::Password,
        SettingId::HbaFile,
        SettingId::PublicKeyFile,
        SettingId::Service,
    ] {
        draft.take(id);
    }
    let request = SettingsRequest {
        purpose: Purpose::Script(None),
        approval: Approval::Asked,
        config: None,
    };
    let context = Context {
        request: &request,
        environment,
        asker: None,
        contact: FirstLogin::LeftOut,
    };
    let _ = check::settings(&draft, &context, &mut problems);
    problems.only_malformed().sorted().into_result().map(|()| count)
}

/// Lays flags over environment over file, a URL and a service at the level of who named them.
fn gather(flags: Draft, request: &SettingsRequest, environment: &Environment, problems: &mut Problems) -> Draft {
    let mut levels = [
        flags,
        from_environment(environment, problems),
        file::load(request.config.as_deref(), environment, problems),
    ];
    for level in &mut levels {
        normalize_negations(level, problems);
    }
    // A URL is one setting: the strongest one counts, and none of the others.
    let urls = levels.each_mut().map(|level| level.take(SettingId::Url));
    if let Some((at, given)) = urls.into_iter().enumerate().find_map(|(at, url)| Some((at, url?))) {
        levels[at] = std::mem::take(&mut levels[at]).or(url_parts(&given, problems));
    }
    let services = levels.each_mut().map(|level| level.take(SettingId::Service));
    if let Some((at, given)) = services
        .into_iter()
        .enumerate()
        .find_map(|(at, name)| Some((at, name?)))
    {
        let parts = service::load(given.text(), &given.source, environment, problems);
        let level = std::mem::take(&mut levels[at]);
        levels[at] = match given.source {
            // As in libpq, so that psql and we go to the same server: PGSERVICE wins over PGHOST and the like.
            Source::Environment(_) => parts.or(level),
            _ => level.or(parts),
        };
    }
    let [flags, variables, file] = levels;
    let mut draft = flags.or(variables).or(file);
    draft.address_as_host();
    draft
}

/// The settings in a URL; none where it is malformed.
fn url_parts(given: &Given, problems: &mut Problems) -> Draft {
    let passwords = match given.source {
        Source::Environment(_) => Passwords::Kept,
        _ => Passwords::Refused,
    };
    url::parse(given.text(), &given.source, passwords).unwrap_or_else(|error| {
        problems.malformed(SettingId::Url, format_args!("{}: {error:#}", given.source));
        Draft::default()
    })
}

fn from_environment(environment: &Environment, problems: &mut Problems) -> Draft {
    let mut draft = Draft::default();
    for id in SettingId::ALL.iter().copied() {
        let Some(name) = id.env() else { continue };
        let Some(text) = environment.text(name, problems) else {
            continue;
        };
        let source = Source::Environment(name);
        match id.kind() {
            ValueKind::SecretPath => match secret_file::check(&text) {
                Ok(()) => draft.set_secret(id, crate::secret::Secret::new(text), source),
                Err(error) => problems.malformed(id, format_args!("{name}: {error:#}")),
            },
            _ => draft.set(id, text, source),
        }
    }
    for entry in libpq::variables() {
        if let Some(text) = environment.text(entry.env, problems) {
            draft.set_libpq(entry, &text, Source::Environment(entry.env));
        }
    }
    draft
}

/// `--no-ssl` is `--ssl` said the other way round, and `--new` is `--existing`: from here on there is one of each.
fn normalize_negations(level: &mut Draft, problems: &mut Problems) {
    for (id, opposite) in [
        (SettingId::Ssl, SettingId::NoSsl),
        (SettingId::Existing, SettingId::New),
        (SettingId::ProveTunnel, SettingId::NoProveTunnel),
        (SettingId::KeepReaders, SettingId::NoKeepReaders),
    ] {
        let Some(given) = level.take(opposite) else { continue };
        if level.has(id) {
            problems.wrong(format_args!(
                "{} and {} contradict each other",
                id.name(),
                opposite.name()
            ));
        } else {
            level.set(id, "false", given.source);
        }
    }
}
