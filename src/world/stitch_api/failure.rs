//! Why Stitch could not be asked or did not do it: what, on what, why, and what next.

use std::io::ErrorKind;

use anyhow::{Error, anyhow};

/// Said before why a request that changes something has no answer.
pub(crate) const UNSURE: &str =
    "whether Stitch did it is not known; run stitch-pg check --register, which looks, before it is tried again";

/// Whether the request surely never left this machine.
pub(super) fn is_unsent(error: &ureq::Error) -> bool {
    use ureq::{Error, Timeout};
    match error {
        Error::HostNotFound
        | Error::ConnectionFailed
        | Error::NativeTls(_)
        | Error::Tls(_)
        | Error::BadUri(_)
        | Error::RequireHttpsOnly(_)
        | Error::Timeout(Timeout::Resolve | Timeout::Connect) => true,
        Error::Io(error) => error.kind() == ErrorKind::ConnectionRefused,
        _ => false,
    }
}

/// No answer at all.
pub(super) fn no_answer(url: &str, error: &ureq::Error) -> Error {
    let advice = match error {
        ureq::Error::HostNotFound => "look at --api-url and at this machine's name resolution",
        ureq::Error::Timeout(_) => "a firewall may drop the packets; raise --timeout to wait longer",
        ureq::Error::NativeTls(_) | ureq::Error::Tls(_) => {
            "the certificate must be valid for this host; a proxy that opens TLS needs its authority in SSL_CERT_FILE"
        }
        ureq::Error::Protocol(_) => "look whether --api-url is the address of Stitch's Connect API",
        _ => "look whether this machine may connect there: a firewall, a proxy (HTTPS_PROXY), --api-url",
    };
    anyhow!("{url} gives no answer: {}\nnext: {advice}", reason(error))
}

/// An answer that ends in the middle or never.
pub(super) fn half_an_answer(url: &str, error: &ureq::Error) -> Error {
    let what = match error {
        ureq::Error::BodyExceedsLimit(limit) => format!("is longer than {limit} bytes, which no answer of Stitch's is"),
        ureq::Error::Timeout(_) => "does not come to its end in time".to_owned(),
        error if is_cut(error) => "ends in the middle".to_owned(),
        error => format!("cannot be read to its end: {}", reason(error)),
    };
    anyhow!(
        "the answer of {url} {what}\nnext: run the same command again; if it stays so, look at --api-url and at proxies in between"
    )
}

/// An answer that sends us elsewhere.
pub(super) fn redirected(status: u16, to: &str) -> Error {
    anyhow!(
        "it sends us on to {to} [{status}], which is not followed: that host would get the token\n\
         next: if Stitch's API has moved there, give its address with --api-url"
    )
}

/// An answer that says no.
pub(super) fn refused(status: u16, said: &str) -> Error {
    let lower = said.to_lowercase();
    let (what, next) = match status {
        401 => (
            "Stitch does not accept the token",
            "make a new one under User menu > Edit User Settings > API access keys and give it in STITCH_ACCESS_TOKEN; \
             the plans Advanced and Premium and the free trial have such keys, Standard has not",
        ),
        403 => (
            "Stitch does not allow this with the token",
            "the plans Advanced and Premium and the free trial may use the API, Standard may not",
        ),
        404 => (
            "Stitch knows no such thing",
            "look whether --api-url is the address of Stitch's Connect API, and --destination-id a number of your account",
        ),
        429 => (
            "Stitch was asked too often",
            "wait some minutes, then run the same command again",
        ),
        _ if lower.contains("destination limit") || lower.contains("at most one destination") => (
            "the account has as many destinations as its plan allows",
            "point an existing PostgreSQL destination at this server with --destination-id ID, or have the plan raised",
        ),
        _ if lower.contains("modifying destination type") => (
            "the destination is of another type, which cannot be changed",
            "name a PostgreSQL destination with --destination-id, or leave that out to make a new one",
        ),
        _ if lower.contains("invalid connection id") => (
            "Stitch knows no destination of that number",
            "look at the number given with --destination-id",
        ),
        400..500 => (
            "Stitch does not take the request",
            "what it says should name the field; the same values can be typed into Stitch's page by hand",
        ),
        _ => (
            "Stitch is in trouble itself",
            "try again in some minutes; https://status.stitchdata.com tells how it is",
        ),
    };
    anyhow!("{what}: {said} [{status}]\nnext: {next}")
}

/// Whether the other end stopped in the middle.
fn is_cut(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Io(error) => error.kind() == ErrorKind::UnexpectedEof,
        _ => false,
    }
}

fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "not in time".to_owned(),
        ureq::Error::HostNotFound => "the name does not resolve".to_owned(),
        error => error.to_string(),
    }
}
