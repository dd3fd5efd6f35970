//! Whether the Stitch role's password is the one that will be typed into Stitch: proved, never assumed, and never changed
//! unasked, since every reset is an outage for an integration that is running.

use crate::change::{Action, Change, Plan, Run, Sql};
use crate::finding::{Code, Finding};
use crate::names::DatabaseName;
use crate::password::{Stored, check, verifier};
use crate::settings::{OnWrongPassword, Password, Settings};
use crate::sql;
use crate::world::World;
use tokio_postgres::error::SqlState;

/// What is known of the existing role's password.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Proof {
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
    /// It could not be tried, and why.
    Untried(String),
}

/// What the catalog shows of the stored hash.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hash<'a> {
    /// Only superusers may look.
    Hidden,
    /// The role has no password.
    None,
    /// A verifier or an MD5 hash.
    Seen(&'a str),
}

/// By the stored hash where it can be seen (that works whatever `pg_hba.conf` says about this machine), else by logging in.
pub(super) async fn prove(settings: &Settings, world: &mut World, hash: Hash<'_>, database: &DatabaseName) -> Proof {
    let password = match &settings.stitch.password {
        Password::Unknown => return Proof::NotGiven,
        Password::Generated { .. } => return Proof::Wrong, // brand-new: it cannot be the role's yet
        Password::Known(password) => password,
    };
    match hash {
        Hash::None => return Proof::NoneSet,
        Hash::Seen(stored) => match check(stored, settings.stitch.role.as_str(), password) {
            Stored::Same => return Proof::Right,
            Stored::Other => return Proof::Wrong,
            Stored::Unreadable => {}
        },
        Hash::Hidden => {}
    }
    match world.log_in_as_stitch(database.as_str()).await {
        Ok(_) => Proof::Right,
        Err(failure) if failure.is(&SqlState::INVALID_PASSWORD) => Proof::Wrong,
        Err(failure) => Proof::Untried(failure.text),
    }
}

pub(super) fn plan(plan: &mut Plan, settings: &Settings, proof: &Proof, may_alter: MayAlter, user: &str) {
    let role = &settings.stitch.role;
    let finding = match proof {
        Proof::NoRole => return,
        Proof::Right => Finding::good(
            Code::PasswordProved,
            format!("the password given is the role's ({:?})", role.as_str()),
        ),
        Proof::NotGiven => Finding::unknown(
            Code::PasswordNotGiven,
            format!(
                "the password of the role {:?} was not given, so it is not proved",
                role.as_str()
            ),
        )
        .advise("give it with STITCH_PG_PASSWORD or --password-file FILE"),
        Proof::Untried(why) => Finding::unknown(
            Code::PasswordUntried,
            format!("the password of {:?} cannot be tried from here: {why}", role.as_str()),
        )
        .advise("mend that first; a superuser's run of this command can also compare it with the stored verifier"),
        Proof::Wrong | Proof::NoneSet => match settings.stitch.on_wrong_password {
            OnWrongPassword::Reset => return reset(plan, settings, may_alter, user),
            OnWrongPassword::Report => wrong(settings, proof),
        },
    };
    plan.find(finding.about(role));
}

fn wrong(settings: &Settings, proof: &Proof) -> Finding {
    let role = settings.stitch.role.as_str();
    let text = match (proof, &settings.stitch.password) {
        (Proof::NoneSet, _) => format!("the role {role:?} has no password"),
        (_, Password::Generated { .. }) => {
            format!("the role {role:?} exists already, with a password of its own; a newly generated one is not it")
        }
        _ => format!("the password given is not the role's ({role:?})"),
    };
    Finding::bad(Code::PasswordWrong, text).advise(
        "give the role's password with --password-file FILE or STITCH_PG_PASSWORD; or add --reset-password, after which everything that logs in as this role needs the new one",
    )
}

fn reset(plan: &mut Plan, settings: &Settings, may_alter: MayAlter, user: &str) {
    let role = &settings.stitch.role;
    let statement = sql::set_password(role, settings.stitch.password.secret().map(verifier));
    if may_alter == MayAlter::No {
        plan.find(
            Finding::bad(
                Code::RoleCannotAlter,
                format!("{user:?} may not change the password of the role {:?}", role.as_str()),
            )
            .advise(format!(
                "a superuser, or an administrator of that role, runs in psql: \\password {}",
                sql::identifier(role.as_str())
            ))
            .about(role),
        );
        return;
    }
    super::save_generated(plan, settings);
    plan.change(Change {
        summary: format!("change the password of the role {:?}", role.as_str()),
        why: "You asked for it (--reset-password): the present password is another one.",
        action: Action::Sql(Sql {
            database: settings.admin.database.clone(),
            statements: vec![statement],
            run: Run::Together,
            unless: None,
            borrow: Vec::new(),
        }),
        undo: None, // the password from before is known to nobody here
    });
}

/// Whether this login may alter the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MayAlter {
    Yes,
    No,
}
