//! Whether the Stitch role's password is the one that will be typed into Stitch: proved, never assumed, and never changed
//! unasked, since every reset is an outage for an integration that is running.

use serde::Deserialize;

use super::action::{on_server, save_generated, unless};
use super::credcheck::{self, Credcheck};
use crate::change::{Change, Plan};
use crate::finding::{Code, Finding};
use crate::names::DatabaseName;
use crate::password::{Form, Formed, MOST_ITERATIONS, Stored, USUAL_ITERATIONS, check, formed};
use crate::provider::Provider;
use crate::settings::{OnWrongPassword, RolePassword, Settings};
use crate::sql;
use crate::world::Reader;
use tokio_postgres::error::SqlState;

/// What is known of the existing role's password.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum PasswordProof {
    /// There is no role to have one.
    #[default]
    NoRole,
    /// None was given in this run.
    NotGiven,
    /// It is the one that was given.
    Right,
    /// It is another.
    Wrong,
    /// The role has none.
    NoneSet,
    /// It takes more rounds than PostgreSQL's clients compute: how many.
    TooDear(String),
    /// It could not be tried, and why.
    Untried(String),
}

/// How the server stores passwords, and whether this login may set any.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PasswordPolicy {
    version_num: i32,
    /// `password_encryption`.
    encryption: String,
    /// `scram_iterations`, 16 and newer.
    iterations: Option<String>,
    /// `rds.restrict_password_commands` is on and this login is no member of `rds_password`.
    restricted: bool,
    credcheck: Credcheck,
    /// Whether this login is a superuser.
    superuser: bool,
    #[serde(skip)]
    pub(super) provider: Provider,
}

impl PasswordPolicy {
    fn form(&self) -> Form {
        match self.version_num {
            _ if self.provider.definition().wants_plain_password => Form::Plain,
            1..100_000 => Form::Md5,
            _ => {
                let iterations = self.iterations.as_ref().and_then(|text| text.parse().ok());
                Form::Scram {
                    iterations: iterations.unwrap_or(USUAL_ITERATIONS),
                }
            }
        }
    }

    /// The password of this run as it is sent.
    pub(super) fn formed(&self, settings: &Settings) -> Option<Formed> {
        let role = settings.stitch.role.as_str();
        let password = settings.stitch.password.secret()?;
        Some(formed(self.form(), role, password))
    }

    /// Why a role is made, or its password set, as it is.
    pub(super) fn why(&self) -> &'static str {
        match self.form() {
            Form::Scram { .. } => {
                "Stitch needs a role of its own. stitch-pg sends a SCRAM verifier, so the password itself is in no log."
            }
            Form::Md5 => {
                "Stitch needs a role of its own. This server supports only md5 hashes, so stitch-pg sends one."
            }
            Form::Plain => {
                "Stitch needs a role of its own. Neon refuses verifiers, so stitch-pg sends the password as plain text."
            }
        }
    }

    /// What is reported before a password is set.
    pub(super) fn report(&self, plan: &mut Plan) {
        if self.form() == Form::Plain {
            let text = "the password is sent to the server as plain text: Neon refuses SCRAM verifiers when the transaction is committed";
            let advice = "TLS protects it in transit, but it may be in the provider's logs; if this is not Neon, give --provider";
            plan.unknown(Code::PasswordPlainTextOnly, text, advice);
        } else if self.encryption == "md5" && matches!(self.form(), Form::Scram { .. }) {
            let text = "the server stores new passwords as md5 (password_encryption); stitch-pg sends a SCRAM verifier, which the methods md5 and scram-sha-256 of pg_hba.conf both accept";
            plan.good(Code::PasswordStoredAsMd5, text);
        }
    }

    /// Why this login may not set the password of this role, and who lets it.
    pub(super) fn refusal(&self, user: &str, role: &str) -> Option<(String, String)> {
        if self.restricted {
            let why = format!(
                "{user:?} may not set passwords (rds.restrict_password_commands is on, and it is not a member of rds_password)"
            );
            let grant = format!("GRANT rds_password TO {};", sql::identifier(user));
            return Some((why, format!("a member of rds_superuser runs: {grant}")));
        }
        let is_verifier = self.form() != Form::Plain;
        credcheck::refusal(&self.credcheck, role, is_verifier, self.superuser)
    }
}

/// Uses `me`.
pub(super) const KEEPING: &str = "
    json_build_object(
         'version_num', current_setting('server_version_num')::int,
         'encryption', current_setting('password_encryption'),
         'superuser', me.rolsuper,
         'credcheck', (SELECT coalesce(json_object_agg(substr(name, 11), setting), '{}') FROM pg_settings WHERE name LIKE 'credcheck.%'),
         'iterations', current_setting('scram_iterations', true),
         'restricted', coalesce(current_setting('rds.restrict_password_commands', true), 'off') IN ('on', 'true', '1')
             AND NOT me.rolsuper
             AND NOT EXISTS (SELECT 1 FROM pg_roles p WHERE p.rolname = 'rds_password' AND pg_has_role(me.oid, p.oid, 'MEMBER')))";

