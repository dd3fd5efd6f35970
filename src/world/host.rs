//! Root on the SSH server, whether that is this machine or one we log in to: as root, or through sudo or doas. Scripts go
//! in on standard input; no password is ever on a command line, and none is left for a shell to read.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use crate::ask::Asker;
use crate::secret::Secret;
use crate::settings::Settings;
use crate::shell;
use crate::statement::Statement;
use crate::visible::{self, short_line};
use crate::world::shared_ssh_login::{SharedSshLogin, SshLogin};
use crate::world::ssh::exec::Output;

pub(super) mod local;
mod rights;
use rights::Rights;

/// How many times as long as one operation on the network a script may take (by default a minute): creating a user can wait for
/// another tool's lock or for a directory service.
const PATIENCE: u32 = 6;

/// The SSH server, and how to be root there.
pub(crate) struct Host {
    /// The admin's SSH login; none where this machine is the SSH server.
    ssh: Option<SshLogin>,
    asker: Asker,
    sudo_password: Option<Secret>,
    rights: Option<Rights>,
    /// The longest a script may take.
    limit: Duration,
}

impl Host {
    /// This machine.
    pub(crate) fn here(settings: &Settings, asker: &Asker) -> Self {
        let bastion = settings.bastion.as_ref();
        Self {
            ssh: None,
            asker: asker.clone(),
            sudo_password: bastion.and_then(|bastion| bastion.sudo_password.clone()),
            rights: None,
            limit: settings.timeout * PATIENCE,
        }
    }

    /// The SSH server: logs in; the rights are checked when they are needed first.
    pub(crate) async fn open(settings: &Settings, gateway: Option<&SharedSshLogin>, asker: &Asker) -> Result<Self> {
        let mut host = Self::here(settings, asker);
        if let Some(gateway) = gateway {
            host.ssh = Some(gateway.login().await?);
        }
        Ok(host)
    }

    /// Runs a script as root without asking for a password; one that was given before is used. On this machine it runs only when we
    /// are root, since sudo reports a refusal to its administrator. For what is good to know and not worth a question.
    pub(crate) async fn as_root_unasked(&mut self, script: &Statement) -> Result<String> {
        if self.ssh.is_none() && !rustix::process::geteuid().is_root() {
            bail!("this login is not root");
        }
        let asker = std::mem::replace(&mut self.asker, Asker::nobody());
        let printed = self.as_root(script).await;
        self.asker = asker;
        printed
    }

    /// Whether scripts are run as root, without a question.
    pub(crate) async fn is_root_unasked(&mut self) -> bool {
        let nothing = Statement::plain(format!("echo {}", shell::quoted(shell::DONE)));
        self.as_root_unasked(&nothing).await.is_ok()
    }

    /// Runs a script as root where that takes no question, else as we are: for scripts that change nothing, and can do without
    /// root.
    pub(crate) async fn as_root_or_self(&mut self, script: &Statement) -> Result<String> {
        if self.is_root_unasked().await {
            return self.as_root(script).await;
        }
        self.as_self(script).await
    }

    /// Runs a script as the login that we are.
    pub(crate) async fn as_self(&self, script: &Statement) -> Result<String> {
        let output = self.run("sh", revealed(script)?).await?;
        self.printed(&output)
    }

    /// Runs a script as we are when we own the file it is about, as PostgreSQL's own user does, else as root. The first script
    /// changes nothing, and prints `own=yes` for the owner.
    pub(crate) async fn as_owner_or_root(&mut self, script: &Statement) -> Result<String> {
        if self.rights.is_none() && self.ssh.is_none() {
            let printed = self.as_self(script).await.unwrap_or_default();
            if printed.lines().any(|line| line == "own=yes") {
                self.rights = Some(Rights::Root);
                return Ok(printed);
            }
        }
        self.as_root(script).await
    }

    /// Goes on over a session of its own, since the old one may be in the middle of something.
    pub(crate) async fn renew(&mut self) -> Result<()> {
        if let Some(ssh) = &mut self.ssh {
            *ssh = ssh.another().await?;
        }
        Ok(())
    }

