//! An OpenSSH public key as you paste it: parsed, joined, fingerprinted, refused with a reason. The shape of the key inside the
//! base64 says where it ends, so line breaks in the middle of it do no harm and a cut key is noticed.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Error, Result, bail, ensure};
use openssl::base64;
use openssl::sha::sha256;

mod wire;

pub(crate) use wire::{blob_of, is_whole, string};

/// NIST SP 800-131A forbids shorter RSA keys, and hardened servers refuse them (`RequiredRSASize`).
const RSA_BITS_MIN: usize = 2048;

/// What is written behind a key that came without a comment, so that the next reader of the file knows whose it is.
const COMMENT_WHEN_NONE: &str = "stitch";

/// One public key, without private parts, options or certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    kind: String,
    body: String,
    comment: String,
    /// Of an RSA key.
    bits: Option<usize>,
    fingerprint: String,
}

impl PublicKey {
    /// The type as OpenSSH names it: `ssh-ed25519`, `ssh-rsa`, ….
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The base64 body: what identifies the key wherever it is written.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// `SHA256:…`, as `ssh-keygen -l` shows it.
    pub fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    /// The size of an RSA key; the other types have one size each.
    pub fn bits(&self) -> Option<usize> {
        self.bits
    }

    /// Type and body: what sshd compares.
    pub fn bare(&self) -> String {
        format!("{} {}", self.kind, self.body)
    }

    /// Whether the line would be taken for this key. Without what is left out of it, a comment may say something else than
    /// before: that here comes a private key, or another public one.
    fn reads_again(&self, blob: &[u8]) -> bool {
        let line = self.line();
        let Ok(Words { kind, rest }) = words(&line) else {
            return false;
        };
        kind == self.kind
            && wire::join(&kind, &rest)
                .is_ok_and(|(again, comment)| again == blob && sanitised(&comment) == self.comment)
    }

    /// The canonical line: type, body and comment, without options and without a line end.
    pub fn line(&self) -> String {
        format!("{} {} {}", self.kind, self.body, self.comment)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bits() {
            Some(bits) => write!(f, "{} ({bits} bits) {}", self.kind, self.fingerprint()),
            None => write!(f, "{} {}", self.kind, self.fingerprint()),
        }
    }
}

impl FromStr for PublicKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let Words { kind, rest } = words(text)?;
        let (blob, comment) = wire::join(&kind, &rest)?;
        let bits = wire::check(&kind, &blob)
            .with_context(|| format!("the {kind} key is damaged; copy it again from Stitch's page"))?;
        let mut key = Self {
            body: base64::encode_block(&blob),
            comment: sanitised(&comment),
            kind,
            bits,
            fingerprint: fingerprint(&blob),
        };
        if !key.reads_again(&blob) {
            COMMENT_WHEN_NONE.clone_into(&mut key.comment);
        }
        if let Some(bits) = bits {
            ensure!(
                bits >= RSA_BITS_MIN,
                "the key is RSA with {bits} bits; fewer than {RSA_BITS_MIN} can be broken and are refused by SSH servers"
            );
        }
        Ok(key)
    }
}

/// As `ssh-keygen -l` writes it.
pub(crate) fn fingerprint(blob: &[u8]) -> String {
    let digest = base64::encode_block(&sha256(blob));
    format!("SHA256:{}", digest.trim_end_matches('='))
}

/// Comments go into a file that sshd reads and into scripts that people read: printable ASCII, and not endless.
fn sanitised(words: &[&str]) -> String {
    let text: String = words
        .iter()
        .filter(|word| word.chars().any(|c| c != '='))
        .copied()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|c| c.is_ascii_graphic() || *c == ' ')
        .take(100)
        .collect();
    match text.trim() {
        "" => COMMENT_WHEN_NONE.to_owned(),
        text => text.to_owned(),
    }
}

/// The refusal for text that is no public key at all.
fn refuse_type(word: &str) -> Result<()> {
    match word {
        "ssh-dss" => bail!("the key is DSA (ssh-dss), which SSH servers refuse since 2015; use an RSA or Ed25519 key"),
        _ if word.contains("-cert-v0") => {
            bail!("this is an SSH certificate ({word}), not a public key; paste the public key that Stitch shows")
        }
        _ => bail!(
            "{:?} is not an SSH key type; a public key begins with ssh-rsa, ssh-ed25519 or ecdsa-sha2-nistp256",
            word.chars().take(40).collect::<String>()
        ),
    }
}

/// The type, and all words behind it.
#[derive(Debug)]
struct Words {
    kind: String,
    rest: Vec<String>,
}

/// Finds the key's type and the words that belong to it.
fn words(text: &str) -> Result<Words> {
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
        refuse_type(&words[0])?;
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

#[cfg(test)]
mod tests;
