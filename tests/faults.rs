//! The table of faults: each is made on real parts, `stitch-pg check` names the layer and the cause, and the exit code is
//! the contract's. The table in docs/troubleshooting.md is printed from here.

mod bench;
mod middle;
mod page;
mod peers;
mod table;

use crate::support;
use std::sync::Mutex;
use std::thread;

use crate::support::wizard::Said;
use bench::Bench;
use table::{FAULTS, Fault};

#[test]
fn every_fault_is_named() {
    let Some(world) = support::world(&[support::Need::Bastion]) else {
        return;
    };
    let bench = Bench::new(&world);
    let queue = Mutex::new(FAULTS.iter().collect::<Vec<_>>());
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(fault) = { queue.lock().expect("no thread panics with it").pop() } {
                    let said = (fault.make)(&bench);
                    if let Some(why) = fault.differs(&said) {
                        let text = format!("{}: {why}\n{said}", fault.what);
                        wrong.lock().expect("no thread panics with it").push(text);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("every thread has ended");
    let count = wrong.len();
    assert!(
        wrong.is_empty(),
        "{count} of {} faults:\n{}",
        FAULTS.len(),
        wrong.join("\n\n")
    );
    page::compare(FAULTS);
}

#[test]
fn there_are_enough_and_none_twice() {
    let mut names: Vec<&str> = FAULTS.iter().map(|fault| fault.what).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), FAULTS.len());
    assert!(names.len() >= 60, "{}", names.len());
}

impl Fault {
    /// What is not as the table has it.
    fn differs(&self, said: &Said) -> Option<String> {
        if said.output.status != Some(self.exit) {
            return Some(format!("exit code {}", self.exit));
        }
        let findings = said.json["steps"]
            .as_array()?
            .iter()
            .filter_map(|step| step["findings"].as_array());
        let told: Vec<_> = findings
            .flatten()
            .filter(|finding| finding["code"] == self.code)
            .collect();
        let lead = if self.layer.is_empty() {
            String::new()
        } else {
            format!("{}: ", self.layer)
        };
        let right = told.iter().any(|finding| {
            let text = finding["text"].as_str().unwrap_or_default();
            text.starts_with(&lead) && (self.exit != 4 || finding["verdict"] == "bad")
        });
        if !right {
            return Some(format!("no finding {} at {:?}", self.code, self.layer));
        }
        None
    }
}
