//! No file is written through a link, nor over what another user laid there.

use std::fs;

use super::{Kind, STITCH_PG, has_role, put, read, ready, says, server, without_role};
use crate::support::{Program, world};

/// Links, and files that another user laid where we write, in a folder of all users or in one of that user.
#[test]
fn links_and_files_of_others_are_refused() {
    let Some(world) = world(&[]) else {
        return;
    };
    let server = server(&world);
    world.sh(
        "cd /run/world; mkdir -m 1777 shared; mkdir -m 755 theirs own; chown nobody: theirs; echo kept >own/victim",
    );
    let victim = world.outside("/run/world/own/victim");
    for kind in Kind::ALL {
        for (lays, file, as_nobody) in [
            ("ln -s ../own/victim own/link", "own/link", false),
            ("ln -s ../own/absent own/link", "own/link", false),
            ("ln -s ../own/victim shared/link", "shared/link", true),
            ("ln -s ../own shared/folder", "shared/folder/absent", true),
            ("ln -s ../own theirs/folder", "theirs/folder/absent", true),
            ("echo theirs >shared/file; chmod 666 shared/file", "shared/file", true),
            ("echo theirs >theirs/file", "theirs/file", true),
            ("mkfifo -m 666 shared/file", "shared/file", true),
        ] {
            // A shell hands over a report's pipe of that kind. A password that exists is read, and not written, through a link of
            // one's own.
            if (kind == Kind::Report && lays.starts_with("mkfifo"))
                || (kind == Kind::Password && lays == "ln -s ../own/victim own/link")
            {
                continue;
            }
            if kind != Kind::Sheet {
                without_role(&server);
            } else if !has_role(&server) {
                ready(&world);
            }
            let lays = if as_nobody {
                format!(
                    "setpriv --reuid nobody --clear-groups sh -c {}",
                    stitch_pg::shell::word(lays)
                )
            } else {
                lays.to_owned()
            };
            world.sh(&format!("cd /run/world; rm -rf own/link shared/* theirs/*; {lays}"));
            let listing = "cd /run/world; stat -c '%n %i %U %a %s' own/* shared/* theirs/* 2>/dev/null || :";
            let before = world.sh(listing);
            let output = kind.program(&world, &[], &format!("/run/world/{file}")).run();
            assert!(matches!(output.status, Some(1 | 2)), "{kind:?}, {lays}: {output:#?}");
            assert_eq!(world.sh(listing), before, "{kind:?}, {lays}");
            assert_eq!(
                fs::read_to_string(&victim).expect("it is ours"),
                "kept\n",
                "{kind:?}, {lays}"
            );
            assert!(kind == Kind::Sheet || !has_role(&server), "{kind:?}, {lays}: changed");
        }
    }
    // A pipe is for a report what it is for a shell.
    let piped = Kind::Report.program(&world, &[], "/dev/stdout").run();
    assert!(piped.stdout.contains("\"steps\""), "{piped:#?}");
    // An undo file that others can write to would run as us.
    put(&world, "/run/world/own/undo.sh", Kind::Undo.before().as_deref());
    world.sh("chmod 666 /run/world/own/undo.sh");
    without_role(&server);
    let output = Kind::Undo.program(&world, &[], "/run/world/own/undo.sh").run();
    assert!(
        says(&output, "others can write to it") && !has_role(&server),
        "{output:#?}"
    );
    world.sh("mkdir -m 777 /run/world/open");
    let output = Kind::Undo.program(&world, &[], "/run/world/open/undo.sh").run();
    assert!(
        says(&output, "every user of this machine can write /run/world/open") && !has_role(&server),
        "{output:#?}"
    );
    // Whose directory it is puts another file in its place, whatever its mode.
    for (mode, folder) in [("755", "hers"), ("1777", "sticky")] {
        world.sh(&format!(
            "cd /run/world; mkdir {folder}; chmod {mode} {folder}; chown nobody: {folder}"
        ));
        let output = Kind::Undo
            .program(&world, &[], &format!("/run/world/{folder}/undo.sh"))
            .run();
        assert!(
            says(&output, "belongs to another user") && !has_role(&server),
            "{output:#?}"
        );
    }
    // The folder of ssh's socket, where another user could put one.
    for folder in ["open", "hers"] {
        let output = Program::new("env", &world)
            .args([&format!("TMPDIR=/run/world/{folder}"), STITCH_PG, "plan", "--no-input"])
            .args(["--bastion", "root@127.0.0.1", "--ssh-command", "/bin/false"])
            .run();
        assert!(
            output.status == Some(2) && says(&output, "temporary files (TMPDIR)") && says(&output, folder),
            "{output:#?}"
        );
    }
    // Another file than an undo file is not made one.
    put(&world, "/run/world/own/undo.sh", Some("#!/bin/sh\nexit 0\n"));
    let output = Kind::Undo.program(&world, &[], "/run/world/own/undo.sh").run();
    assert!(
        says(&output, "there is another file of that name") && !has_role(&server),
        "{output:#?}"
    );
}

/// Another name of a file keeps its content: where that might change, nothing is written.
#[test]
fn another_name_of_a_file_is_not_written_to() {
    let Some(world) = world(&[]) else {
        return;
    };
    let server = server(&world);
    world.sh("mkdir -m 755 /run/world/own");
    let [file, other] = ["/run/world/own/file", "/run/world/own/other"];
    for kind in Kind::ALL {
        if kind == Kind::Sheet {
            ready(&world);
        } else {
            without_role(&server);
        }
        let before = kind.before().unwrap_or_else(|| "kept\n".to_owned());
        world.sh("rm -f /run/world/own/*");
        put(&world, other, Some(&before));
        let number = world.sh(&format!("ln {other} {file}; stat -c '%i %a %U' {other}"));
        let output = kind.program(&world, &[], file).run();
        assert_eq!(
            read(&world, other).as_deref(),
            Some(before.as_str()),
            "{kind:?}: {output:#?}"
        );
        assert_eq!(world.sh(&format!("stat -c '%i %a %U' {other}")), number, "{kind:?}");
        let is_refused = matches!(output.status, Some(1 | 2));
        match kind {
            Kind::Undo => assert!(
                is_refused && says(&output, "hard link") && !has_role(&server),
                "{output:#?}"
            ),
            Kind::Settings => assert!(is_refused, "{output:#?}"),
            // A new file takes the name.
            Kind::Report | Kind::Sheet => assert_ne!(read(&world, file), Some(before), "{kind:?}: {output:#?}"),
            // One that exists is read.
            Kind::Password => assert_eq!(output.status, Some(0), "{output:#?}"),
        }
    }
}
