//! `stitch-pg rotate`: a new password for the role, in PostgreSQL and in Stitch. It is proved by a login; where anything fails
//! before Stitch has it, the old verifier is put back.

use anyhow::{Context as _, Error, Result, anyhow, bail, ensure};
use tokio_postgres::error::SqlState;

use crate::change::{Action, Change, Sql};
use crate::finding::{Finding, Verdict};
use crate::password::Formed;
use crate::request::HttpMethod;
use crate::secret::Secret;
use crate::settings::{Registering, SendPassword, Settings};
use crate::sql;
use crate::steps::registration::Registration;
use crate::steps::role::Role;
use crate::steps::{Step as _, event_triggers};
use crate::watch::Until;
use crate::world::stitch_api::UNSURE;
use crate::world::{Layer, Reader, Target, Writer};

/// What is to be done, and the way back.
pub(crate) struct Rotation {
    settings: Settings,
    world: Writer,
    /// The generated password's file, and the role's new password.
    changes: Vec<Change>,
    /// The request that gives Stitch the new password, where there is an access token.
    told: Option<Change>,
    /// Functions of other roles that run in our sessions.
    others: Vec<Finding>,
    old: OldPassword,
    /// Whether the role may have its new password.
    changed: bool,
    /// When it was proved, by the server's clock.
    since: String,
}

/// The stored form of the password before.
enum OldPassword {
    /// Only superusers may read it.
    Hidden,
    None,
    Verifier(Secret),
}

impl Rotation {
    /// Looks at the role and, with an access token, at Stitch's destination. Nothing is changed where either is not as it
    /// should be.
    pub(crate) async fn prepare(mut settings: Settings, mut world: Writer) -> Result<Self> {
        settings.registration.password = SendPassword::Always;
        let told = if settings.registration.token.is_some() {
            settings.registration.wanted = Registering::Yes;
            Some(destination(&settings, world.reader()).await?)
        } else {
            None
        };
        let facts = Role::inspect(&settings, world.reader()).await?;
        if let Some(database) = world.reader().admin_database() {
            settings.admin.database = database;
        }
        let changes = Role::rotation(&settings, &facts)?;
        let others = event_triggers::told(&settings, world.reader()).await?;
        let old = match Role::stored_password(&facts) {
            _ if !world.reader().server().await?.superuser => OldPassword::Hidden,
            Some(verifier) => OldPassword::Verifier(verifier),
            None => OldPassword::None,
        };
        Ok(Self {
            settings,
            world,
            changes,
            told,
            others,
            old,
            changed: false,
            since: String::new(),
        })
    }

    /// What will be changed, and what happens where it fails.
    pub(crate) fn plan(&self) -> Vec<String> {
        let others = self.others.iter().map(|finding| &finding.text);
        let changes = self.changes.iter().chain(&self.told).map(|change| &change.summary);
        let mut lines: Vec<String> = others.chain(changes).cloned().collect();
        let last = match self.old {
            OldPassword::Hidden => "this login may not read the old password's verifier: it cannot be put back",
            _ => "put the old password's verifier back where this fails",
        };
        lines.push(last.to_owned());
        lines
    }

    /// Whether Stitch gets the new password in this run.
    pub(crate) fn tells_stitch(&self) -> bool {
        self.told.is_some()
    }

    pub(crate) fn reader(&mut self) -> &mut Reader {
        self.world.reader()
    }

    /// Sets the new password, and proves it by a login as the role.
    pub(crate) async fn set(&mut self) -> Result<String> {
        for change in self.changes.clone() {
            self.changed |= matches!(change.action, Action::Sql(_));
            let made = self.world.apply(&change.action, &mut |_| ()).await;
            made.with_context(|| format!("Failed to {}", change.summary))?;
        }
        self.settings.password_is_set();
        let proof = self.prove().await?;
        let now = "SELECT to_json(clock_timestamp()::text)::text";
        let since: Option<String> = self.world.reader().ask(Target::Server, now, &[]).await?;
        self.since = since.context("the server did not report its time")?;
        Ok(proof)
    }