    /// Runs a script as root to its last line and returns what it printed before that.
    pub(crate) async fn as_root(&mut self, script: &Statement) -> Result<String> {
        if self.rights.is_none() {
            let rights = rights::find(self).await?;
            self.rights = Some(rights);
        }
        let rights = self.rights.as_ref().context("no rights were found")?;
        let text = revealed(script)?;
        let output = match rights {
            Rights::Terminal(tool, password) => self
                .run_in_terminal(tool, password.as_ref(), &text)
                .await?
                .context("the password that worked before is now refused")?,
            rights => {
                let (command, stdin) = rights.wrap(&text);
                self.run(&command, stdin).await?
            }
        };
        self.printed(&output)
    }

    /// What the script printed, when it came to its end. What sudo says on the side ("unable to resolve host") is no
    /// failure; a missing last line is one, whatever the exit status.
    fn printed(&self, output: &Output) -> Result<String> {
        let name = self.name();
        let said = self.begun(output)?;
        ensure!(
            output.status == 0,
            "on {name}: {} (exit status {})",
            complaint(&output.stderr),
            output.status
        );
        match said.trim_end().strip_suffix(shell::DONE) {
            Some(printed) => Ok(printed.to_owned()),
            None => bail!(
                "on {name} the script did not finish although its exit status is 0; it was probably killed: {}",
                complaint(&output.stderr)
            ),
        }
    }

    /// What came behind the first line of a script of ours. Without that line another program wrote the output.
    fn begun<'a>(&self, output: &'a Output) -> Result<&'a str> {
        if let Some((_, said)) = output.stdout.split_once(&format!("{}\n", shell::BEGUN)) {
            return Ok(said);
        }
        let words = visible::last_lines(output.stdout.lines().chain(output.stderr.lines()))
            .map_or("it printed nothing".to_owned(), |words| format!("it printed: {words}"));
        bail!(
            "{} runs something else in place of commands (exit status {}): {words}. A forced command (command=\"…\" in front of the \
             key, ForceCommand), a disabled login or a start-up file of the shell can cause that; log in as a user who may run commands",
            self.name(),
            output.status
        )
    }

    async fn run(&self, command: &str, stdin: Secret) -> Result<Output> {
        match &self.ssh {
            None => local::run(command, stdin, self.limit).await,
            Some(ssh) => ssh.run(command, stdin, self.limit).await,
        }
    }

    /// `None`: it asks for a password, or for another one.
    async fn run_in_terminal(&self, tool: &str, password: Option<&Secret>, script: &Secret) -> Result<Option<Output>> {
        match &self.ssh {
            Some(ssh) => ssh.run_in_terminal(tool, password, script, self.limit).await,
            None => bail!("this run has no terminal to give to {tool}"),
        }
    }

    /// `USER@HOST:PORT`, or `this machine`.
    fn name(&self) -> String {
        self.ssh.as_ref().map_or("this machine".to_owned(), SshLogin::name)
    }
}

/// What is run of a script, between its marks.
fn revealed(script: &Statement) -> Result<Secret> {
    let text = script
        .reveal()
        .context("the script needs a secret that was not given")?;
    Ok(Secret::new(shell::marked(text.reveal())))
}

/// The words that tell why: our scripts' own, else the last ones on standard error.
fn complaint(stderr: &str) -> String {
    last_lines(stderr, 3)
}

/// The same of sudo and doas, which greet before they refuse.
fn refusal(stderr: &str) -> String {
    last_lines(stderr, 1).trim_end_matches('.').to_owned()
}

fn last_lines(stderr: &str, most: usize) -> String {
    let lines = || stderr.lines().map(str::trim).filter(|line| !line.is_empty());
    if let Some(ours) = lines().find_map(|line| line.strip_prefix("stitch-pg: ")) {
        return short_line(ours);
    }
    // A tool that is tried several times says the same each time, and the reason may stand before its last line.
    let mut said: Vec<&str> = Vec::new();
    // Nor does it count what sudo says on the side, and sshd when it debugs.
    let is_aside = |line: &str| line.contains("unable to resolve host") || line.starts_with("debug");
    for line in lines().rev().filter(|line| !is_aside(line)) {
        if !said.contains(&line) && said.len() < most {
            said.insert(0, line);
        }
    }
    if said.is_empty() {
        return "nothing was printed on standard error".to_owned();
    }
    said.into_iter().map(short_line).collect::<Vec<_>>().join(" | ")
}
