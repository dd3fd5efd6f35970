//! docs/ci.md: the shell parts of its examples, taken out of the page and run where they can be.

use std::fs;
use std::path::Path;

use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::wizard::{PASSWORD, Wizard};
use crate::support::{Postgres, PostgresOptions, Program, STITCH_PG};

/// A fenced block below a heading, the `nth` of that language.
fn block(heading: &str, language: &str) -> String {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci.md")).expect("the page is there");
    let (_, below) = page.split_once(heading).unwrap_or_else(|| panic!("no {heading}"));
    let (_, fenced) = below.split_once(&format!("```{language}\n")).expect("a block");
    fenced.split_once("```").expect("an end").0.to_owned()
}

/// A place where the examples find their program, their settings and a file for each password.
fn scene(server: &Postgres<'_>) -> std::path::PathBuf {
    let inside = server.folder_of_ours().join("ci");
    let outside = server.place().outside(&inside);
    fs::create_dir_all(outside.join("bin")).expect("the world can be written");
    let settings = format!(
        "[admin]\nhost = \"{}\"\nport = {}\nuser = \"postgres\"\npassword_file = \"monitor.pw\"\n\
         [stitch]\npassword_file = \"stitch.pw\"\nregion = \"europe\"\n",
        server.host(),
        server.port()
    );
    let files = [
        ("stitch-pg.toml", settings.as_str()),
        ("monitor.pw", POSTGRES_PASSWORD),
        ("stitch.pw", PASSWORD),
    ];
    for (name, text) in files {
        fs::write(outside.join(name), text).expect("the world can be written");
    }
    for name in ["monitor.pw", "stitch.pw"] {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(outside.join(name), fs::Permissions::from_mode(0o600)).expect("our own file");
    }
    std::os::unix::fs::symlink(STITCH_PG, outside.join("bin/stitch-pg")).expect("the world can be written");
    inside
}

/// Runs a script of the page in that place, as CI does: with `sh -e`.
fn run(server: &Postgres<'_>, folder: &Path, script: &str) -> crate::support::Output {
    let folder = folder.display();
    Program::new("/bin/sh", server.place())
        .args(["-ec", &format!("cd {folder}; PATH={folder}/bin:$PATH; {script}")])
        .run()
}

#[test]
fn the_examples_of_the_page_run() {
    let options = PostgresOptions::new().conf("listen_addresses", "*");
    let server = Postgres::start_with(options).expect("the default version is at hand");
    Wizard::new(&server).setup().exits(0);
    let folder = scene(&server);
    let kept = |name: &str| {
        let path = server.place().outside(&folder.join(name));
        fs::read_to_string(&path).unwrap_or_default()
    };

    let github = block("as a whole workflow:", "yaml");
    let steps = github.lines().filter_map(|line| line.trim().strip_prefix("- run: "));
    let script: Vec<&str> = steps.collect();
    assert_eq!(script.len(), 2, "{script:?}");
    let fine = run(&server, &folder, &script.join("\n"));
    assert!(fine.success(), "{}\n{}", fine.stdout, fine.stderr);
    assert!(kept("report.json").contains("\"result\": \"ready\""));
    assert!(!fine.stdout.contains("::error"), "{}", fine.stdout);
    assert!(
        fine.stdout
            .contains("::notice title=allowlist%3A firewall-not-checked::"),
        "{}",
        fine.stdout
    );

    let gitlab = block("## GitLab CI", "yaml");
    let (_, below) = gitlab.split_once("  script:\n").expect("a script");
    let lines = below.lines().map_while(|line| line.trim_start().strip_prefix("- "));
    let script: Vec<&str> = lines.collect();
    assert_eq!(script.len(), 2, "{script:?}");
    assert!(run(&server, &folder, &script.join("\n")).success());
    let junit = kept("junit.xml");
    assert!(
        junit.contains("failures=\"0\">") && junit.contains("name=\"test-load-passed\""),
        "{junit}"
    );

    let cron = block("## cron", "text");
    let line = cron.trim().splitn(6, ' ').last().expect("a command").trim();
    let line = line.replace("/etc/stitch-pg", &folder.to_string_lossy());
    let quiet = run(&server, &folder, &line);
    assert_eq!((quiet.status, quiet.stdout.as_str()), (Some(0), ""), "{}", quiet.stderr);

    // A right is revoked: each of them reports it.
    server
        .psql("REVOKE CREATE ON DATABASE stitch FROM stitch; REVOKE TEMPORARY ON DATABASE stitch FROM PUBLIC, stitch");
    let annotated = run(&server, &folder, "stitch-pg check --format github");
    assert_eq!(annotated.status, Some(3), "{}", annotated.stderr);
    assert!(
        annotated.stdout.contains("::error title=role%3A pending::would grant"),
        "{}",
        annotated.stdout
    );
    assert!(
        annotated
            .stdout
            .contains("::error title=connection%3A privileges-missing::"),
        "{}",
        annotated.stdout
    );
    let tests = run(&server, &folder, "stitch-pg check --format junit");
    assert!(
        tests.stdout.contains("<failure type=\"privileges-missing\""),
        "{}",
        tests.stdout
    );
    assert!(tests.stdout.contains("<failure type=\"pending\""), "{}", tests.stdout);
    let mail = run(&server, &folder, &line);
    assert!(mail.stdout.contains("1 change to make"), "{}", mail.stdout);
}
