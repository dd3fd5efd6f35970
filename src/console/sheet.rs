//! The connection sheet: exactly the fields of Stitch's form, ready to be typed in (guide step 6).

use std::path::Path;

use crate::change::Action;
use crate::report::{Outcome, Report};
use crate::secret::Secret;
use crate::settings::Settings;
use crate::stitch_form::{stitch_logs_in_as, stitch_sees, ticks_ssl};
use crate::visible;

/// Label and value of each field, in the order of the form.
pub(super) fn fields(settings: &Settings, report: &Report, password: &str) -> Vec<(&'static str, String)> {
    let stitch = &settings.stitch;
    let mut fields = vec![
        ("Host (Endpoint)", host(settings)),
        ("Port", stitch.port.to_string()),
        ("Username", stitch_logs_in_as(settings, report.server.as_ref())),
        ("Password", password.to_owned()),
        ("Database", stitch.database.to_string()),
    ];
    if let Some(bastion) = &settings.bastion {
        fields.push(("Encryption Type", "SSH Tunnel".to_owned()));
        fields.push(("Remote Address", bastion.stitch_host.to_string()));
        fields.push(("SSH Port", bastion.stitch_port.to_string()));
        fields.push(("SSH User", bastion.tunnel_user.to_string()));
    }
    let ssl = if ticks_ssl(stitch.ssl, report.stitch_encryption) {
        "tick it"
    } else {
        "leave it unticked"
    };
    fields.push(("Connect using SSL", ssl.to_owned()));
    if let Some(ca) = &stitch.ca {
        let text = format!("the certificates in {}", ca.path.display());
        fields.push(("SSL Certificate", text));
    }
    fields
}

/// A socket on this machine is nothing that could be typed into a form.
fn host(settings: &Settings) -> String {
    let seen = stitch_sees(settings);
    if seen.starts_with('/') {
        "not known from here; give it with --stitch-host".to_owned()
    } else {
        seen
    }
}

/// Where a password was saved in this run, and the password.
fn saved(report: &Report) -> Option<(&Path, &Secret)> {
    let made = report.steps.iter().filter_map(|step| match &step.outcome {
        Outcome::Applied(plan) => Some(&plan.changes),
        _ => None,
    });
    made.flatten().find_map(|change| match &change.action {
        Action::SaveSecret { path, secret } => Some((path.as_path(), secret)),
        _ => None,
    })
}

/// The password, to be shown at the terminal, and where else it is. Only a password that this run generated is shown.
pub(super) fn for_eyes<'a>(report: &'a Report, shown: Option<&'a Secret>) -> Option<(&'a str, String)> {
    match (saved(report), shown) {
        (Some((path, secret)), _) => Some((secret.reveal(), format!("  (also in {})", near(path)))),
        (None, shown) => Some((shown?.reveal(), "  (shown only here)".to_owned())),
    }
}

/// The password for a log: where it is.
pub(crate) fn for_logs(report: &Report) -> String {
    saved(report).map_or_else(|| KEPT.to_owned(), |(path, _)| format!("saved in {}", near(path)))
}

/// A path as seen from where the user is.
pub(super) fn near(path: &Path) -> String {
    let here = Path::new(".").canonicalize();
    let file = path.file_name().map(|name| name.to_string_lossy());
    match (here, path.parent().map(Path::canonicalize), file) {
        (Ok(here), Some(Ok(folder)), Some(name)) if here == folder => format!("./{name}"),
        _ => path.display().to_string(),
    }
}

pub(super) const KEPT: &str = "unchanged";

/// The fields that you choose from a list in Stitch's form, and do not type.
pub(super) const CHOSEN: [&str; 3] = ["Encryption Type", "Connect using SSL", "SSL Certificate"];

const GUIDE: &str = "/destinations/postgresql/connecting-a-self-hosted-postgresql-data-warehouse-to-stitch";

/// Pages for who fills in the form: Stitch itself, and two of its documentation.
pub(super) fn pages(settings: &Settings) -> Vec<(&'static str, String)> {
    let loading = "/replication/loading/destination-guides/postgresql/";
    vec![
        ("Stitch", "https://app.stitchdata.com".to_owned()),
        ("these fields", format!("{}{GUIDE}", settings.docs_url)),
        ("how Stitch loads", format!("{}{loading}", settings.docs_url)),
    ]
}

/// The form, and where its fields are explained.
pub(crate) fn text(settings: &Settings, report: &Report, password: &str) -> String {
    let form = form(settings, report, password);
    format!("{form}\n  Guide: {}{GUIDE}", settings.docs_url)
}

/// The fields of the form.
pub(crate) fn form(settings: &Settings, report: &Report, password: &str) -> String {
    let mut lines = vec!["Stitch's form (app.stitchdata.com > Destination > PostgreSQL):".to_owned()];
    for (label, value) in fields(settings, report, password) {
        lines.push(format!("  {label:<18} {}", visible::one_line(&value)));
    }
    lines.push("  Then press Check and Save. To see Stitch connect, run: stitch-pg watch".to_owned());
    lines.join("\n")
}
