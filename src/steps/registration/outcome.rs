//! What came of Stitch's own check of a destination, as far as its API tells: best source first, and no source is trusted
//! with an answer that is older than the change.

use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use crate::request::Method;
use crate::world::World;
use crate::world::stitch_api::{Told, id, text, time};

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nobody asked, since there is no destination.
    #[default]
    NotAsked,
    /// The check passed.
    Passed(Source),
    /// It failed; what Stitch says, where it says anything.
    Failed(Source, Option<String>),
    /// Stitch has not told within this time.
    Untold(Duration),
    /// There is no check since the destination was last changed.
    Stale,
}

/// Who told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// `last_check` of the third version of the API.
    LastCheck,
    /// The fourth version's check of a destination, which is not documented.
    Undocumented,
}

/// From when on a check counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Since {
    /// Any: the destination is new.
    TheBeginning,
    /// Those that ended after this moment, by Stitch's clock.
    Moment(Timestamp),
    /// Stitch did not say when the change was, so none can be told from an older one.
    Unknown,
}

/// One look at one source.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Passed,
    Failed(Option<String>),
    Running,
    Older,
    Nothing,
}

/// Time to the second look, since a refused connection is told fast; it doubles up to the other.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// Time between two lines that say that the wait goes on.
const SPOKEN: Duration = Duration::from_secs(15);

/// The last check as it is now.
pub(super) async fn look(world: &World, destination: u64, updated: Option<Timestamp>) -> Outcome {
    let since = updated.map_or(Since::TheBeginning, Since::Moment);
    let (mut sources, mut older) = (Sources::default(), false);
    let outcome = sources.look(world, destination, since, &mut older).await;
    outcome.unwrap_or(if older {
        Outcome::Stale
    } else {
        Outcome::Untold(Duration::ZERO)
    })
}

