//! Guide step 6, last part: the connection is entered into Stitch by its Connect API, which has no documented way to ask
//! how Stitch's own check of it ended.
//! Only with `--register`. Nothing is ever deleted there, and no destination of another type or host is touched unasked.

pub(crate) mod destination;
mod form;
mod judge;

use anyhow::{Context, Result, ensure};

use crate::change::{Action, Change, Plan};
use crate::finding::Finding;
use crate::request::{HttpMethod, PropertyPassword, Request};
use crate::server::Encryption;
use crate::settings::{
    Audience, Registering, RegistrationSettings as Telling, SendPassword, Settings, StitchSsl, UnmappedSources,
};
use crate::step_id::StepId;
use crate::steps::{Preflight, SkipReason, Step};
use crate::stitch_form::{stitch_logs_in_as, ticks_ssl};
use crate::world::stitch_api::SentToStitch;
use crate::world::{Reader, Target};
use destination::{Destination, DestinationType, StitchAccount, TYPE};

pub(crate) struct Registration;

/// What Stitch's API reports, and what this run sent to it.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// `None` when Stitch was not asked.
    account: Option<StitchAccount>,
    /// Whether *Connect using SSL* will be ticked.
    ssl: bool,
    /// The user that Stitch logs in as, where a server was asked.
    user: Option<String>,
    /// Whether this run gave the role a password that Stitch does not have yet.
    new_password: bool,
    /// What this run sent to Stitch.
    told: Option<SentToStitch>,
}

impl Facts {
    /// Whether this run sent the password to Stitch.
    fn told_password(&self) -> bool {
        self.told.as_ref().is_some_and(|told| told.password)
    }

    /// Whether Stitch has the password for sure, or is to get it.
    fn stitch_has_password(&self) -> bool {
        self.new_password || self.told_password()
    }

    /// What is to stand in Stitch's form.
    fn wanted(&self, settings: &Settings) -> Vec<form::FormField> {
        let user = self.user.as_deref().unwrap_or(settings.stitch.role.as_str());
        form::wanted(settings, user, self.ssl)
    }
}

impl Step for Registration {
    const ID: StepId = StepId::Registration;
    const WHY: &'static str =
        "The last step: stitch-pg enters the connection in Stitch, which then checks it from its own addresses.";
    const LINK: &'static str = "/developers/stitch-connect/guides/create-destination-with-stitch-connect";
    const NEEDS: &'static [StepId] = &[StepId::Database, StepId::Role];
    const PREFLIGHT: Preflight = Preflight::Never;
    const SKIP_REASON: SkipReason = SkipReason::NotRequested;
    const SCRIPTED_FOR: &'static [Audience] = &[Audience::Stitch];
    const KEPT: &'static str = "delete or pause the destination in Stitch yourself, so that it stops connecting";
    type Facts = Facts;

    fn skip(settings: &Settings) -> Option<&'static str> {
        (settings.registration.wanted == Registering::No)
            .then_some("optional: --register enters the connection in Stitch")
    }

    async fn inspect(settings: &Settings, reader: &mut Reader) -> Result<Facts> {
        Ok(Facts {
            ssl: ssl(settings, reader).await?,
            user: Some(user(settings, reader).await?),
            new_password: reader.has_new_password(),
            account: Some(StitchAccount::read(reader).await?),
            told: reader.sent_to_stitch().cloned(),
        })
    }

    fn plan(settings: &Settings, facts: &Facts) -> Plan {
        let mut plan = Plan::default();
        let Some(account) = &facts.account else {
            plan.change(create(settings, facts, &DestinationType::default()));
            return plan;
        };
        let ours = account.ours(settings, facts);
        judge::account(&mut plan, settings, account, &ours);
        let kind = account.kind.clone().unwrap_or_default();
        match ours {
            // Without access Stitch would refuse; a finding reports that.
            Ok(None) if kind.access() == Some(false) => {}
            Ok(None) => plan.change(create(settings, facts, &kind)),
            Ok(Some(there)) => {
                let change = update(settings, facts, &kind, there);
                judge::destination(&mut plan, facts.stitch_has_password(), there, change.as_ref());
                plan.changes.extend(change);
            }
            Err(wrong) => plan.find(wrong),
        }
        plan
    }
}

impl StitchAccount {
    async fn read(reader: &Reader) -> Result<Self> {
        let kind = reader.try_stitch("/v4/destination-types/postgres").await?;
        let list = reader.ask_stitch("/v4/destinations").await?;
        // Taken for an empty list, it would end in a second destination.
        ensure!(
            list.is_array(),
            "Stitch's list of destinations is not a list\nnext: check that --api-url is the address of Stitch's Connect API"
        );
        Ok(Self {
            kind: kind.map(DestinationType::read),
            destinations: Destination::list(&list),
        })
    }

