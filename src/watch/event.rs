//! One event as one line for people, or one JSON object for programs.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;

use crate::console::output;
use crate::explain::{Origin, Table};
use crate::plural::date;
use crate::report::Format;
use crate::settings::{Region, Settings};
use crate::visible;

/// A source that is lost is asked again after this time.
pub(super) const LOST: Duration = Duration::from_secs(1);

/// What was seen at one hop.
#[derive(Clone, Debug)]
pub(super) struct Event {
    time: SystemTime,
    pub(super) address: Option<IpAddr>,
    pub(super) hop: Origin,
    pub(super) result: Outcome,
    /// Often the words of another program.
    pub(super) text: String,
    /// What to do, where the table of messages does not know it.
    pub(super) next: Option<String>,
    pub(super) sign: Sign,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Ok,
    Failed,
    Info,
}

/// What it says about whether Stitch is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Nothing,
    /// The SSH server accepted Stitch's key.
    KeyAccepted,
    ForwardRefused,
    /// The role logged in to the right database.
    LoggedIn,
    /// The same, before the watching began.
    WasLoggedIn,
    PasswordRefused,
}

impl Event {
    pub(super) fn new(hop: Origin, result: Outcome, address: Option<IpAddr>, text: impl Into<String>) -> Self {
        Self {
            time: SystemTime::now(),
            address,
            hop,
            result,
            text: text.into(),
            next: None,
            sign: Sign::Nothing,
        }
    }

    pub(super) fn with(self, sign: Sign) -> Self {
        Self { sign, ..self }
    }

    pub(super) fn next(self, next: &str) -> Self {
        Self {
            next: Some(next.to_owned()),
            ..self
        }
    }

    pub(super) fn show(&self, settings: &Settings, table: &Table, format: Format) -> Result<()> {
        let failed = self.result == Outcome::Failed;
        let explained = match &self.next {
            None if failed => table.explain(&self.text),
            _ => Vec::new(),
        };
        let entry = explained.first().map(|found| found.entry);
        let next = self.next.as_deref().or(entry.map(|entry| entry.fix.as_str()));
        let check = entry.map(|entry| entry.check.as_str());
        if format == Format::Json {
            return object(&json!({
                "time": precisely(self.time),
                "hop": self.hop,
                "address": self.address,
                "stitch": self.address.map(|address| is_stitchs(settings, address)),
                "result": match self.result { Outcome::Ok => "ok", Outcome::Failed => "failed", Outcome::Info => "info" },
                "text": self.text,
                "next": next,
                "check": check,
            }));
        }
        let hop = match self.hop {
            Origin::Stitch => "Stitch",
            Origin::Network => "network",
            Origin::SshLogin => "SSH login",
            Origin::Forward => "SSH forward",
            Origin::Login => "PostgreSQL",
            Origin::Load => "load",
        };
        let mark = if failed { "failed: " } else { "" };
        let (time, whose, text) = (utc(self.time), self.whose(settings), &self.text);
        let next = next.map(|next| format!(" Next: {next}")).unwrap_or_default();
        let check = check.map(|check| format!(" (check: {check})")).unwrap_or_default();
        let line = format!("{} {whose} {hop}: {mark}{text}{next}{check}", &time[11..]);
        Ok(output::show(&visible::one_line(&line))?)
    }

    fn whose(&self, settings: &Settings) -> String {
        let other = settings.stitch.region.map(Region::other);
        match (self.address, other) {
            (None, _) => "-".to_owned(),
            (Some(address), _) if is_stitchs(settings, address) => format!("{address} (Stitch)"),
            (Some(address), Some(other)) if other.addresses().contains(&address) => {
                format!("{address} (Stitch's region {})", other.as_str())
            }
            (Some(address), _) => format!("{address} (not Stitch)"),
        }
    }
}

/// Whether Stitch connects from there.
pub(super) fn is_stitchs(settings: &Settings, address: IpAddr) -> bool {
    settings.stitch.allow.iter().any(|cidr| cidr.net().contains(&address))
}

/// Sends the events. Where the watching has ended, the receiver is gone.
pub(super) async fn tell(sender: &Sender<Event>, events: impl IntoIterator<Item = Event>) {
    for event in events {
        let _ = sender.send(event).await;
    }
}

/// Reports what became of the watching itself.
pub(super) async fn note(sender: &Sender<Event>, hop: Origin, text: String) {
    tell(sender, [Event::new(hop, Outcome::Info, None, text)]).await;
}

/// A login of the role, and whether it is the one that was set up.
pub(super) fn logged_in(
    settings: &Settings,
    address: Option<IpAddr>,
    database: &str,
    encryption: &str,
    sign: Sign,
) -> Event {
    let (role, wanted) = (&settings.stitch.role, settings.stitch.database.as_str());
    let text = match sign {
        Sign::WasLoggedIn => format!("{role:?} is logged in to {database:?} since before ({encryption})"),
        _ => format!("{role:?} logged in to {database:?} ({encryption})"),
    };
    let from_stitch = address.is_some_and(|address| is_stitchs(settings, address));
    if database != wanted {
        let next = format!("correct the field Database in Stitch's form: {wanted}");
        return Event::new(Origin::Login, Outcome::Failed, address, text).next(&next);
    }
    if from_stitch && settings.bastion.is_some() {
        let text = format!("{text}, and not through the SSH server");
        let next = "select Encryption Type: SSH Tunnel in Stitch's form";
        return Event::new(Origin::Login, Outcome::Failed, address, text).next(next);
    }
    let is_expected = from_stitch || settings.bastion.is_some();
    let outcome = if is_expected { Outcome::Ok } else { Outcome::Info };
    Event::new(Origin::Login, outcome, address, text).with(sign)
}

/// The first words.
pub(super) fn begin(settings: &Settings, format: Format) -> Result<()> {
    let allow = settings.stitch.allow.iter();
    let addresses: Vec<String> = allow.map(|cidr| cidr.address().to_string()).collect();
    if format == Format::Json {
        return object(&json!({ "time": precisely(SystemTime::now()), "result": "watching", "addresses": addresses }));
    }
    output::say(&format!(
        "Watching for Stitch. Press Check and Save in Stitch. Ctrl-C stops. Times are UTC.\nStitch's addresses: {}",
        addresses.join(", ")
    ));
    Ok(())
}

/// What cannot be seen, and what to do about it.
pub(super) fn not_visible(what: &str, next: &str, format: Format) -> Result<()> {
    if format == Format::Json {
        let time = precisely(SystemTime::now());
        return object(&json!({ "time": time, "result": "not-visible", "text": what, "next": next }));
    }
    let [what, next] = [what, next].map(visible::one_line);
    output::say(&format!("Not visible: {what}\n  Next: {next}"));
    Ok(())
}

fn object(value: &Value) -> Result<()> {
    Ok(output::document(&visible::json(&value.to_string()))?)
}

/// `2026-11-30T09:41:07.123Z`.
fn precisely(time: SystemTime) -> String {
    let whole = utc(time);
    let millis = time.duration_since(UNIX_EPOCH).unwrap_or_default().subsec_millis();
    format!("{}.{millis:03}Z", whole.trim_end_matches('Z'))
}

/// `2026-11-30T09:41:07Z`.
fn utc(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let day = date(i64::try_from(seconds / 86_400).unwrap_or_default());
    format!("{day}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_by_the_calendar() {
        for (seconds, told) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_796_031_667, "2026-11-30T09:41:07Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(UNIX_EPOCH + std::time::Duration::from_secs(seconds)), told);
        }
    }
}
