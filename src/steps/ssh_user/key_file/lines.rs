//! Whose key a line of a key file lets in.

use crate::public_key::PublicKey;
use crate::steps::ssh_user::key_options::KeyLine;

/// A line that lets in another key. Stitch's own may stand in its options or its comment.
pub(super) fn is_other_key(line: &str, key: Option<&PublicKey>) -> bool {
    is_key_line(line) && key.is_none_or(|key| !is_stitchs(line, key) && !is_piece(line, key))
}

pub(super) fn is_stitchs(line: &str, key: &PublicKey) -> bool {
    let body = KeyLine::parse(line).body;
    is_key_line(line) && line.contains(key.body()) && (body == key.body() || !body.starts_with("AAAA"))
}

pub(super) fn is_key_line(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with('#')
}

/// A line that is a part of the key: what a paste that was broken over lines leaves. The installing script judges by
/// the same rule.
pub(super) fn is_piece(line: &str, key: &PublicKey) -> bool {
    is_key_line(line) && !line.contains(key.body()) && key.line().contains(line.trim())
}
