//! Who asks for settings: the terminal, and behind it the first login, the scripts for others, and the settings file.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use tokio::runtime::Builder;
use tokio_postgres::error::SqlState;

use super::voice::terminal;
use crate::ask::Typed;
use crate::cli::{self, Invocation};
use crate::console::output;
use crate::console::terminal::{Review, Terminal};
use crate::finding::Code;
use crate::output_file;
use crate::report::Format;
use crate::script::{self, Plans};
use crate::secret::Secret;
use crate::server::CONTACT;
use crate::settings::file::{self, DEFAULT_FILE};
use crate::settings::{
    Answer, Ask, Audience, Connection, Contact, Draft, Environment, Presence, Question, Row, Schemas, Settings,
    Suspect, Typing,
};
use crate::steps::Step as _;
use crate::steps::ownership::Ownership;
use crate::world::{Access, Failure, Layer, Reader, Target, Writer};

pub(super) struct Wizard {
    pub(super) terminal: Terminal,
    pub(super) directory: PathBuf,
    /// The settings file that is used already.
    pub(super) file: Option<String>,
    pub(super) typed: Typed,
    /// Whether what Stitch has loaded is of interest.
    pub(super) detects: bool,
}

/// What the login may do, and whether the role exists.
#[derive(Deserialize)]
struct Login {
    role: bool,
    createdb: bool,
    createrole: bool,
}

/// What an answer does here that a flag does elsewhere.
const BY_ANSWER: [(&str, &str); 5] = [
    ("use --via-bastion", "answer ssh"),
    ("--via-bastion", "answer ssh"),
    ("--bastion", "its name"),
    ("--host", "the name"),
    ("--port", "the port"),
];

impl Ask for Wizard {
    fn text(&self, question: &Question) -> Result<Answer<String>> {
        Ok(self.terminal.text(question))
    }

    fn secret(&self, question: &Question, typing: Typing) -> Result<Secret> {
        Ok(self.terminal.secret(question, typing))
    }

    fn choose(&self, question: &Question, choices: &[&str]) -> Result<Answer<usize>> {
        Ok(self.terminal.choose_one(question, choices))
    }

    fn review(&self, rows: &[Row], settings: &Settings, draft: &Draft) -> Result<Option<usize>> {
        self.terminal.table(rows);
        let is_kept = self.file.is_some() || self.directory.join(DEFAULT_FILE).symlink_metadata().is_ok();
        let file = Some(DEFAULT_FILE).filter(|_| !is_kept);
        loop {
            match self.terminal.after_table(rows.len(), file) {
                Review::Continue => return Ok(None),
                Review::Save => {
                    let text = cli::config_file(draft, &self.directory, DEFAULT_FILE.as_ref());
                    match self.create(DEFAULT_FILE, &text) {
                        Ok(()) => return Ok(None),
                        Err(error) => self.terminal.refused(&format!("{error:#}"), None),
                    }
                }
                Review::Change(index) => return Ok(Some(index)),
                Review::Show => {
                    let text = script::text(settings, &Plans::offline(settings), Some(Audience::Dba));
                    self.terminal.page(&text);
                }
                Review::Write => self.write(settings),
            }
        }
    }

    fn connect(&self, settings: &Settings) -> Result<Result<Contact, Suspect>> {
        let host = &settings.admin.host;
        let waiting = self.terminal.waiting(&format!("Connecting to {host}"));
        let asker = self.terminal.asker_beside(&waiting).remembering(&self.typed);
        // One of its own: the program's is gone when Ctrl-C ends it in the middle of this.
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let contact = runtime.block_on(Box::pin(async {
            let mut writer = Writer::new(settings, Access::ReadOnly, asker);
            introduce(settings, writer.reader(), self.detects).await
        }));
        runtime.shutdown_background();
        waiting.end();
        match contact {
            Ok((line, contact)) => {
                self.terminal.passed(&line);
                Ok(Ok(contact))
            }
            Err(error) => {
                let text = format!("{error:#}");
                let (what, next) = text.split_once("\nnext: ").unwrap_or((&text, ""));
                let next = BY_ANSWER
                    .iter()
                    .fold(next.to_owned(), |next, (flag, answer)| next.replace(flag, answer));
                self.terminal
                    .refused(what, Some(next.as_str()).filter(|next| !next.is_empty()));
                Ok(Err(suspect(&error)))
            }
        }
    }
}

