//! What stands in Stitch's form, and its fields by the names of its API: for the registration, and for the sheet.

use crate::server::{Encryption, PostgresServer};
use crate::settings::{BastionServer, Settings, StitchSsl};

/// One field: its name in the API, and its value as text.
pub(crate) type FormField = (&'static str, String);

/// Every field but the password, in the order of the form.
pub(crate) fn wanted(settings: &Settings, user: &str, ssl: bool) -> Vec<FormField> {
    let stitch = &settings.stitch;
    let mut fields = vec![
        ("host", stitch_sees(settings)),
        ("port", stitch.port.to_string()),
        ("database", stitch.database.to_string()),
        ("username", user.to_owned()),
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

/// Whether *Connect using SSL* is to be ticked: as the settings say, else as the last login went.
pub(crate) fn ticks_ssl(ssl: StitchSsl, tried: Option<Encryption>) -> bool {
    match ssl {
        StitchSsl::On => true,
        StitchSsl::Off => false,
        StitchSsl::WhenOffered => tried == Some(Encryption::Tls),
    }
}

/// The user for Stitch's form.
pub(crate) fn stitch_logs_in_as(settings: &Settings, server: Option<&PostgresServer>) -> String {
    crate::server::stitch_user(settings, server)
}

/// The host for Stitch's form. Stitch cannot connect to a socket; through an SSH server on the same machine it is that machine's
/// loopback.
pub(crate) fn stitch_sees(settings: &Settings) -> String {
    let local_bastion = settings
        .bastion
        .as_ref()
        .is_some_and(|bastion| matches!(bastion.server, BastionServer::Local));
    if settings.stitch.host.is_socket() && local_bastion {
        "127.0.0.1".to_owned()
    } else {
        settings.stitch.host.to_string()
    }
}