/// By the stored hash where it can be seen (that works whatever `pg_hba.conf` says about this machine), else by logging in.
pub(super) async fn prove(
    settings: &Settings,
    reader: &mut Reader,
    (superuser, stored): (bool, Option<&str>),
    database: &DatabaseName,
) -> PasswordProof {
    let password = match &settings.stitch.password {
        RolePassword::Unknown => return PasswordProof::NotGiven,
        RolePassword::Generated { .. } => return PasswordProof::Wrong, // brand-new: it cannot be the role's yet
        RolePassword::Known(password) => password,
    };
    match (superuser, stored) {
        (false, _) => {} // only superusers may look
        (true, None) => return PasswordProof::NoneSet,
        (true, Some(stored)) => match check(stored, settings.stitch.role.as_str(), password) {
            Stored::Same => return PasswordProof::Right,
            Stored::Other => return PasswordProof::Wrong,
            Stored::TooDear(rounds) => {
                return PasswordProof::TooDear(format!(
                    "it is stored with {rounds} SCRAM rounds, more than the {MOST_ITERATIONS} that clients compute"
                ));
            }
            Stored::Unreadable => {}
        },
    }
    match reader.prove_password(database).await {
        Ok(()) => PasswordProof::Right,
        Err(failure) if failure.is(&SqlState::INVALID_PASSWORD) => PasswordProof::Wrong,
        Err(failure) if failure.code == Code::LoginIterations => PasswordProof::TooDear(failure.text),
        Err(failure) => PasswordProof::Untried(failure.text),
    }
}

pub(super) fn plan(
    plan: &mut Plan,
    settings: &Settings,
    (proof, keeping): (&PasswordProof, &PasswordPolicy),
    user: &str,
    may_alter: bool,
) {
    let role = &settings.stitch.role;
    let finding = match proof {
        PasswordProof::NoRole => return,
        PasswordProof::Right => Finding::good(Code::PasswordCorrect, format!("the password for {role:?} is correct")),
        PasswordProof::NotGiven => {
            let text = format!("the password of the role {role:?} was not given, so it was not tested");
            let advice = "give it with STITCH_PG_PASSWORD or --password-file FILE";
            Finding::unknown(Code::PasswordNotGiven, text).advise(advice)
        }
        PasswordProof::Untried(why) => {
            let text = format!("the password of {role:?} cannot be tested from here: {why}");
            let advice =
                "fix that first, or run this command as a superuser, which compares it with the stored verifier";
            Finding::unknown(Code::PasswordNotTested, text).advise(advice)
        }
        PasswordProof::Wrong | PasswordProof::NoneSet | PasswordProof::TooDear(_) => {
            match settings.stitch.on_wrong_password {
                OnWrongPassword::Reset => return reset(plan, settings, keeping, user, may_alter),
                OnWrongPassword::Report => wrong(settings, proof),
            }
        }
    };
    plan.find(finding.about(role));
}

fn wrong(settings: &Settings, proof: &PasswordProof) -> Finding {
    let role = settings.stitch.role.as_str();
    if let PasswordProof::TooDear(why) = proof {
        let text = format!("the password of {role:?} was not checked, and Stitch cannot log in: {why}");
        let advice = "add --reset-password: the password is stored again with the usual number of rounds";
        return Finding::bad(Code::PasswordIterations, text).advise(advice);
    }
    let text = match (proof, &settings.stitch.password) {
        (PasswordProof::NoneSet, _) => format!("the role {role:?} has no password"),
        (_, RolePassword::Generated { .. }) => {
            format!("the role {role:?} already has a password, which is not the generated one")
        }
        _ => format!("the given password is not the one of {role:?}"),
    };
    Finding::bad(Code::PasswordWrong, text).advise(
        "give the role's password with --password-file FILE or STITCH_PG_PASSWORD; or add --reset-password, after which everything that logs in as this role needs the new one",
    )
}

pub(super) fn reset(plan: &mut Plan, settings: &Settings, keeping: &PasswordPolicy, user: &str, may_alter: bool) {
    let role = &settings.stitch.role;
    let statement = sql::set_password(role, keeping.formed(settings));
    if !may_alter {
        let text = format!("{user:?} may not change the password of the role {role:?}");
        let quoted = sql::identifier(role.as_str());
        let advice = format!("a superuser, or an administrator of that role, runs in psql: \\password {quoted}");
        plan.bad(Code::RoleCannotAlter, text, advice).concerning(role);
        return;
    }
    if let Some((why, advice)) = keeping.refusal(user, role.as_str()) {
        let text = format!("the password of {role:?} cannot be changed: {why}");
        plan.bad(Code::RoleCannotAlter, text, advice).concerning(role);
        return;
    }
    keeping.report(plan);
    save_generated(plan, settings);
    plan.change(Change {
        summary: format!("change the password of the role {role:?}"),
        why: "You gave --reset-password, and the present password is another one.",
        action: on_server(settings, statement),
        undo: None, // the previous password is not known here
    });
}

/// For a script that is written without a check: a password is set where one was asked for and the role is there already. A
/// new role gets it when it is made.
pub(super) fn offline(plan: &mut Plan, settings: &Settings) {
    if settings.stitch.on_wrong_password == OnWrongPassword::Report {
        return;
    }
    let role = &settings.stitch.role;
    let statement = sql::set_password(role, PasswordPolicy::default().formed(settings));
    plan.change(Change {
        summary: format!("set the password of the role {role:?}, if it exists"),
        why: "You gave --reset-password. If the password is the same, only its salt changes.",
        action: unless(settings, statement, sql::role_missing(role)),
        undo: None,
    });
}