/// Waits for the check that follows the change, no longer than this. The caller's future may be dropped at any time.
pub(super) async fn wait(world: &World, destination: u64, told: &Told, limit: Duration) -> Outcome {
    let since = match (told.at, told.method) {
        (Some(at), _) => Since::Moment(at),
        (None, Method::Post) => Since::TheBeginning,
        (None, Method::Put) => Since::Unknown,
    };
    let tell = world.teller();
    let began = Instant::now();
    let (mut spoken, mut pause) = (None, PAUSE);
    let mut sources = Sources::default();
    loop {
        if let Some(outcome) = sources.look(world, destination, since, &mut false).await {
            return outcome;
        }
        let waited = began.elapsed();
        if waited >= limit {
            return Outcome::Untold(limit);
        }
        if spoken.is_none_or(|at: Instant| at.elapsed() >= SPOKEN) {
            spoken = Some(Instant::now());
            tell(&format!(
                "waiting for Stitch to check the connection: {} s of {} s",
                waited.as_secs(),
                limit.as_secs()
            ));
        }
        sleep_until((Instant::now() + pause).min(began + limit)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Which sources still answer.
#[derive(Default)]
struct Sources {
    undocumented_is_absent: bool,
    seen_running: bool,
}

impl Sources {
    /// `None`: not told yet. A source in trouble is like one that does not tell: the change is made in any case.
    async fn look(&mut self, world: &World, destination: u64, since: Since, older: &mut bool) -> Option<Outcome> {
        let first = last_check(world, destination, since).await.unwrap_or(Seen::Nothing);
        if first == Seen::Passed {
            return Some(Outcome::Passed(Source::LastCheck));
        }
        let second = if self.undocumented_is_absent {
            Seen::Nothing
        } else {
            self.undocumented(world, destination, since)
                .await
                .unwrap_or(Seen::Nothing)
        };
        self.seen_running |= second == Seen::Running;
        *older = first == Seen::Older || second == Seen::Older;
        match (first, second) {
            // Only the second one has words.
            (Seen::Failed(_), Seen::Failed(said)) | (Seen::Failed(said), _) => {
                Some(Outcome::Failed(Source::LastCheck, said))
            }
            (_, Seen::Failed(said)) => Some(Outcome::Failed(Source::Undocumented, said)),
            (_, Seen::Passed) => Some(Outcome::Passed(Source::Undocumented)),
            _ => None,
        }
    }

    async fn undocumented(&mut self, world: &World, destination: u64, since: Since) -> Result<Seen> {
        let path = format!("/v4/destinations/{destination}/last-connection-check");
        let Some(check) = world.try_stitch(&path).await? else {
            self.undocumented_is_absent = true;
            return Ok(Seen::Nothing);
        };
        let since = if self.seen_running { Since::TheBeginning } else { since };
        Ok(seen_in_check(&check, since))
    }
}

async fn last_check(world: &World, destination: u64, since: Since) -> Result<Seen> {
    let list = world.try_stitch("/v3/destinations").await?.unwrap_or_default();
    let mut entries = list.as_array().into_iter().flatten();
    let ours = entries.find(|entry| id(&entry["id"]) == Some(destination));
    Ok(ours.map_or(Seen::Nothing, |entry| seen_in_last_check(&entry["last_check"], since)))
}

/// An object in every sample of the documents, a moment in their table.
fn seen_in_last_check(check: &Value, since: Since) -> Seen {
    if let Some(moment) = time(check) {
        return if since.counts(Some(moment)) {
            Seen::Nothing
        } else {
            Seen::Older
        };
    }
    let Some(completed) = time(&check["completed_at"]) else {
        let begun = check["started_at"].is_string();
        return if begun { Seen::Running } else { Seen::Nothing };
    };
    match check["error"].as_bool() {
        _ if !since.counts(Some(completed)) => Seen::Older,
        Some(false) => Seen::Passed,
        Some(true) => Seen::Failed(None),
        None => Seen::Nothing,
    }
}

/// The shape that the same question has for sources.
fn seen_in_check(check: &Value, since: Since) -> Seen {
    let names = [
        "completed_at",
        "completion_time",
        "ended_at",
        "end_time",
        "updated_at",
        "started_at",
        "start_time",
    ];
    let moment = names.iter().find_map(|name| time(&check[*name]));
    let failed = check["status"] == "failed" || check["check_exit_status"].as_i64().is_some_and(|status| status != 0);
    let said = ["error", "discovery_error_message"];
    match check["status"].as_str() {
        Some("running") => Seen::Running,
        Some("failed" | "succeeded") if !since.counts(moment) => Seen::Older,
        Some(_) if failed => Seen::Failed(said.iter().find_map(|name| text(&check[*name]))),
        Some("succeeded") => Seen::Passed,
        _ => Seen::Nothing,
    }
}

impl Since {
    fn counts(self, moment: Option<Timestamp>) -> bool {
        match (self, moment) {
            (Self::TheBeginning, _) => true,
            (Self::Moment(since), Some(moment)) => moment > since,
            (Self::Moment(_), None) | (Self::Unknown, _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn since() -> Since {
        Since::Moment("2026-01-01T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_last_check_counts_when_it_ended_after_the_change() {
        let check =
            |error: Value, at: Value| json!({"error": error, "started_at": "2026-01-01T11:59:00Z", "completed_at": at});
        for (value, wanted) in [
            (check(json!(false), json!("2026-01-01T12:00:01Z")), Seen::Passed),
            (check(json!(false), json!("2026-01-01T12:00:00.5Z")), Seen::Passed),
            (check(json!(false), json!("2026-01-01T07:00:01-05:00")), Seen::Passed),
            (check(json!(true), json!("2026-01-01T12:00:01Z")), Seen::Failed(None)),
            (check(json!(false), json!("2026-01-01T12:00:00Z")), Seen::Older),
            (check(json!(true), json!("2025-12-31T23:59:59Z")), Seen::Older),
            (check(json!(null), json!(null)), Seen::Running),
            (check(json!("odd"), json!("2026-01-01T12:00:01Z")), Seen::Nothing),
            (json!(null), Seen::Nothing),
            (json!("2026-01-01T12:00:01Z"), Seen::Nothing),
            (json!("2025-01-01T12:00:01Z"), Seen::Older),
        ] {
            assert_eq!(seen_in_last_check(&value, since()), wanted, "{value}");
        }
        let passed = check(json!(false), json!("2026-01-01T12:00:01Z"));
        assert_eq!(seen_in_last_check(&passed, Since::Unknown), Seen::Older);
        assert_eq!(seen_in_last_check(&passed, Since::TheBeginning), Seen::Passed);
    }

    #[test]
    fn the_undocumented_check_has_the_shape_it_has_for_sources() {
        let late = "2026-01-01T12:00:01Z";
        for (value, wanted) in [
            (json!({"status": "running", "check_exit_status": null}), Seen::Running),
            (
                json!({"status": "succeeded", "check_exit_status": 0, "completed_at": late}),
                Seen::Passed,
            ),
            (
                json!({"status": "succeeded", "check_exit_status": 1, "completed_at": late}),
                Seen::Failed(None),
            ),
            (
                json!({"status": "failed", "check_exit_status": 1, "error": "no route", "completed_at": late}),
                Seen::Failed(Some("no route".to_owned())),
            ),
            (
                json!({"status": "failed", "completed_at": "2026-01-01T11:00:00Z"}),
                Seen::Older,
            ),
            (json!({"status": "failed"}), Seen::Older),
            (json!({"message": "odd"}), Seen::Nothing),
            (json!([]), Seen::Nothing),
        ] {
            assert_eq!(seen_in_check(&value, since()), wanted, "{value}");
        }
        assert_eq!(
            seen_in_check(&json!({"status": "failed", "error": null}), Since::TheBeginning),
            Seen::Failed(None)
        );
    }
}
