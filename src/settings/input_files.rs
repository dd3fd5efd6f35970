//! Files whose content is a setting: evidence that you hand over, since this tool cannot get at it. Each is read once, for a pipe
//! gives its content only once, and never without a bound.

use std::io::Read;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use super::draft::{Draft, Given, Value};
use super::environment::Environment;
use super::problems::Problems;
use super::registry::SettingId;
use super::request::{Purpose, SettingsRequest};
use super::secret_file;
use crate::provider::read_list::ProviderList;
use crate::secret::Secret;
use crate::word::words;

/// The longest such file. A provider's list and a `pg_hba.conf` of a thousand rules are far below.
const LONGEST: u64 = 4 << 20;

/// What you hand over about the way in.
#[derive(Clone, Debug, Default)]
pub struct AllowlistInputs {
    /// The text of `pg_hba.conf`, for where the admin's login may not read its rules.
    pub hba_file: Option<HandedOver>,
    /// The provider's allow list, as its own tool prints it.
    pub allow_list: Option<ProviderList>,
    /// What may be changed outside the database.
    pub manage: Vec<Manage>,
}

/// A file that you handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedOver {
    /// The file as it was named, or `standard input`.
    pub name: String,
    /// What is in it; bytes that are not UTF-8 are replaced.
    pub text: String,
    /// Where it is, for what it names beside it; a pipe is nowhere.
    pub path: Option<PathBuf>,
}

/// Puts the content of the files that were named into the draft, behind their names.
fn read_handed_over(draft: &mut Draft, environment: &Environment, problems: &mut Problems) {
    for id in [SettingId::HbaFile, SettingId::AllowListJson] {
        let Some(given) = draft.take(id) else { continue };
        match content(&given, environment) {
            Ok(HandedOver { name, text, path }) => {
                let path = path.and_then(|path| Some(path.to_str()?.to_owned()));
                let texts = [Some(name), Some(text), path];
                draft.set_all(id, texts.into_iter().flatten().collect(), given.source);
            }
            Err(error) => problems.malformed(id, format_args!("{}: {error:#}", given.source)),
        }
    }
}

/// What [`read_handed_over`] left in the draft.
pub(super) fn handed_over(draft: &Draft, id: SettingId) -> Option<HandedOver> {
    match draft.given(id)?.texts() {
        [name, text, path @ ..] => Some(HandedOver {
            name: name.clone(),
            text: text.clone(),
            path: path.first().map(PathBuf::from),
        }),
        _ => None,
    }
}

fn content(given: &Given, environment: &Environment) -> Result<HandedOver> {
    let named = given.texts().first().cloned().unwrap_or_default();
    let (name, path, bytes) = if named == "-" {
        ("standard input".to_owned(), None, bounded(std::io::stdin().lock()))
    } else {
        let path = given.path(environment);
        let file = std::fs::File::open(&path).map_err(Into::into);
        (named, Some(path), file.and_then(bounded))
    };
    let bytes = bytes.with_context(|| format!("cannot read {name}"))?;
    ensure!(!bytes.is_empty(), "{name} is empty");
    Ok(HandedOver {
        name,
        text: String::from_utf8_lossy(&bytes).into_owned(),
        path,
    })
}

/// Reads what no honest file exceeds.
pub(crate) fn bounded(from: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LONGEST + 1).read_to_end(&mut bytes)?;
    ensure!(
        bytes.len() as u64 <= LONGEST,
        "it is longer than {} MiB, too long for such a file",
        LONGEST >> 20
    );
    Ok(bytes)
}

words! {
    /// Something outside the database that is changed only when asked for by name.
    pub enum Manage else "is not a value of --manage; write hba or firewall" {
        /// `pg_hba.conf`.
        Hba = "hba",
        /// The firewall of the machine that Stitch reaches.
        Firewall = "firewall",
    }
}

/// The machine PostgreSQL runs on, as one this tool can be root on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// PostgreSQL runs on this machine.
    Here,
    /// PostgreSQL runs on the SSH server.
    Bastion,
}

/// Reads the files that hold one setting, each once: a pipe such as `<(pass show stitch)` gives its content only once.
pub(super) fn read(
    draft: &mut Draft,
    request: &SettingsRequest,
    environment: &Environment,
    problems: &mut Problems,
    warnings: &mut Vec<String>,
) {
    let generate = draft.has(SettingId::GeneratePassword);
    for id in [SettingId::AdminPassword, SettingId::Password] {
        let Some(given) = draft.given(id) else { continue };
        let Value::Texts(_) = given.value else { continue };
        let path = given.path(environment);
        let source = given.source.clone();
        // A script logs in nowhere.
        if id == SettingId::AdminPassword && matches!(request.purpose, Purpose::Script(_)) {
            continue;
        }
        // One that is yet to be generated is not there on the first run, and is read on the second.
        if id == SettingId::Password && generate && !path.exists() {
            continue;
        }
        match secret_file::read(&path, environment, warnings) {
            Ok(secret) => draft.set_secret(id, secret, source),
            Err(error) => {
                problems.malformed(id, format_args!("{source}: {error:#}"));
                // Not missing, too.
                draft.set_secret(id, Secret::new("?".to_owned()), source);
            }
        }
    }
    read_public_key(draft, environment, problems);
    read_handed_over(draft, environment, problems);
}

/// The key itself and the file with the key are one setting given in two ways.
fn read_public_key(draft: &mut Draft, environment: &Environment, problems: &mut Problems) {
    let (key, named) = (draft.rank(SettingId::PublicKey), draft.rank(SettingId::PublicKeyFile));
    if named.is_none() || key > named {
        draft.take(SettingId::PublicKeyFile);
        return;
    }
    let Some(given) = draft.take(SettingId::PublicKeyFile) else {
        return;
    };
    if key == named {
        problems.wrong("--public-key and --public-key-file are both given; one of them is enough");
    }
    let key = content(&given, environment);
    match key {
        Ok(key) => draft.set(SettingId::PublicKey, key.text, given.source),
        Err(error) => {
            problems.malformed(SettingId::PublicKeyFile, format_args!("{}: {error:#}", given.source));
            // Not missing, too.
            draft.take(SettingId::PublicKey);
            draft.set_all(SettingId::PublicKey, Vec::new(), given.source);
        }
    }
}
