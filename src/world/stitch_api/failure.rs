//! Why Stitch could not be asked or did not do it: what, on what, why, and what next.

use std::io::ErrorKind;

use anyhow::{Error, anyhow};

/// Said before why a request that changes something has no answer.
pub(crate) const UNSURE: &str = "Stitch may have done it; run stitch-pg check --register before you try again";

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
        ureq::Error::HostNotFound => "check --api-url and this machine's name resolution",
        ureq::Error::Timeout(_) => "a firewall may drop the packets; raise --timeout to wait longer",
        ureq::Error::NativeTls(_) | ureq::Error::Tls(_) => {
            "the certificate must be valid for this host; for a proxy that decrypts TLS, set SSL_CERT_FILE to its authority"
        }
        ureq::Error::Protocol(_) => "check that --api-url is the address of Stitch's Connect API",
        _ => "check that this machine may connect there: firewall, proxy (HTTPS_PROXY), --api-url",
    };
    anyhow!("{url} gives no answer: {}\nnext: {advice}", reason(error))
}

/// An answer that ends in the middle or never.
pub(super) fn half_an_answer(url: &str, error: &ureq::Error) -> Error {
    let what = match error {
        ureq::Error::BodyExceedsLimit(limit) => {
            format!("is longer than {limit} bytes, too long for an answer of Stitch")
        }
        ureq::Error::Timeout(_) => "does not end in time".to_owned(),
        ureq::Error::Io(error) if error.kind() == ErrorKind::UnexpectedEof => "ends in the middle".to_owned(),
        error => format!("cannot be read to its end: {}", reason(error)),
    };
    anyhow!(
        "the answer of {url} {what}\nnext: run the same command again; if it fails again, check --api-url and proxies in between"
    )
}

/// An answer that sends us elsewhere.
pub(super) fn redirected(status: u16, to: &str) -> Error {
    anyhow!(
        "it redirects to {to} [{status}]; stitch-pg does not follow, because that host would get the token\n\
         next: if Stitch's API has moved there, give its address with --api-url"
    )
}

/// An answer that says no.
pub(super) fn refused(status: u16, said: &str) -> Error {
    let lower = said.to_lowercase();
    let (what, next) = match status {
        401 => (
            "Stitch does not accept the token",
            "create a new one under User menu > Edit User Settings > API access keys and give it in STITCH_ACCESS_TOKEN; \
             the plans Advanced and Premium and the free trial have such keys; Standard does not",
        ),
        403 => (
            "Stitch does not allow this with the token",
            "the plans Advanced and Premium and the free trial may use the API; Standard may not",
        ),
        404 => (
            "Stitch does not know that address",
            "check that --api-url is the address of Stitch's Connect API, and --destination-id a number of your account",
        ),
        429 => (
            "Stitch received too many requests",
            "wait some minutes, then run the same command again",
        ),
        _ if lower.contains("destination limit") || lower.contains("at most one destination") => (
            "the account has as many destinations as its plan allows",
            "use an existing PostgreSQL destination with --destination-id ID, or upgrade the plan",
        ),
        _ if lower.contains("modifying destination type") => (
            "the destination is of another type, which cannot be changed",
            "choose a PostgreSQL destination with --destination-id, or omit the option to create a new one",
        ),
        _ if lower.contains("invalid connection id") => (
            "Stitch has no destination with that number",
            "check the number given with --destination-id",
        ),
        400..500 => (
            "Stitch refuses the request",
            "its message should name the field; you can enter the same values on Stitch's page",
        ),
        _ => (
            "Stitch has a problem of its own",
            "try again in some minutes; check https://status.stitchdata.com",
        ),
    };
    anyhow!("{what}: {said} [{status}]\nnext: {next}")
}

fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "timed out".to_owned(),
        ureq::Error::HostNotFound => "the name does not resolve".to_owned(),
        error => error.to_string(),
    }
}
