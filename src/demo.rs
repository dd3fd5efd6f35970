//! A throw-away server to try it on: the whole setup with the real engine, against a PostgreSQL server (and, as root, an
//! SSH server) made for it, of which nothing is left behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use crate::ask::Asker;
use crate::command::Command;
use crate::console::output;
use crate::console::plain::{Plain, Volume};
use crate::console::style::Style;
use crate::report::{Format, Outputs};
use crate::run_session::{RunSession, Stop};
use crate::runner::Start;
use crate::secret::Secret;
use crate::settings::{
    Approval, Draft, Environment, Purpose, Region, SettingId, Settings, SettingsRequest, Source, complete,
};
use crate::undo::UndoFile;
use crate::world::Access;

mod bastion;
mod child;
mod installed;
mod server;
mod wording;

use bastion::DemoBastion;
use installed::Installed;
use server::{DemoServer, StitchRoute};

const REGION: Region = Region::NorthAmerica;

/// Exit status of a demo that was stopped.
const STOPPED: u8 = 130;
const STOPPED_TEXT: &str = "Demo stopped. Nothing is left behind.";

/// Runs the demo to its exit code. Whatever the way out, what was made is unmade on it.
pub(crate) async fn run(look: Style, environment: &Environment, stop: &mut Stop) -> Result<u8> {
    stop.cleans_up();
    let Some(installed) = installed::newest(&environment.search_path) else {
        let os_release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        bail!("{}", installed::no_server(&os_release));
    };
    let began = Instant::now();
    let intro = "stitch-pg demo: the whole setup on a temporary PostgreSQL server, which is removed at the end.";
    say(&look.fold("", 0, intro))?;
    let stage = tokio::select! {
        stage = Stage::build(&installed, environment) => stage?,
        () = stop.requested() => return stopped(),
    };
    for line in &stage.made {
        say(&look.fold("  ", 2, line))?;
    }
    let code = perform(&stage, &look, stop).await?;
    drop(stage);
    let last = match code {
        0 => format!(
            "Demo done in {:.1} s: set up, set up again without a change, checked. Nothing is left behind.",
            began.elapsed().as_secs_f32()
        ),
        STOPPED => STOPPED_TEXT.to_owned(),
        _ => "The demo failed (see above). Nothing is left behind.".to_owned(),
    };
    say(&format!("\n{}", look.fold("", 0, &last)))?;
    Ok(code)
}

/// The three parts; the first one that does not end well is the last one.
async fn perform(stage: &Stage, look: &Style, stop: &mut Stop) -> Result<u8> {
    for (title, command, words, again) in [
        ("1. A fresh server", Command::Setup, "setup --yes", false),
        ("2. The same again", Command::Setup, "setup --yes", true),
        ("3. A check", Command::Check, "check", true),
    ] {
        say(&format!(
            "\n{}\n{}\n",
            look.heading(title),
            wording::command_line(words, &stage.flags, look.width())
        ))?;
        let code = stage.run_once(command, look, stop).await?;
        if code != 0 {
            return Ok(code);
        }
        // What was changed a second time was not done the first time.
        ensure!(
            !again || stage.last_result()? == "ready",
            "the second run made changes, which is a defect"
        );
    }
    Ok(0)
}

/// The throw-away servers, and the settings with which the wizard finds them. Dropped in this order.
struct Stage {
    /// What was made, for people.
    made: Vec<String>,
    flags: Vec<(SettingId, String)>,
    password: Secret,
    environment: Environment,
    _bastion: Option<DemoBastion>,
    _server: DemoServer,
    folder: TempDir,
}

impl Stage {
    async fn build(installed: &Installed, around: &Environment) -> Result<Self> {
        let folder = server::folder("stitch-pg-demo-")?;
        let (bastion, about_ssh) = wording::ssh(bastion(&around.search_path).await);
        let way = if bastion.is_some() {
            StitchRoute::Tunnel
        } else {
            StitchRoute::Direct
        };
        let mut server = DemoServer::start(installed, way, REGION)?;
        server.ready().await?;
        let root = folder.path().join("server.crt");
        fs::write(&root, &server.certificate).with_context(|| format!("cannot write {}", root.display()))?;
        Ok(Self {
            made: vec![wording::postgres(installed, &server, way), about_ssh],
            flags: flags(folder.path(), &server, bastion.as_ref()),
            password: server.password.clone(),
            // Nothing of your own: no variables, no ~/.pgpass, no ~/.ssh, no settings file.
            environment: Environment {
                home: Some(folder.path().to_owned()),
                directory: folder.path().to_owned(),
                ..Environment::default()
            },
            _bastion: bastion,
            _server: server,
            folder,
        })
    }

