//! The files that settings name: passwords, the public key, what was handed over.

use super::draft::{Draft, Value};
use super::environment::Environment;
use super::problems::Problems;
use super::registry::SettingId;
use super::request::{Purpose, SettingsRequest};
use super::{input_files, secret_file};
use crate::secret::Secret;

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
    input_files::read(draft, environment, problems);
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
    let key = input_files::content(&given, environment);
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
