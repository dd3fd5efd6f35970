//! The fields of Stitch's form by the names of its API: for the registration, and for the sheet.

use super::stitch_sees;
use crate::settings::Settings;

/// One field: its name in the API, and its value as text.
pub(crate) type Wanted = (&'static str, String);

/// Every field but the password, in the order of the form.
pub(crate) fn wanted(settings: &Settings, ssl: bool) -> Vec<Wanted> {
    let stitch = &settings.stitch;
    let mut fields = vec![
        ("host", stitch_sees(settings)),
        ("port", stitch.port.to_string()),
        ("database", stitch.database.to_string()),
        ("username", stitch.role.to_string()),
        ("ssl", ssl.to_string()),
    ];
    match &settings.bastion {
        None => fields.push(("encryption_type", "none".to_owned())),
        Some(bastion) => fields.extend([
            ("encryption_type", "ssh".to_owned()),
            ("encryption_host", bastion.stitch_host.to_string()),
            ("encryption_port", bastion.stitch_port.to_string()),
            ("encryption_username", bastion.tunnel_user.to_string()),
        ]),
    }
    fields
}