    /// By a login. Where the role cannot log in from here for another reason, by the stored verifier.
    async fn prove(&mut self) -> Result<String> {
        let database = self.settings.stitch.database.clone();
        let Err(failure) = self.world.reader().log_in_as_stitch(&database).await else {
            return Ok("the new password was proved by a login".to_owned());
        };
        let is_refused =
            failure.layer == Layer::Authentication && !failure.is(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
        if !is_refused && !matches!(self.old, OldPassword::Hidden) {
            let facts = Role::inspect(&self.settings, self.world.reader()).await?;
            if Role::has_given_password(&facts) {
                let why = failure.text;
                return Ok(format!(
                    "the role cannot log in from here ({why}); the stored verifier is the new password's"
                ));
            }
        }
        bail!("the new password could not be proved by a login: {}", failure.text)
    }

    /// What is waited for now.
    pub(crate) fn until(&self) -> Until {
        Until::After(self.since.clone())
    }

    /// Sends it to Stitch.
    pub(crate) async fn tell_stitch(&mut self) -> Result<()> {
        let Some(change) = self.told.clone() else { return Ok(()) };
        let sent = self.world.apply(&change.action, &mut |_| ()).await;
        sent.map(drop).with_context(|| format!("Failed to {}", change.summary))
    }

    /// Puts the old verifier back, unless Stitch may have the new password. Why, and what holds now.
    pub(crate) async fn put_back(&mut self, why: Error) -> Error {
        let role = self.settings.stitch.role.clone();
        let why = format!("{why:#}");
        let (what, next) = why.split_once("\nnext: ").unwrap_or((&why, "stitch-pg check"));
        if !self.changed {
            return anyhow!("{what}. Nothing was changed in PostgreSQL.\nnext: {next}");
        }
        if why.contains(UNSURE) {
            return anyhow!(
                "{what}. The new password is in force, and Stitch may have it or not.\nnext: type the new password into Stitch's \
                 form"
            );
        }
        let statement = match &self.old {
            OldPassword::Hidden => {
                let name = sql::identifier(role.as_str());
                return anyhow!(
                    "{what}. The old password cannot be put back, since this login may not read it.\nnext: type the new password \
                     into Stitch's form; or set the old one as you know it, in psql: \\password {name}"
                );
            }
            OldPassword::None => sql::alter_role(&role, &["PASSWORD NULL"]),
            OldPassword::Verifier(verifier) => sql::set_password(&role, Some(Formed::Text(verifier.clone()))),
        };
        let action = Action::Sql(Sql::together(&self.settings.admin.database, vec![statement]));
        if let Err(error) = self.world.apply(&action, &mut |_| ()).await {
            return anyhow!(
                "{what}. The old password could not be put back ({error:#}).\nnext: type the new password into Stitch's form, or run \
                 stitch-pg rotate again"
            );
        }
        let unused = self.changes.iter().find_map(|change| match &change.action {
            Action::SaveSecret { path, .. } => {
                Some(format!(" {} holds a password that is not in use.", path.display()))
            }
            _ => None,
        });
        let unused = unused.unwrap_or_default();
        anyhow!("{what}. The old password of {role:?} is in force again.{unused}\nnext: {next}")
    }
}

/// The request that gives Stitch's destination the password.
async fn destination(settings: &Settings, reader: &mut Reader) -> Result<Change> {
    let facts = Registration::inspect(settings, reader).await?;
    let mut plan = Registration::plan(settings, &facts);
    let finding = plan.findings.iter().find(|finding| finding.verdict == Verdict::Bad);
    let Some(change) = plan.changes.pop() else {
        let text = finding.map_or("there is nothing to change in Stitch", |finding| &finding.text);
        let next = finding.and_then(|finding| finding.advice.as_deref());
        bail!("{text}\nnext: {}", next.unwrap_or("stitch-pg check --register"))
    };
    let is_update = matches!(&change.action, Action::Http(request) if request.method == HttpMethod::Put);
    ensure!(
        is_update,
        "Stitch has no destination for this database, so there is no password to change in it\nnext: stitch-pg setup --register; or \
         run rotate without STITCH_ACCESS_TOKEN"
    );
    Ok(change)
}
