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
    /// The settings to be changed at the end, by their labels.
    again: RefCell<VecDeque<&'static str>>,
    /// What was shown at the end.
    shown: RefCell<Vec<Row>>,
    /// What came of the first logins; after them each succeeds.
    refused: RefCell<VecDeque<Suspect>>,
    contact: Contact,
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

    fn review(&self, rows: &[Row], _: &Settings, _: &Draft) -> Result<Option<usize>> {
        *self.shown.borrow_mut() = rows.to_vec();
        match self.again.borrow_mut().pop_front() {
            None => Ok(None),
            Some(label) => {
                let place = rows.iter().position(|row| row.label == label);
                Ok(Some(place.expect("a setting to change")))
            }
        }
    }

    fn connect(&self, _: &Settings) -> Result<Result<Contact, Suspect>> {
        Ok(match self.refused.borrow_mut().pop_front() {
            Some(suspect) => Err(suspect),
            None => Ok(self.contact.clone()),
        })
    }
}

#[test]
fn setup_asks_only_for_what_cannot_be_found_out() {
    let place = Place::new(Purpose::Setup).terminal();
    let answers = Answers::new(&["db.example.com:6000", "", "1"]);
    let found = place.run(&[], Some(&answers)).unwrap();
    assert_eq!(
        answers.ids(),
        [SettingId::Host, SettingId::AdminUser, SettingId::Region]
    );
    assert_eq!(
        (found.admin.host.as_str(), found.admin.port.number()),
        ("db.example.com", 6000)
    );
    assert_eq!(found.stitch.region, Some(Region::Europe));
    let RolePassword::Generated {
        save_to: Some(path), ..
    } = &found.stitch.password
    else {
        panic!("a new role has a new password")
    };
    assert!(path.ends_with("stitch.pw"), "{path:?}");
    let rows: Vec<String> = answers
        .shown
        .borrow()
        .iter()
        .map(|row| format!("{}={}", row.label, row.source))
        .collect();
    for row in ["Server=answer", "Stitch role=default", "Existing data=detected"] {
        assert!(rows.contains(&row.to_owned()), "{rows:?}");
    }

    let answers = Answers::new(&[]);
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
    assert_eq!(answers.ids(), []);
}

#[test]
fn what_the_server_refuses_is_asked_again() {
    for (suspect, answer, id) in [
        (Suspect::Server, "other", SettingId::Host),
        (Suspect::Login, "dba", SettingId::AdminUser),
        (Suspect::Password, "secret", SettingId::AdminPassword),
        (Suspect::Database, "app", SettingId::AdminDatabase),
        (Suspect::NoTls, "0", SettingId::SslMode),
        (Suspect::Certificate, "1", SettingId::SslRootCert),
    ] {
        let answers = Answers::new(&["db", "me", answer, "0"]);
        answers.refused.borrow_mut().push_back(suspect);
        Place::new(Purpose::Setup).terminal().run(&[], Some(&answers)).unwrap();
        assert_eq!(
            answers.ids(),
            [SettingId::Host, SettingId::AdminUser, id, SettingId::Region]
        );
    }
}

#[test]
fn an_existing_role_and_a_local_server_are_asked_about() {
    let mut answers = Answers::new(&["127.0.0.1", "me", "0", "ssh.example.com", "0", "p w"]);
    answers.contact = Contact {
        role: Presence::There,
        schemas: vec!["shop".to_owned()],
        ..Contact::default()
    };
    let found = Place::new(Purpose::Setup).terminal().run(&[], Some(&answers)).unwrap();
    assert_eq!(found.stitch.host.as_str(), "ssh.example.com");
    assert_eq!(found.stitch.password.secret().unwrap().reveal(), "p w");
    assert_eq!(found.ownership.schemas, Schemas::Ask);
}

#[test]
fn a_refused_answer_is_asked_again_with_the_reason() {
    let place = Place::new(Purpose::Plan).terminal();
    let mut answers = Answers::new(&["postgres://u:hunter2@h@", "db", "me", "dw", "0", "0", "pg_x", "r"]);
    // What Stitch has loaded is not asked for.
    answers.contact.schemas = vec!["shop".to_owned()];
    let found = place.run(&[], Some(&answers)).unwrap();
    assert_eq!(found.ownership.schemas, Schemas::Detect);
    let asked = answers.asked.borrow();
    let reason = asked[1].refused.clone().unwrap();
    assert!(asked[1].id == SettingId::Host && reason.contains("%40") && !reason.contains("hunter2"));
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
fn one_can_go_back_and_change_a_setting_before_anything_is_done() {
    let place = Place::new(Purpose::Setup).terminal();
    let answers = Answers::new(&["db", "<", "10.0.0.5", "me", "0", "<", "1", "db.example.com", "other"]);
    answers.again.borrow_mut().push_back("Database");
    let found = place.run(&[], Some(&answers)).unwrap();
    let asked = answers.asked.borrow();
    assert_eq!(
        (asked[0].before, asked[1].before, asked[4].before),
        (
            PreviousQuestion::Nothing,
            PreviousQuestion::Something,
            PreviousQuestion::Nothing
        )
    );
    assert_eq!(found.admin.host.as_str(), "10.0.0.5");
    assert_eq!(found.stitch.region, Some(Region::Europe));
    assert_eq!(found.stitch.host.as_str(), "db.example.com");
    assert_eq!(found.stitch.database.as_str(), "other");
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
    let answers = Answers::new(&["1", "dw", "0", "1", "0", ""]);
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
    let flags = ["--only", "allowlist,database,ssh-user", "--public-key", key];
    let found = place.run(&flags, Some(&answers)).unwrap();
    assert_eq!(
        answers.ids(),
        [
            SettingId::Host,
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

    let answers = Answers::new(&["2", "dw", "0"]);
    let found = place.run(&["--only", "allowlist,database"], Some(&answers)).unwrap();
    assert_eq!(
        (found.admin.host.as_str(), found.admin.port.number()),
        ("warehouse", 5433)
    );
    assert_eq!(found.admin.user, "anna");
    // No server of the list: it is typed, as ever.
    let answers = Answers::new(&["typed", "me", "dw", "0"]);
    let found = place.run(&["--only", "allowlist,database"], Some(&answers)).unwrap();
    assert_eq!(found.admin.host.as_str(), "typed");
}
