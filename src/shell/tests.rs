use super::frame::line_of;
use super::*;
use crate::hba::edit::{At, HbaLines, LineEnd, Running};
use crate::names::{LinuxUser, Port};
use crate::public_key::PublicKey;
use crate::settings::LoginShell;

#[test]
fn words_stay_words() {
    assert_eq!(quoted("stitch"), "'stitch'");
    assert_eq!(quoted("a'b $(id) `id`\n"), "'a'\\''b $(id) `id`\n'");
    assert_eq!(line_of(&"a.b".parse().unwrap()), "'^a[.]b:'");
}

/// `STITCH_PG_SCRIPTS=DIR` leaves the scripts there for shellcheck and for trials on other shells.
#[test]
fn scripts_read_from_the_top_and_end_with_the_mark() {
    let user: LinuxUser = "stitch".parse().unwrap();
    let key: PublicKey = KEY.parse().unwrap();
    let edit = HbaLines {
        file: "/etc/pg hba.conf".into(),
        md5: "d41d8cd98f00b204e9800998ecf8427e".into(),
        lines: vec!["# it's ours".into(), "local all all peer".into()],
        at: At::Above(3),
        end: LineEnd::CrLf,
        signal: None,
    };
    let running = Running {
        port: 5432,
        started: Some(1),
    };
    let signalled = HbaLines {
        signal: Some(running),
        ..edit.clone()
    };
    let from = ["52.23.137.21".parse().unwrap()];
    let scripts = [
        (
            "sockets-close",
            close_sockets(
                (&user, DROP_INS),
                &from,
                (&"ssh.example".parse().unwrap(), Port::SSH),
                Sight::Unseen,
            ),
        ),
        ("sockets-open", open_sockets((&user, DROP_INS), Port::SSH)),
        (
            "inspect",
            inspect_ssh_user(
                &user,
                Some(&key),
                &from,
                (&"ssh.example".parse().unwrap(), Port::SSH),
                "db",
            ),
        ),
        ("add", add_user(&user, &LoginShell::Nologin)),
        ("shell", set_shell(&user, &LoginShell::Nologin)),
        ("home", make_home(&user)),
        ("unlock", unlock_for_keys(&user, Sight::Unseen)),
        (
            "install",
            install_key(&user, &key, "restrict,port-forwarding", Sight::Unseen),
        ),
        ("modes", fix_modes(&user)),
        ("home-remove", remove_home(&user)),
        ("lock-again", lock_again(&user, "!", Some(20000))),
        (
            "keys-back",
            put_keys_back(&user, &key, ("", "x\n"), &PreviousKeyFile::default()),
        ),
        ("modes-back", put_modes_back(&user, &PreviousKeyFile::default())),
        ("remove-key", remove_key(&user, &key)),
        ("lend-key", install_temporary_key(&user, &key, &key, Expiry::TwoMinutes)),
        ("return-key", return_key(&user, &key)),
        ("remove-user", remove_user(&user)),
        ("firewall", inspect_firewall(&["52.23.137.21".parse().unwrap()])),
        ("hba-inspect", inspect_hba("/etc/pg hba.conf")),
        ("hba-add", add_hba_lines(&edit)),
        ("hba-remove", remove_hba_lines(&edit)),
        ("hba-add-and-signal", add_hba_lines(&signalled)),
        ("hba-remove-and-signal", remove_hba_lines(&signalled)),
        ("hba-find", find_hba_lines("/etc/pg hba.conf", "# it's ours")),
        ("hba-read", read_hba(running, 1, None, [].iter())),
        ("unlock-or-fail", unlock_for_keys(&user, Sight::Seen)),
        (
            "install-anew",
            install_key(&user, &key, "restrict,port-forwarding", Sight::Seen),
        ),
        ("leftovers", inspect_leftovers(&user)),
        (
            "stranger",
            stop_if_foreign_account(&user, Some(&key), &["sudo", "wheel"], 1000),
        ),
    ];
    for (name, script) in scripts {
        let text = script.to_string();
        assert!(text.starts_with("# "), "{text}");
        assert!(text.ends_with("} </dev/null\necho 'stitch-pg: done'\n"), "{text}");
        if let Some(folder) = option_env!("STITCH_PG_SCRIPTS") {
            std::fs::write(format!("{folder}/{name}.sh"), text).unwrap();
        }
    }
}

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAXpHvUqj4I4TuCEZxnxwyEU8T02FnjXcz+KsP57hxZm stitch@example";
