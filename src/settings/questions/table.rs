//! The table of settings that you review, each with where it came from.

use super::Questions;
use crate::settings::ask::Row;
use crate::settings::checked::Settings;
use crate::settings::draft::Source;
use crate::settings::ownership::Connection;
use crate::settings::registry::SettingId;
use crate::settings::stitch::RolePassword;
use crate::step_id::StepId;

impl Questions<'_> {
    pub(super) fn table(&self, settings: &Settings) -> Vec<Row> {
        let (admin, stitch) = (&settings.admin, &settings.stitch);
        let mut rows = vec![
            self.row(
                SettingId::Host,
                "Server",
                format!("{}, port {}", admin.host, admin.port),
            ),
            self.row(SettingId::AdminUser, "Admin user", admin.user.clone()),
        ];
        if let Some(region) = stitch.region {
            rows.push(self.row(SettingId::Region, "Stitch region", region.as_str().to_owned()));
        }
        rows.push(self.row(SettingId::Database, "Database", stitch.database.to_string()));
        rows.push(self.row(SettingId::Role, "Stitch role", stitch.role.to_string()));
        let password = match &stitch.password {
            RolePassword::Known(_) => "given".to_owned(),
            RolePassword::Generated {
                save_to: Some(path), ..
            } => {
                let path = path.strip_prefix(&self.context.environment.directory).unwrap_or(path);
                format!("new, saved in ./{}", path.display())
            }
            RolePassword::Generated { .. } => "a new one".to_owned(),
            RolePassword::Unknown => "not given".to_owned(),
        };
        rows.push(self.row(SettingId::Password, "Its password", password));
        let way = settings.bastion.as_ref().map_or_else(
            || "directly".to_owned(),
            |bastion| format!("through {}, as {}", bastion.stitch_host, bastion.tunnel_user),
        );
        rows.push(self.row(SettingId::Bastion, "Stitch connects", way));
        if settings.bastion.is_none() && !stitch.host.is_public() {
            rows.push(self.row(SettingId::StitchHost, "To the host", "not known yet".to_owned()));
        } else if settings.bastion.is_none() && stitch.host != admin.host {
            rows.push(self.row(SettingId::StitchHost, "To the host", stitch.host.to_string()));
        }
        if self.steps.contains(&StepId::Ownership) {
            let data = match settings.ownership.connection {
                Connection::New => "none",
                Connection::Existing => "loaded by Stitch before",
            };
            rows.push(self.row(SettingId::Existing, "Existing data", data.to_owned()));
        }
        rows
    }

    fn row(&self, id: SettingId, label: &'static str, value: String) -> Row {
        let source = match self.draft.given(id) {
            Some(_) if id == SettingId::Existing && self.detected.contains(&id) => "detected",
            Some(given) if !self.detected.contains(&id) => word(&given.source),
            _ => "default",
        };
        Row {
            id,
            label,
            value,
            source,
        }
    }
}

fn word(source: &Source) -> &'static str {
    match source {
        Source::Flag(_) => "flag",
        Source::Environment(_) => "environment",
        Source::File { .. } => "file",
        Source::Service { .. } => "service",
        Source::Url(by) if **by != Source::Prompt => word(by),
        Source::Url(_) | Source::Prompt => "answer",
    }
}
