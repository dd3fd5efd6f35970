//! From raw texts to checked settings. It goes on after a mistake, so that all of them are reported at once.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::checked::LoadLimits;
use super::checked::Settings;
use super::draft::Draft;
use super::input_files::{self, AllowlistInputs};
use super::problems::Problems;
use super::registry::SettingId;
use super::words;
use crate::provider::read_list::{self, ProviderList};
use crate::step_id::StepId;

mod admin;
mod bastion;
mod checker;
mod libpq;
mod ownership;
mod registration;
mod stitch;

pub(super) use admin::default_host;
pub(super) use bastion::can_be_server;
pub(super) use checker::{Checker, Context, FirstLogin, host};
pub(super) use stitch::{password_is_used, region_is_needed};

/// Checks everything. The settings are worth something only when no problem was added.
pub(super) fn settings(draft: &Draft, context: &Context<'_>, problems: &mut Problems) -> Settings {
    let mut checker = Checker {
        draft,
        context,
        problems,
        warnings: Vec::new(),
    };
    let steps = steps(&mut checker);
    let bastion = bastion::check(&mut checker, &steps);
    let admin = admin::check(&mut checker, bastion.as_ref());
    let stitch = stitch::check(&mut checker, &steps, &admin);
    let ownership = ownership::check(&mut checker, &steps);
    let registration = registration::check(&mut checker, &steps, stitch.database.as_str());
    let timeout = checker.read(SettingId::Timeout, words::timeout);
    let allow_list = allow_list(&mut checker);
    let manage = checker.list(SettingId::Manage);
    let docs_url = checker.read(SettingId::DocsUrl, docs_url);
    let loads = loads(&mut checker);
    Settings {
        admin,
        stitch,
        ownership,
        bastion,
        registration,
        loads,
        acknowledged: checker.list(SettingId::Acknowledge),
        way_in: AllowlistInputs {
            hba_file: input_files::handed_over(draft, SettingId::HbaFile),
            allow_list,
            manage,
        },
        steps,
        timeout: timeout.unwrap_or(Duration::from_secs(10)),
        docs_url: docs_url.unwrap_or_else(|| SettingId::DocsUrl.default_text().unwrap_or_default().to_owned()),
        warnings: checker.warnings,
    }
}

/// The limits are read whether they are used or not, so that every command reports a mistake in the file.
fn loads(checker: &mut Checker<'_>) -> Option<LoadLimits> {
    let number = |text: &str| text.parse::<u32>().map(u64::from).context("not a number");
    let within = or_default(checker, SettingId::LoadsRejectedWithin, words::span);
    let limits = LoadLimits {
        max_age: or_default(checker, SettingId::LoadsMaxAge, words::span),
        rejected_within: since(checker, SettingId::LoadsRejectedSince).unwrap_or(within),
        max_rejected: or_default(checker, SettingId::LoadsMaxRejected, number),
        max_columns: or_default(checker, SettingId::LoadsMaxColumns, number),
        max_lock: or_default(checker, SettingId::LoadsMaxLock, words::span),
    };
    checker.either(SettingId::Loads, Some(limits), None)
}

/// How long ago a file was written. What wrote it had asked a moment before, so a minute is counted twice.
fn since(checker: &Checker<'_>, id: SettingId) -> Option<Duration> {
    let path = checker.draft.given(id)?.path(checker.context.environment);
    let written = path.metadata().and_then(|file| file.modified()).ok()?;
    Some(written.elapsed().unwrap_or_default() + Duration::from_secs(60))
}

/// What was given, else what the table of settings has as the default.
fn or_default<T: Default>(checker: &mut Checker<'_>, id: SettingId, read: fn(&str) -> Result<T>) -> T {
    let given = checker.read(id, read);
    given.or_else(|| read(id.default_text()?).ok()).unwrap_or_default()
}

/// The provider's list; what cannot be read is reported with the file's name.
fn allow_list(checker: &mut Checker<'_>) -> Option<ProviderList> {
    let given = input_files::handed_over(checker.draft, SettingId::AllowListJson)?;
    match read_list::parse(&given.text) {
        Ok(list) => Some(list),
        Err(error) => {
            let text = format!("--allow-list-json: {} cannot be used: {error:#}", given.name);
            checker.problems.malformed(SettingId::AllowListJson, text);
            None
        }
    }
}

/// The steps that take part, in running order, whatever order they were named in.
pub(super) fn steps(checker: &mut Checker<'_>) -> Vec<StepId> {
    let only: Vec<StepId> = checker.list(SettingId::Only);
    let skip: Vec<StepId> = checker.list(SettingId::Skip);
    for both in only.iter().filter(|step| skip.contains(step)) {
        checker
            .problems
            .wrong(format_args!("--only and --skip both contain {both}"));
    }
    let all_named = !checker.draft.has(SettingId::Only);
    let steps: Vec<_> = StepId::ALL
        .into_iter()
        .filter(|step| (all_named || only.contains(step)) && !skip.contains(step))
        .collect();
    if steps.is_empty() && checker.problems.is_empty() {
        checker.problems.wrong("--only and --skip select no step");
    }
    steps
}

fn docs_url(text: &str) -> Result<String> {
    ensure!(
        text.starts_with("https://") || text.starts_with("http://"),
        "{text:?} does not begin with https://"
    );
    ensure!(
        !text.contains(|c: char| c.is_whitespace() || c.is_control()),
        "{text:?} holds white space"
    );
    Ok(text.trim_end_matches('/').to_owned())
}
