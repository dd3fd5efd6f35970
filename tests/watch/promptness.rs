//! How long after an event its line is shown: counted in questions to the server, whose log shows when they came; and for the
//! SSH server in seconds, with as much more as this machine is late at the moment.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::scene::Scene;

/// The questions that may come between an event and its line: the log's own writer may be behind the first.
const QUESTIONS: usize = 3;
/// What is promised of a machine that has time.
const PROMISED: Duration = Duration::from_secs(2);
const NAP: Duration = Duration::from_millis(10);

/// The line about a login was shown by one of the first questions after the entry of the server's log with these words.
#[track_caller]
pub(crate) fn is_shown_at_once(scene: &Scene<'_>, event: &Value, words: &str) {
    let shown = &time(event)[..23];
    let (mut entry, mut questions, mut at) = (String::new(), Vec::new(), String::new());
    for line in log(scene).lines() {
        if line.len() > 23 && line.starts_with("20") {
            at = line[..23].replace(' ', "T");
        }
        let tells = line.contains(words) && (line.contains("FATAL") || line.contains("connection authorized"));
        if tells && at.as_str() <= shown {
            entry.clone_from(&at);
        }
        if line.contains("'sessions', (SELECT coalesce(json_agg") {
            questions.push(at.clone());
        }
    }
    assert!(!entry.is_empty(), "{words} is in the server's log: {event}");
    let between = questions.iter().filter(|at| **at > entry && at.as_str() <= shown);
    assert!(between.count() <= QUESTIONS, "logged {entry}, shown {shown}: {event}");
}

fn time(event: &Value) -> &str {
    event["time"]
        .as_str()
        .filter(|time| time.len() == 24)
        .expect("a time with milliseconds")
}

fn log(scene: &Scene<'_>) -> String {
    let folder = fs::read_dir(scene.server.data_dir().join("log")).expect("the log's folder");
    let mut files: Vec<_> = folder.filter_map(|file| Some(file.ok()?.path())).collect();
    files.sort();
    let texts = files
        .into_iter()
        .filter(|file| file.extension().is_some_and(|end| end == "csv"));
    texts
        .map(|file| {
            fs::read(file)
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .unwrap_or_default()
        })
        .collect()
}

/// How late this machine is: the most by which a nap was too long.
pub(crate) struct Lateness {
    micros: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Lateness {
    pub(crate) fn measured() -> Self {
        let (micros, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (worst, ended) = (Arc::clone(&micros), Arc::clone(&over));
        thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                let began = Instant::now();
                thread::sleep(NAP);
                let late = began.elapsed().saturating_sub(NAP).as_micros();
                worst.fetch_max(u64::try_from(late).unwrap_or(u64::MAX), Ordering::Relaxed);
            }
        });
        Self { micros, over }
    }

    /// The line about what the SSH server's log says was shown two seconds after it at most. A machine that is late may
    /// take longer: a reading takes a dozen processes, each of which may wait for its turn.
    #[track_caller]
    pub(crate) fn allows(&self, scene: &Scene<'_>, event: &Value) {
        let text = event["text"].as_str().expect("a text");
        let lines = scene.bastion.run("cat /var/log/auth.log");
        let line = lines
            .lines()
            .rfind(|line| line.contains(text))
            .unwrap_or_else(|| panic!("{event} is in {lines}"));
        let between = millis(time(event)).saturating_sub(millis(&line[..24]));
        let late = Duration::from_micros(self.micros.load(Ordering::Relaxed));
        let most = PROMISED + 30 * late;
        assert!(
            u128::from(between) <= most.as_millis(),
            "{between} ms, late by {late:?}: {line}\n{event}"
        );
    }
}

impl Drop for Lateness {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// Of its day, `2026-11-30T09:41:07.123Z`; the days of a test are the same.
fn millis(time: &str) -> u64 {
    let number = |range: std::ops::Range<usize>| time[range].parse::<u64>().expect("a number");
    ((number(11..13) * 60 + number(14..16)) * 60 + number(17..19)) * 1000 + number(20..23)
}
