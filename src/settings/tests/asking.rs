//! The wizard's questions, answered from a list.

use std::cell::RefCell;
use std::collections::VecDeque;

use anyhow::{Result, bail};

use super::*;

/// Answers from a list, and fails when asked for more.
#[derive(Default)]
struct Answers {
    left: RefCell<VecDeque<&'static str>>,
    asked: RefCell<Vec<Question>>,
    /// The answers to be changed at the end, by their questions.
    again: RefCell<VecDeque<&'static str>>,
    /// What was shown at the end.
    shown: RefCell<Vec<Answered>>,
}

impl Answers {
    fn new(answers: &[&'static str]) -> Self {
        Self {
            left: RefCell::new(answers.iter().copied().collect()),
            ..Self::default()
        }
    }

    fn next(&self, question: &Question) -> Result<&'static str> {
        self.asked.borrow_mut().push(question.clone());
        match self.left.borrow_mut().pop_front() {
            Some(answer) => Ok(answer),
            None => bail!("no answer for {question:?}"),
        }
    }

    fn ids(&self) -> Vec<SettingId> {
        self.asked.borrow().iter().map(|question| question.id).collect()
    }
}

impl Ask for Answers {
    fn text(&self, question: &Question) -> Result<Answer<String>> {
        Ok(match self.next(question)? {
            "<" => Answer::Back,
            answer => Answer::This(answer.to_owned()),
        })
    }

    fn secret(&self, question: &Question, _: Typing) -> Result<Secret> {
        self.next(question).map(|text| Secret::new(text.to_owned()))
    }

    fn choose(&self, question: &Question, _: &[&str]) -> Result<Answer<usize>> {
        Ok(match self.next(question)? {
            "<" => Answer::Back,
            answer => Answer::This(answer.parse()?),
        })
    }

    fn review(&self, answers: &[Answered]) -> Result<Option<usize>> {
        *self.shown.borrow_mut() = answers.to_vec();
        match self.again.borrow_mut().pop_front() {
            None => Ok(None),
            Some(prompt) => {
                let place = answers.iter().position(|answered| answered.prompt == prompt);
                Ok(Some(place.expect("an answer to change")))
            }
        }
    }
}

#[test]
fn the_wizard_asks_in_order_and_only_for_what_is_missing() {
    let place = Place::new(Purpose::Setup).terminal();
    let answers = Answers::new(&["db.example.com:6000", "", " dw\n", "1", "0", "", "1", "p w", "0"]);
    let found = place.run(&[], Some(&answers)).unwrap();
    assert_eq!(
        answers.ids(),
        [
            SettingId::Host,
            SettingId::AdminUser,
            SettingId::Database,
            SettingId::Region,
            SettingId::Bastion,
            SettingId::Role,
            SettingId::Password,
            SettingId::Password,
            SettingId::Existing
        ]
    );
    assert_eq!(
        (found.admin.host.as_str(), found.admin.port.number()),
        ("db.example.com", 6000)
    );
    assert_eq!(
        (found.admin.user.as_str(), found.stitch.database.as_str()),
        ("me", "dw")
    );
    assert_eq!(found.stitch.region, Some(Region::Europe));
    assert_eq!(found.stitch.password.secret().unwrap().reveal(), "p w");

    let answers = Answers::new(&["0"]);
    let flags = [
        "--url",
        "postgres://u@h:1/d",
        "--database",
        "x",
        "--region",
        "europe",
        "--role",
        "r",
        "--new",
    ];
    let place = place.env("STITCH_PG_PASSWORD", "pw");
    place.run(&flags, Some(&answers)).unwrap();
    assert_eq!(answers.ids(), [SettingId::Bastion]);
}

#[test]
fn a_refused_answer_is_asked_again_with_the_reason() {
    let place = Place::new(Purpose::Plan).terminal();
    let answers = Answers::new(&["postgres://u:hunter2@h", "db", "me", "dw", "0", "0", "pg_x", "r", "1"]);
    let found = place.run(&[], Some(&answers)).unwrap();
    assert_eq!(found.ownership.schemas, Schemas::Ask);
    let asked = answers.asked.borrow();
    let reason = asked[1].refused.clone().unwrap();
    assert!(asked[1].id == SettingId::Host && reason.contains("DATABASE_URL") && !reason.contains("hunter2"));
    assert!(
        asked
            .iter()
            .any(|question| question.id == SettingId::Role && question.refused.is_some())
    );
}

