//! Whether, where and how the connection is entered into Stitch by its Connect API.

use std::fmt;
use std::net::IpAddr;

use anyhow::{Result, ensure};
use ureq::http::Uri;

use crate::secret::Secret;

/// What is known about telling Stitch.
#[derive(Clone, Debug)]
pub struct RegistrationSettings {
    /// Whether it was asked for.
    pub wanted: Registering,
    /// The access token of the Stitch account.
    pub token: Option<Secret>,
    /// Where the API is.
    pub api: ApiUrl,
    /// What the destination is to be called in Stitch.
    pub name: String,
    /// What becomes of sources that load nowhere so far.
    pub sources: UnmappedSources,
    /// When the password of an existing destination is sent.
    pub password: SendPassword,
    /// The one destination that may be changed whatever its host, `--destination-id`.
    pub destination: Option<u64>,
}

/// `--register` or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registering {
    /// The step takes part.
    Yes,
    /// The form is filled in by hand.
    No,
}

/// What a new destination does to the sources that have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnmappedSources {
    /// Sources that have no destination stay without one.
    Leave,
    /// `--map-sources`: all of them load into it.
    Map,
}

/// When the password of an existing destination is sent. Stitch never returns the one that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendPassword {
    /// When this very run has set it.
    WhenSet,
    /// `--send-password`.
    Always,
}

/// Whether the API may be reached without TLS, for tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insecure {
    /// `--insecure-api`: on this very machine it may.
    OnLoopback,
    /// Only over TLS.
    No,
}

/// The API's base address: no path but a prefix, no user, no query, no slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiUrl(String);

#[cfg(test)]
impl RegistrationSettings {
    /// The settings where no source gives a value.
    pub(crate) fn unasked() -> Self {
        Self {
            wanted: Registering::No,
            token: None,
            api: ApiUrl("https://api.stitchdata.com".to_owned()),
            name: "dw".to_owned(),
            sources: UnmappedSources::Leave,
            password: SendPassword::WhenSet,
            destination: None,
        }
    }
}

impl ApiUrl {
    /// Reads an address. Without TLS it must be a loopback one, and allowed.
    pub fn parse(text: &str, insecure: Insecure) -> Result<Self> {
        ensure!(
            !text.contains('@'),
            "the address contains a user or password; remove it, and give only the token in STITCH_ACCESS_TOKEN"
        );
        let Ok(uri) = text.parse::<Uri>() else {
            anyhow::bail!("{text:?} is not an address such as https://api.stitchdata.com");
        };
        ensure!(
            !text.contains(['?', '#']),
            "{text:?} contains ? or #; give only the base address"
        );
        match (uri.scheme_str(), is_loopback(&uri)) {
            (Some("https"), _) => {}
            (Some("http"), true) => ensure!(
                insecure == Insecure::OnLoopback,
                "{text:?} is not encrypted, so others could read the token; --insecure-api allows it on this machine, for tests"
            ),
            _ => anyhow::bail!("{text:?} does not begin with https://"),
        }
        Ok(Self(uri.to_string().trim_end_matches('/').to_owned()))
    }

    /// The address of a path of the API.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Whether it is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.0.starts_with("https:")
    }
}

impl fmt::Display for ApiUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// A token as it can stand in a header. The message shows nothing of it.
pub(super) fn token(secret: &Secret) -> Result<()> {
    ensure!(
        secret.reveal().bytes().all(|byte| byte.is_ascii_graphic()),
        "the access token contains white space or invalid characters; copy it again, on one line"
    );
    Ok(())
}

/// What a destination may be called.
pub(super) fn name(text: &str) -> Result<String> {
    ensure!(
        !text.trim().is_empty() && text.chars().count() <= 255 && !text.contains(char::is_control),
        "{text:?} cannot be a destination's name; write 1 to 255 characters on one line"
    );
    Ok(text.to_owned())
}

/// A destination's number in Stitch.
pub(super) fn destination(text: &str) -> Result<u64> {
    match text.parse() {
        Ok(id) if id > 0 => Ok(id),
        _ => anyhow::bail!(
            "{text:?} is not the number of a destination; Stitch's page of it has the number in its address"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_encrypted_or_on_this_machine() {
        let at = |text, insecure| ApiUrl::parse(text, insecure).map(|url| url.to_string());
        assert_eq!(
            at("https://api.stitchdata.com/", Insecure::No).unwrap(),
            "https://api.stitchdata.com"
        );
        assert_eq!(
            at("https://gateway.example/stitch/", Insecure::No).unwrap(),
            "https://gateway.example/stitch"
        );
        assert_eq!(
            at("http://[::1]:8080", Insecure::OnLoopback).unwrap(),
            "http://[::1]:8080"
        );
        assert!(at("http://127.0.0.1:8080", Insecure::No).is_err());
        for refused in [
            "http://api.stitchdata.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "ftp://127.0.0.1",
            "https://api.stitchdata.com?x",
            "api.stitchdata.com",
            "",
        ] {
            assert!(at(refused, Insecure::OnLoopback).is_err(), "{refused}");
        }
    }

    #[test]
    fn what_may_be_secret_is_not_repeated() {
        let error = ApiUrl::parse("https://me:hunter2@api.stitchdata.com", Insecure::No).unwrap_err();
        assert!(!format!("{error:#}").contains("hunter2"));
        for bad in ["hunter2 x", "hunter2\r\nX: y", "hünter2"] {
            let error = token(&Secret::new(bad.to_owned())).unwrap_err();
            assert!(!format!("{error:#}").contains("nter2"), "{error:#}");
        }
        assert!(token(&Secret::new("ac_0123/+=.~-".to_owned())).is_ok());
    }

    #[test]
    fn numbers_and_names() {
        assert_eq!(destination("4711").unwrap(), 4711);
        for bad in ["", "0", "-1", "1/../2", "4711x"] {
            assert!(destination(bad).is_err(), "{bad}");
        }
        assert!(name("Our warehouse (ü)").is_ok());
        for bad in ["", "  ", "a\nb"] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }
}