impl Wizard {
    /// Says which file the settings come from.
    pub(super) fn new(invocation: &Invocation, environment: &Environment) -> Self {
        let file = file::in_use(invocation.run.config.as_deref(), environment);
        if let Some(file) = &file {
            // It decides where passwords go, so it is always named, the default one above all.
            output::say(&format!("Using {file}"));
        }
        Self {
            terminal: terminal(invocation, environment, Format::Text),
            directory: environment.directory.clone(),
            file,
            typed: Typed::default(),
            detects: false,
        }
    }

    /// Never over a file that is there.
    fn create(&self, name: &str, text: &str) -> Result<()> {
        output_file::create(&self.directory.join(name), text, &format!("./{name}"))
    }

    /// Files for those who have the rights.
    fn write(&self, settings: &Settings) {
        let sysadmin = settings
            .bastion
            .as_ref()
            .map(|_| ("stitch-pg-sysadmin.sh", Audience::Sysadmin));
        for (name, audience) in [("stitch-pg-dba.sql", Audience::Dba)].into_iter().chain(sysadmin) {
            let text = script::text(settings, &Plans::offline(settings), Some(audience));
            match self.create(name, &text) {
                Ok(()) => self.terminal.passed(&format!("./{name} is written")),
                Err(error) => self.terminal.refused(&format!("{error:#}"), None),
            }
        }
    }
}

/// What the server, the login and the database for Stitch are, and one line about it.
async fn introduce(settings: &Settings, reader: &mut Reader, detects: bool) -> Result<(String, Contact)> {
    let server = reader.server().await?.clone();
    let role = settings.stitch.role.as_str();
    let login: Login = reader
        .ask(Target::Server, CONTACT, &[role])
        .await?
        .context("the server reports nothing about this login")?;
    let rights = match (server.superuser, login.createdb, login.createrole) {
        (true, ..) => "superuser",
        (_, true, true) => "may create databases and roles",
        (_, true, false) => "may create databases, but no roles",
        (_, false, true) => "may create roles, but no databases",
        (_, false, false) => "may create neither databases nor roles",
    };
    let version = server.version.split(' ').next().unwrap_or_default();
    let line = format!(
        "Connected: PostgreSQL {version} ({}) as {:?}, {rights}",
        server.provider.as_str(),
        server.user
    );
    let contact = Contact {
        password: reader.admin_password().cloned(),
        role: if login.role { Presence::There } else { Presence::Absent },
        schemas: if detects {
            loaded(settings, reader).await
        } else {
            Vec::new()
        },
    };
    Ok((line, contact))
}

/// The schemas that bear the marks of Stitch. What cannot be seen now is asked in its step.
async fn loaded(settings: &Settings, reader: &mut Reader) -> Vec<String> {
    let mut settings = settings.clone();
    settings.ownership.connection = Connection::Existing;
    settings.ownership.schemas = Schemas::Ask;
    let Ok(facts) = Ownership::inspect(&settings, reader).await else {
        return Vec::new();
    };
    let choice = Ownership::question(&settings, &facts);
    let lines = choice.map(|choice| choice.lines).unwrap_or_default();
    let ticked = lines.into_iter().filter(|(_, _, ticked)| *ticked);
    ticked.map(|(name, ..)| name).collect()
}

fn suspect(error: &anyhow::Error) -> Suspect {
    let Some(failure) = error.downcast_ref::<Failure>() else {
        return Suspect::Server;
    };
    match failure.layer {
        Layer::Name | Layer::Family | Layer::Tcp | Layer::Protocol => Suspect::Server,
        Layer::Tunnel => Suspect::SshServer,
        Layer::Tls if failure.code == Code::LoginTlsNotOffered => Suspect::NoTls,
        Layer::Tls => Suspect::Certificate,
        Layer::Authentication if failure.is(&SqlState::INVALID_PASSWORD) => Suspect::Password,
        Layer::Authentication => Suspect::Login,
        Layer::Database | Layer::Privileges | Layer::Rehearsal => Suspect::Database,
    }
}