    /// Which of the account's destinations loads into this database, or why that cannot be decided.
    fn ours(&self, settings: &Settings, facts: &Facts) -> Result<Option<&Destination>, Finding> {
        let find = |id: u64| self.destinations.iter().find(|there| there.id == id);
        if let Some(id) = settings.registration.destination {
            return match find(id) {
                None => Err(judge::no_such(id, &self.destinations)),
                Some(there) if there.kind != TYPE => Err(judge::other_type(there)),
                ours => Ok(ours),
            };
        }
        if let Some(there) = facts.told.as_ref().and_then(|told| told.id).and_then(find) {
            return Ok(Some(there));
        }
        let fields = facts.wanted(settings);
        let ours = self.destinations.iter().filter(|there| form::is_ours(there, &fields));
        let ours: Vec<&Destination> = ours.collect();
        let port = Some(settings.stitch.port.to_string());
        let mut exactly = ours.iter().copied().filter(|there| there.property("port") == port);
        match (ours.as_slice(), exactly.next(), exactly.next()) {
            ([] | [_], ..) => Ok(ours.first().copied()),
            (_, only, None) if only.is_some() => Ok(only),
            (several, ..) => Err(judge::ambiguous(several)),
        }
    }
}

/// As Stitch's own login went in this run; where there was none, whether the server offers TLS.
async fn ssl(settings: &Settings, reader: &mut Reader) -> Result<bool> {
    let mut tried = reader.stitch_encryption;
    if settings.stitch.ssl == StitchSsl::WhenOffered && tried.is_none() {
        let question = "SELECT (current_setting('ssl') = 'on')::text";
        let offers: Result<Option<bool>> = reader.ask(Target::Server, question, &[]).await;
        tried = match offers.context("cannot check whether the server offers TLS; give --ssl or --no-ssl")? {
            Some(true) => Some(Encryption::Tls),
            _ => Some(Encryption::None),
        };
    }
    Ok(ticks_ssl(settings.stitch.ssl, tried))
}

/// The role, with the project suffix where the admin's login has one. Only the server knows which part is which.
async fn user(settings: &Settings, reader: &mut Reader) -> Result<String> {
    let server = if settings.admin.user.contains('.') {
        let server = reader.server().await;
        Some(server.context("cannot check whether the user has a project suffix")?)
    } else {
        reader.known_server()
    };
    Ok(stitch_logs_in_as(settings, server))
}

fn create(settings: &Settings, facts: &Facts, kind: &DestinationType) -> Change {
    let telling: &Telling = &settings.registration;
    let (ignore, said) = match telling.sources {
        UnmappedSources::Leave => (
            true,
            "ignore_unmapped_sources is true: every source keeps its present destination",
        ),
        UnmappedSources::Map => (
            false,
            "ignore_unmapped_sources is false: every source without a destination will load into it",
        ),
    };
    let fields = [
        ("type", TYPE.into()),
        ("name", telling.name.as_str().into()),
        ("ignore_unmapped_sources", ignore.into()),
    ];
    let properties = form::written(&facts.wanted(settings), kind);
    let password = PropertyPassword::Sent(settings.stitch.password.secret().cloned());
    let url = telling.api.at("/v4/destinations");
    Change {
        summary: format!("create the destination {:?} in Stitch ({said})", telling.name),
        why: "Stitch loads into a database after it is entered there as a destination. Stitch then checks the connection.",
        action: Action::Http(Request::new(HttpMethod::Post, url, &fields, &properties, password)),
        undo: None,
    }
}

/// Only what differs. Stitch never reports the password that it has, so it is sent when it is new, or when that is asked for.
fn update(settings: &Settings, facts: &Facts, kind: &DestinationType, there: &Destination) -> Option<Change> {
    let sends =
        facts.new_password || (settings.registration.password == SendPassword::Always && !facts.told_password());
    let differing = form::differing(&facts.wanted(settings), there);
    if differing.is_empty() && !sends {
        return None;
    }
    let mut names: Vec<&str> = differing.iter().map(|field| field.0).collect();
    let password = if sends {
        names.push("password");
        PropertyPassword::Sent(settings.stitch.password.secret().cloned())
    } else {
        PropertyPassword::Unsent
    };
    let url = settings.registration.api.at(&format!("/v4/destinations/{}", there.id));
    let put = |fields: &[form::FormField], password| {
        let properties = form::written(fields, kind);
        Action::Http(Request::new(HttpMethod::Put, url.clone(), &[], &properties, password))
    };
    let before = form::as_they_are(&differing, there);
    Some(Change {
        summary: format!(
            "set {} of the destination {} in Stitch",
            names.join(", "),
            there.described()
        ),
        why: "These fields in Stitch differ from the values for this database. stitch-pg sends only these.",
        undo: (!before.is_empty()).then(|| put(&before, PropertyPassword::Unsent)),
        action: put(&differing, password),
    })
}