#[test]
fn nobody_is_asked_before_mistakes_are_mended_or_without_a_terminal() {
    let answers = Answers::new(&[]);
    let place = Place::new(Purpose::Setup).terminal();
    let error = place.run(&["--port", "x"], Some(&answers)).unwrap_err();
    assert!(error.downcast_ref::<Problems>().unwrap().list().len() == 1, "{error}");
    assert!(Place::new(Purpose::Plan).run(&[], Some(&answers)).is_err());
    assert!(answers.ids().is_empty());
}

#[test]
fn one_can_go_back_and_change_an_answer_before_anything_is_done() {
    let place = Place::new(Purpose::Setup).terminal();
    // Region: back to the database; then a name, and on; at the tunnel back again, over the region to another one.
    let answers = Answers::new(&[
        "db", "", "wrong", "<", "dw", "1", "<", "0", "0", "", "1", "p w", "0", "other",
    ]);
    answers.again.borrow_mut().push_back("Database Stitch loads into");
    let found = place.run(&[], Some(&answers)).unwrap();
    assert_eq!(
        answers.ids(),
        [
            SettingId::Host,
            SettingId::AdminUser,
            SettingId::Database,
            SettingId::Region,
            SettingId::Database,
            SettingId::Region,
            SettingId::Bastion,
            SettingId::Region,
            SettingId::Bastion,
            SettingId::Role,
            SettingId::Password,
            SettingId::Password,
            SettingId::Existing,
            SettingId::Database
        ]
    );
    let asked = answers.asked.borrow();
    assert_eq!(
        (asked[0].before, asked[1].before),
        (PreviousQuestion::Nothing, PreviousQuestion::Something)
    );
    assert_eq!(found.stitch.database.as_str(), "other");
    assert_eq!(found.stitch.region, Some(Region::NorthAmerica));
    assert_eq!(found.stitch.password.secret().unwrap().reveal(), "p w");
    let shown = answers.shown.borrow();
    let lines: Vec<String> = shown
        .iter()
        .map(|line| format!("{}={}", line.prompt, line.answer))
        .collect();
    assert!(
        lines.contains(&"Database Stitch loads into=other".to_owned()),
        "{lines:?}"
    );
    assert!(
        lines.contains(&"Password of the Stitch role=given, not shown".to_owned()),
        "{lines:?}"
    );
    assert!(!format!("{lines:?}").contains("p w"), "{lines:?}");
}

#[test]
fn servers_that_are_known_here_are_offered() {
    let place = Place::new(Purpose::Plan)
        .terminal()
        .file(
            "home/.pg_service.conf",
            "[dw]\nhost=db.example.com\nport=6000\nuser=dba\n",
        )
        .file(
            "home/.pgpass",
            "# c\n*:*:*:*:x\nwarehouse:5433:*:anna:secret\nwarehouse:5433:other:anna:secret\n",
        )
        .file(
            "home/.ssh/config",
            "Host *\n  User x\nHost jump other-jump !no\n  HostName ssh.example.com\n",
        );
    let answers = Answers::new(&["0", "dw", "0", "1", "0", ""]);
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
    let flags = ["--only", "allowlist,database,ssh-user", "--public-key", key];
    let found = place.run(&flags, Some(&answers)).unwrap();
    assert_eq!(
        answers.ids(),
        [
            SettingId::Service,
            SettingId::Database,
            SettingId::Region,
            SettingId::Bastion,
            SettingId::Bastion,
            SettingId::TunnelUser
        ],
        "host, port and user are the service's"
    );
    assert_eq!(
        (
            found.admin.host.as_str(),
            found.admin.port.number(),
            found.admin.user.as_str()
        ),
        ("db.example.com", 6000, "dba")
    );
    let BastionServer::Ssh(target) = found.bastion.unwrap().server else {
        panic!("an alias is no local server")
    };
    assert_eq!((target.host.as_str(), target.user.as_str()), ("ssh.example.com", "x"));

    let answers = Answers::new(&["1", "dw", "0"]);
    let found = place.run(&["--only", "allowlist,database"], Some(&answers)).unwrap();
    assert_eq!(
        (found.admin.host.as_str(), found.admin.port.number()),
        ("warehouse", 5433)
    );
    assert_eq!(found.admin.user, "anna");
    // No server of the list: it is typed, as ever.
    let answers = Answers::new(&["2", "typed", "me", "dw", "0"]);
    let found = place.run(&["--only", "allowlist,database"], Some(&answers)).unwrap();
    assert_eq!(found.admin.host.as_str(), "typed");
}
