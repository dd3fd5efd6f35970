//! The only writer: runs one change. A temporary membership is granted, used and revoked within one transaction, so that nothing of
//! it is left whatever happens: an error, a lost connection, a crash of this program or of the server.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use secrecy::zeroize::Zeroizing;

use crate::change::{Action, Execution, Progress, Sql};
use crate::output_file::{Links, PRIVATE, Target};
use crate::secret::Secret;
use crate::sql;
use crate::world::writer::Writer;

mod batch;
mod blockers;
mod execute;
mod run_lock;

pub(crate) use execute::Applied;
use execute::{PATIENCE, Tell, run};
pub(crate) use run_lock::AnotherRun;

impl Writer {
    /// Runs one change, and reports how far it is where it goes object by object.
    pub(crate) async fn apply(&mut self, action: &Action, tell: &mut dyn FnMut(Progress)) -> Result<Applied> {
        match action {
            Action::Sql(sql) => return self.apply_sql(sql, tell).await,
            Action::Host(script) => self.reader.host().await?.as_root(script).await.map(drop),
            Action::Ingress(script) => self.reader.entrance().await?.as_root(script).await.map(drop),
            Action::AddHbaLines(edit) => self.add_hba_lines(edit).await,
            Action::RemoveHbaLines(edit) => self.remove_hba_lines(edit).await,
            Action::Http(request) => self.send_to_stitch(request).await,
            Action::SaveSecret { path, secret } => save_secret(path, secret),
        }?;
        Ok(Applied::Made)
    }

    /// Whether a key of ours is in Stitch's file.
    pub(crate) fn has_temporary_key(&self) -> bool {
        self.lent_key.is_some()
    }

    /// Stops what the server is still doing for a run that was cut short.
    pub(crate) async fn cancel(&mut self) {
        self.reader.cancel().await;
    }

    /// Makes the server read its configuration files again.
    pub(super) async fn reload_server(&mut self) -> Result<()> {
        let limit = self.reader.settings.timeout;
        let home = self.reader.home().await?;
        let session = self.first_session(&home).await?;
        run(&session, &sql::reload(), limit).await
    }

    async fn apply_sql(&mut self, sql: &Sql, tell: Tell<'_>) -> Result<Applied> {
        let limit = self.reader.settings.timeout * PATIENCE;
        let database = sql.database.as_str();
        // Roles and databases are the same from every database, so an absent one is fine where the home will do.
        let home = self.reader.home().await?;
        let name = if self.reader.session(database).await?.is_some() {
            database
        } else {
            home.as_str()
        };
        let session = self.first_session(name).await?;
        let applied = match sql.run {
            Execution::PerStatement { .. } => self.patiently(sql, name, tell).await,
            Execution::Transaction => {
                let work = run_lock::together(&session, sql, limit, self.reader.settings.timeout);
                self.telling_who_is_in_the_way((&session, name), work).await
            }
            Execution::Autocommit => {
                ensure!(
                    sql.memberships.is_empty(),
                    "a statement outside a transaction cannot revoke its temporary membership"
                );
                run_lock::alone(&session, sql, limit).await
            }
        };
        let applied = match applied {
            Ok(Applied::Doubtful(error)) => Applied::Doubtful(blockers::named(&session, error, limit).await),
            Ok(applied) => applied,
            Err(error) => return Err(blockers::named(&session, error, limit).await),
        };
        self.note_password(&sql.statements);
        Ok(applied)
    }
}

/// Writes a generated password where it was asked for: wholly on the disk, or not at all.
fn save_secret(path: &Path, secret: &Secret) -> Result<()> {
    let line = Zeroizing::new(format!("{}\n", secret.reveal()));
    Target::find(path, Links::Refused)
        .and_then(|target| target.create(line.as_bytes(), PRIVATE))
        .with_context(|| format!("cannot write the password file {}", path.display()))
}
