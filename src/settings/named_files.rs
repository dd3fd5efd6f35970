//! The files that settings name: passwords, the public key, what was handed over.

use std::io::Read as _;

use anyhow::{Result, ensure};

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
    let text = given.texts().first().map(String::as_str).unwrap_or_default();
    let path = check::path(&given, environment);
    let content = if text == "-" {
        read_stdin()
    } else {
        std::fs::read(&path).map_err(Into::into)
    };
    let place = if text == "-" {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    };
    let key = content.and_then(|bytes| {
        let text = String::from_utf8(bytes).map_err(|_| anyhow::anyhow!("it is not text"))?;
        ensure!(!text.trim().is_empty(), "it is empty");
        Ok(text)
    });
    match key {
        Ok(key) => draft.set(Id::PublicKey, key, given.source),
        Err(error) => {
            problems.malformed(Id::PublicKeyFile, format_args!("{}: {place}: {error:#}", given.source));
            // Not missing, too.
            draft.take(Id::PublicKey);
            draft.set_all(Id::PublicKey, Vec::new(), given.source);
        }
    }
}

fn read_stdin() -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // No public key is longer; an endless pipe must not fill the memory.
    std::io::stdin().take(1 << 20).read_to_end(&mut bytes)?;
    Ok(bytes)
}
