//! Files whose content is a setting: evidence that a person hands over, since this tool cannot get at it. Each is read
//! once, for a pipe gives its content only once, and never without a bound.

use std::io::Read;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use super::draft::{Draft, Given};
use super::environment::Environment;
use super::manage::Manage;
use super::problems::Problems;
use super::registry::SettingId;
use crate::provider::read_list::ProviderList;

/// The longest such file. A provider's list and a `pg_hba.conf` of a thousand rules are far below.
const LONGEST: u64 = 4 << 20;

/// What a person hands over about the way in.
#[derive(Clone, Debug, Default)]
pub struct AllowlistInputs {
    /// The text of `pg_hba.conf`, for where the admin's login may not read its rules.
    pub hba_file: Option<HandedOver>,
    /// The provider's allow list, as its own tool prints it.
    pub allow_list: Option<ProviderList>,
    /// What may be changed outside the database.
    pub manage: Vec<Manage>,
}

/// What somebody handed over.
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
pub(super) fn read(draft: &mut Draft, environment: &Environment, problems: &mut Problems) {
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

/// What [`read`] left in the draft.
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

pub(super) fn content(given: &Given, environment: &Environment) -> Result<HandedOver> {
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
