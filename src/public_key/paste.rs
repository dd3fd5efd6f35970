//! From what a clipboard holds to words: line ends, quotes, literal `\n`, and everything that is not one public key.

use anyhow::{Result, bail, ensure};

use super::wire;

/// The type, and all words behind it.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) kind: String,
    pub(super) rest: Vec<String>,
}

/// Finds the key's type and the words that belong to it.
pub(super) fn words(text: &str) -> Result<Words> {
    refuse_other_formats(text)?;
    let text = text
        .replace("\\r\\n", "\n")
        .replace("\\n", "\n")
        .replace("\\r", "\n")
        .replace(['\u{feff}', '\u{200b}', '\u{a0}'], " ");
    let text = unquoted(&text);
    let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    ensure!(
        !words.is_empty(),
        "the public key is empty; copy it from the Public Key field on Stitch's page"
    );
    refuse_several(&words)?;
    if wire::is_body(&words[0]) {
        // The body repeats the type inside, so a key whose first word was not selected is still whole.
        let kind = wire::kind_inside(&words[0]);
        if let Some(kind) = kind.filter(|kind| wire::is_kind(kind)) {
            return Ok(Words { kind, rest: words });
        }
    }
    if !wire::is_kind(&words[0]) {
        if let Some(at) = words.iter().position(|word| wire::is_kind(word)) {
            bail!(
                "there are options in front of the key ({:?}); remove them, because stitch-pg writes its own",
                words[..at].join(" ").chars().take(60).collect::<String>()
            );
        }
        super::refuse_type(&words[0])?;
    }
    let kind = words.remove(0);
    ensure!(
        !words.is_empty(),
        "there is no key after {kind}; copy the whole field from Stitch's page"
    );
    Ok(Words { kind, rest: words })
}

/// Takes one pair of quotes off, as left by shells, JSON and chat programs.
fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let pairs = [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('<', '>')];
    pairs
        .iter()
        .find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close))
        .unwrap_or(text)
        .trim()
}

fn refuse_several(words: &[String]) -> Result<()> {
    let keys = words
        .windows(2)
        .filter(|pair| wire::is_kind(&pair[0]) && wire::is_body(&pair[1]))
        .count();
    ensure!(
        keys < 2,
        "there are {keys} public keys in it; paste only the one on Stitch's page"
    );
    Ok(())
}

fn refuse_other_formats(text: &str) -> Result<()> {
    let upper = text.to_ascii_uppercase();
    if upper.contains("PRIVATE KEY") || upper.contains("PUTTY-USER-KEY-FILE") || upper.contains("PRIVATE-LINES") {
        bail!(
            "this is a PRIVATE key. It must never be pasted anywhere: treat it as leaked and replace it. stitch-pg needs the public key from Stitch's page, one line that begins with ssh-rsa or ssh-ed25519"
        );
    }
    if upper.contains("BEGIN SSH2 PUBLIC KEY") {
        bail!("this is an SSH2 (RFC 4716, PuTTY) public key; turn it into one line with: ssh-keygen -i -f FILE");
    }
    if upper.contains("-----BEGIN") {
        bail!("this is a PEM file, not an OpenSSH public key; for a PEM public key: ssh-keygen -i -m PKCS8 -f FILE");
    }
    Ok(())
}
