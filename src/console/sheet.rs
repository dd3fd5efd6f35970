//! The connection sheet: exactly the fields of Stitch's form, ready to be typed in (guide step 6).

use crate::report::Report;
use crate::settings::Settings;
use crate::stitch_form::{stitch_logs_in_as, stitch_sees, ticks_ssl};
use crate::visible;

/// Label and value of each field, in the order of the form.
pub(crate) fn fields(settings: &Settings, report: &Report) -> Vec<(&'static str, String)> {
    let stitch = &settings.stitch;
    let mut fields = vec![
        ("Host (Endpoint)", host(settings)),
        ("Port", stitch.port.to_string()),
        ("Username", stitch_logs_in_as(settings, report.server.as_ref())),
        ("Password", "the one of this role; it is not shown here".to_owned()),
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

/// The sheet as text.
pub(crate) fn text(settings: &Settings, report: &Report) -> String {
    let mut lines = vec!["Stitch's form (app.stitchdata.com > Destination > PostgreSQL):".to_owned()];
    lines.extend(
        fields(settings, report)
            .into_iter()
            .map(|(label, value)| format!("  {label:<18} {}", visible::one_line(&value))),
    );
    lines.push(format!(
        "  guide: {}/destinations/postgresql/connecting-a-self-hosted-postgresql-data-warehouse-to-stitch",
        settings.docs_url
    ));
    lines.join("\n")
}