    /// The settings as if you had typed the command: from here on nothing is special about the demo.
    fn settings(&self, purpose: Purpose) -> Result<Settings> {
        let mut draft = Draft::default();
        for (id, text) in &self.flags {
            let text = if text.is_empty() { "true" } else { text };
            draft.set(*id, text, Source::Flag(id.name()));
        }
        draft.set_secret(
            SettingId::AdminPassword,
            self.password.clone(),
            Source::Environment("PGPASSWORD"),
        );
        let request = SettingsRequest {
            purpose,
            approval: Approval::Given,
            config: None,
        };
        complete(draft, &request, &self.environment, None)
    }

    async fn run_once(&self, command: Command, look: &Style, stop: &mut Stop) -> Result<u8> {
        let report = self.report();
        let journey = RunSession {
            command,
            access: if command.makes_changes() {
                Access::ReadWrite
            } else {
                Access::ReadOnly
            },
            settings: self.settings(command.into())?,
            asker: Asker::nobody(),
            undo: UndoFile::none(),
            outputs: Outputs::of(&[], Some(&report))?,
            sheet: None,
            start: Start::StepByStep,
            expected: None,
        };
        let mut voice = Plain::new(look.clone(), Approval::Given, Format::Text, Volume::Result);
        journey.go(&mut voice, stop).await.map(|ended| ended.exit_code)
    }

    fn report(&self) -> PathBuf {
        self.folder.path().join("report.json")
    }

    /// The result of the last run, as its report has it.
    fn last_result(&self) -> Result<String> {
        let report: serde_json::Value = serde_json::from_str(&fs::read_to_string(self.report())?)?;
        Ok(report["result"].as_str().unwrap_or_default().to_owned())
    }
}

/// The error is the reason why there is none: the demo goes on without it.
async fn bastion(search_path: &[PathBuf]) -> Result<DemoBastion, String> {
    let means = bastion::means(search_path)?;
    let made = async {
        let mut bastion = DemoBastion::start(&means)?;
        bastion.ready().await?;
        anyhow::Ok(bastion)
    };
    made.await
        .map_err(|error| format!("a temporary SSH server could not be started here ({error:#})"))
}

/// The flags that you would give, with their values; the value of a switch is empty.
fn flags(folder: &Path, server: &DemoServer, bastion: Option<&DemoBastion>) -> Vec<(SettingId, String)> {
    let file = |name: &str| folder.join(name).display().to_string();
    let mut flags = vec![
        (SettingId::Host, "127.0.0.1".to_owned()),
        (SettingId::Port, server.port.to_string()),
        (SettingId::AdminUser, "postgres".to_owned()),
        (SettingId::SslMode, "verify-full".to_owned()),
        (SettingId::SslRootCert, file("server.crt")),
        (SettingId::Region, REGION.as_str().to_owned()),
        (SettingId::Database, "stitch".to_owned()),
        (SettingId::GeneratePassword, String::new()),
        (SettingId::Password, file("stitch.pw")),
    ];
    if let Some(bastion) = bastion {
        flags.extend([
            (SettingId::Bastion, format!("root@127.0.0.1:{}", bastion.port)),
            (SettingId::BastionIdentity, bastion.admin_key().display().to_string()),
            (SettingId::HostKey, bastion.fingerprint.clone()),
            (SettingId::PublicKeyFile, bastion.stitch_key().display().to_string()),
        ]);
    }
    flags
}

fn stopped() -> Result<u8> {
    say(STOPPED_TEXT)?;
    Ok(STOPPED)
}

fn say(text: &str) -> Result<()> {
    Ok(output::show(text)?)
}
