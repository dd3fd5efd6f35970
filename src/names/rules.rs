//! What each kind of name may look like, and what to say when it does not.

use std::net::IpAddr;

use anyhow::{Result, bail, ensure};

use super::IDENTIFIER_BYTES;

pub(super) fn identifier(text: &str) -> Result<()> {
    ensure!(!text.is_empty(), "it is empty");
    if let Some(at) = text.find(char::is_control) {
        bail!("{text:?} holds a control character or line break at byte {at}; check what you pasted");
    }
    ensure!(text.trim() == text, "{text:?} begins or ends with a space; remove it");
    ensure!(
        text.len() <= IDENTIFIER_BYTES,
        "{text:?} has {} bytes; PostgreSQL keeps only {IDENTIFIER_BYTES} and silently drops the rest",
        text.len()
    );
    Ok(())
}

pub(super) fn role(text: &str) -> Result<()> {
    identifier(text)?;
    ensure!(
        !matches!(text, "public" | "none"),
        "{text:?} is a reserved role name in PostgreSQL; choose another, such as stitch"
    );
    ensure!(
        !text.starts_with("pg_"),
        "{text:?} begins with pg_, which PostgreSQL reserves for its own roles; choose another, such as stitch"
    );
    Ok(())
}

pub(super) fn schema(text: &str) -> Result<()> {
    identifier(text)?;
    ensure!(
        !text.starts_with("pg_") && text != "information_schema",
        "{text:?} is one of PostgreSQL's own schemas; name an integration schema"
    );
    Ok(())
}

pub(super) fn linux_user(text: &str) -> Result<()> {
    let mut characters = text.chars();
    let first_is_fine = characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let rest_is_fine = characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    ensure!(
        first_is_fine && rest_is_fine && !text.ends_with('.'),
        "{text:?} is not a Linux user name; use a letter or _ first, then letters, digits, _ - ."
    );
    ensure!(
        text.len() <= 32,
        "{text:?} has {} characters; Linux user names have at most 32",
        text.len()
    );
    ensure!(
        text != "root",
        "root must not be Stitch's login; give a separate user, such as stitch"
    );
    Ok(())
}

pub(super) fn host(text: &str) -> Result<()> {
    ensure!(!text.is_empty(), "it is empty");
    if let Some(at) = text.find(|c: char| c.is_control() || c.is_whitespace()) {
        bail!("{text:?} holds white space or a control character at byte {at}; check what you pasted");
    }
    if text.starts_with('/') || text.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    let parts = text.rsplit_once(':');
    if let Some((name, port)) = parts.filter(|(_, port)| port.parse::<u16>().is_ok()) {
        bail!("{text:?} contains a port; give the host {name} and the port {port} separately");
    }
    if let Some(unbracketed) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        bail!("{text:?}: write an IPv6 address without brackets, {unbracketed}");
    }
    let fine = text
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    ensure!(fine, "{text:?} is not a host name or address");
    ensure!(
        text.len() <= 253,
        "{} bytes is too long for a host name (253 at most)",
        text.len()
    );
    Ok(())
}
