//! The files that settings name: passwords, the public key, what was handed over.

use super::complete::{Purpose, Request};
use super::draft::{Draft, Value};
use super::environment::Environment;
use super::known::Id;
use super::problems::Problems;
use super::{check, handed_over, secret_file};
use crate::secret::Secret;

/// Reads the files that hold one setting, each once: a pipe such as `<(pass show stitch)` gives its content only once.
pub(super) fn read(
    draft: &mut Draft,
    request: &Request,
    environment: &Environment,
    problems: &mut Problems,
    warnings: &mut Vec<String>,
) {
    let generate = draft.has(Id::GeneratePassword);
    for id in [Id::AdminPassword, Id::Password] {
        let Some(given) = draft.given(id) else { continue };
        let Value::Texts(_) = given.value else { continue };
        let path = check::path(given, environment);
        let source = given.source.clone();
        // A script logs in nowhere.
        if id == Id::AdminPassword && matches!(request.purpose, Purpose::Script(_)) {
            continue;
        }
        // One that is yet to be generated is not there on the first run, and is read on the second.
        if id == Id::Password && generate && !path.exists() {
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
    handed_over::read(draft, environment, problems);
}

/// The key itself and the file with the key are one setting given in two ways.
fn read_public_key(draft: &mut Draft, environment: &Environment, problems: &mut Problems) {
    let (key, named) = (draft.rank(Id::PublicKey), draft.rank(Id::PublicKeyFile));
    if named.is_none() || key > named {
        draft.take(Id::PublicKeyFile);
        return;
    }
    let Some(given) = draft.take(Id::PublicKeyFile) else {
        return;
    };
    if key == named {
        problems.wrong("--public-key and --public-key-file are both given; one of them is enough");
    }
    let key = handed_over::content(&given, environment);
    match key {
        Ok(key) => draft.set(Id::PublicKey, key.text, given.source),
        Err(error) => {
            problems.malformed(Id::PublicKeyFile, format_args!("{}: {error:#}", given.source));
            // Not missing, too.
            draft.take(Id::PublicKey);
            draft.set_all(Id::PublicKey, Vec::new(), given.source);
        }
    }
}
