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
}

impl Answers {
    fn new(answers: &[&'static str]) -> Self {
        Self {
            left: RefCell::new(answers.iter().copied().collect()),
            asked: RefCell::default(),
        }
    }

    fn next(&self, question: &Question) -> Result<&'static str> {
        self.asked.borrow_mut().push(question.clone());
        match self.left.borrow_mut().pop_front() {
            Some(answer) => Ok(answer),
            None => bail!("no answer for {question:?}"),
        }
    }

    fn ids(&self) -> Vec<Id> {
        self.asked.borrow().iter().map(|question| question.id).collect()
    }
}

impl Ask for Answers {
    fn text(&self, question: &Question) -> Result<String> {
        self.next(question).map(str::to_owned)
    }

    fn secret(&self, question: &Question, _: Typing) -> Result<Secret> {
        self.next(question).map(|text| Secret::new(text.to_owned()))
    }

    fn choose(&self, question: &Question, _: &[&str]) -> Result<usize> {
        Ok(self.next(question)?.parse()?)
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
            Id::Host,
            Id::AdminUser,
            Id::Database,
            Id::Region,
            Id::Bastion,
            Id::Role,
            Id::Password,
            Id::Password,
            Id::Existing
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
    assert_eq!(answers.ids(), [Id::Bastion]);
}

#[test]
fn a_refused_answer_is_asked_again_with_the_reason() {
    let place = Place::new(Purpose::Plan).terminal();
    let answers = Answers::new(&["postgres://u:hunter2@h", "db", "me", "dw", "0", "0", "pg_x", "r", "1"]);
    let found = place.run(&[], Some(&answers)).unwrap();
    assert_eq!(found.ownership.schemas, Schemas::Ask);
    let asked = answers.asked.borrow();
    let reason = asked[1].refused.clone().unwrap();
    assert!(asked[1].id == Id::Host && reason.contains("DATABASE_URL") && !reason.contains("hunter2"));
    assert!(
        asked
            .iter()
            .any(|question| question.id == Id::Role && question.refused.is_some())
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
