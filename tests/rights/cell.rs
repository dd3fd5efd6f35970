//! One cell of the matrix, played through.

use crate::rights::admins::Admin;
use crate::rights::hand::Cannot;
use crate::rights::states::State;
use crate::support::Postgres;
use crate::support::wizard::{Said, Wizard};

/// What came of it.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) major: u32,
    pub(crate) admin: Admin,
    pub(crate) state: State,
    /// How many changes were made.
    pub(crate) made: usize,
    /// The codes of what is left for others.
    pub(crate) left: Vec<String>,
    /// Promises that were not kept.
    pub(crate) broken: Vec<String>,
}

/// How often another role may be asked to run something before all is well: the database, the role, the rights.
const ROUNDS: usize = 4;

pub(crate) fn play(server: &Postgres<'static>, admin: Admin, state: State) -> Cell {
    State::clear(server);
    state.make(server, admin);
    let wizard = state.wizard(server, admin);
    let plan = run(&wizard, "plan");
    let mut broken = Vec::new();
    let mut expect = |kept: bool, promise: &str, said: &Said| {
        if !kept {
            broken.push(format!(
                "PostgreSQL {}, {admin:?}, {state:?}: {promise}\n{said}",
                server.major()
            ));
        }
    };
    expect(plan.output.status == Some(0), "plan can always look", &plan);
    let planned_bad = bad(&plan);
    // What plan leaves behind is the cure tests' matter; the server itself refuses its changes.
    let before = (!planned_bad.is_empty()).then(|| server.dump());
    let half = !Cannot::all(&plan.json).is_empty() && !plan.commands().is_empty();
    if half {
        let refused = run(&wizard.clone().flag("--yes"), "setup");
        expect(refused.output.status == Some(3), "half of a run is not begun", &refused);
        expect(
            before == Some(server.dump()),
            "a run that is not begun changes nothing",
            &refused,
        );
    }
    let wizard = wizard.flag("--partial");
    let setup = run(&wizard.clone().flag("--yes"), "setup");
    let wanted = if planned_bad.is_empty() { 0 } else { 4 };
    expect(
        setup.output.status == Some(wanted),
        &format!("setup ends with {wanted}"),
        &setup,
    );
    expect(
        plan.commands() == setup.commands(),
        "what plan says can be done, setup does",
        &setup,
    );
    let cannot = Cannot::all(&setup.json);
    if plan.commands().is_empty() && before.is_some() {
        expect(before == Some(server.dump()), "a refused run changes nothing", &setup);
    }
    for one in &cannot {
        if let Err(said) = one.try_by_hand(server, admin) {
            expect(false, &said, &setup);
        }
    }
    let left = planned_bad.clone();
    let made = plan.commands().len();
    let mut last = setup;
    for _ in 0..ROUNDS {
        let cannot = Cannot::all(&last.json);
        if cannot.is_empty() {
            break;
        }
        for one in &cannot {
            one.follow(server);
        }
        last = run(&wizard.clone().flag("--yes"), "setup");
    }
    let enough = Cannot::all(&last.json).is_empty() && (state == State::Full || last.output.status == Some(0));
    expect(enough, "what is advised is enough", &last);
    Cell {
        major: server.major(),
        admin,
        state,
        made,
        left,
        broken,
    }
}

fn run(wizard: &Wizard<'_>, command: &str) -> Said {
    wizard.run(command)
}

/// The codes of what is bad.
fn bad(said: &Said) -> Vec<String> {
    let steps = said.json["steps"].as_array().into_iter().flatten();
    let findings = steps.filter_map(|step| step["findings"].as_array()).flatten();
    let bad = findings.filter(|finding| finding["verdict"] == "bad");
    let mut codes: Vec<String> = bad
        .filter_map(|finding| finding["code"].as_str().map(ToOwned::to_owned))
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}
