//! docs/packaging/install.sh, filled as a release fills it, against a server on this machine that has the release's files.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use crate::book::action::release;
use crate::book::project;
use crate::support::{Output, Place, Program};

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn sh(folder: &Path, script: &str) -> Output {
    let output = Program::new("sh", Place::Here)
        .args(["-euc", &format!("cd {}; {script}", folder.display())])
        .run();
    assert!(output.success(), "{script}: {output:?}");
    output
}

/// Serves the files of a folder, whatever folders the address names before their names.
fn serve(folder: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("it is bound"));
    let answer = move |mut stream: TcpStream| {
        let mut request = [0; 4096];
        let length = stream.read(&mut request).unwrap_or_default();
        let request = String::from_utf8_lossy(&request[..length]).into_owned();
        let path = request.split(' ').nth(1).unwrap_or_default();
        let file = folder.join(path.rsplit('/').next().unwrap_or_default());
        let (status, body) = fs::read(file).map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
        let head = format!(
            "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
    };
    std::thread::spawn(move || listener.incoming().filter_map(Result::ok).for_each(answer));
    address
}

/// A release with its signature, and install.sh as that release has it.
fn signed_release(folder: &Path) {
    release(folder);
    sh(
        folder,
        "ssh-keygen -q -t ed25519 -N '' -C release -f key; ssh-keygen -q -t ed25519 -N '' -f other
         ssh-keygen -q -Y sign -n stitch-pg-release -f key SHA256SUMS",
    );
    let address = serve(folder.to_owned());
    sh(
        folder,
        &format!("{} . key.pub", project().join("tests/packaging/fill.sh").display()),
    );
    let script = folder.join("install.sh");
    let filled = fs::read_to_string(&script).expect("a filled install.sh");
    let repository = env!("CARGO_PKG_REPOSITORY");
    assert_eq!(filled.matches(repository).count(), 1, "{filled}");
    fs::write(script, filled.replace(repository, &address)).expect("writable");
}

fn install(folder: &Path, to: &Path) -> Output {
    Program::new("sh", Place::Here)
        .arg(folder.join("install.sh"))
        .arg("--to")
        .arg(to)
        .run()
}

#[test]
fn a_release_is_installed_if_its_signature_and_checksum_are_right() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (folder, to) = (folder.path(), folder.path().join("to"));
    signed_release(folder);
    for _ in 0..2 {
        let installed = install(folder, &to);
        assert!(installed.success(), "{installed:?}");
        assert!(
            installed.stdout.contains("signature and checksum verified"),
            "{installed:?}"
        );
    }
    let version = Program::new(to.join("stitch-pg"), Place::Here).arg("--version").run();
    assert_eq!(version.stdout, format!("stitch-pg {VERSION}\n"));
    assert_eq!(sh(&to, "ls -A").stdout, "stitch-pg\n");
}

#[test]
fn what_is_not_the_release_is_not_installed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (folder, to) = (folder.path(), folder.path().join("to"));
    signed_release(folder);
    sh(folder, "mkdir kept; cp * kept 2>/dev/null || true");
    let archive = format!(
        "stitch-pg-{VERSION}-{}-unknown-linux-musl.tar.gz",
        std::env::consts::ARCH
    );
    for (change, complaint) in [
        (format!("echo x >>{archive}"), "is not what SHA256SUMS says"),
        (
            "sed -i 's/^./g/' SHA256SUMS".to_owned(),
            "the signature of SHA256SUMS is not the release key's",
        ),
        (
            "rm SHA256SUMS.sig; ssh-keygen -q -Y sign -n stitch-pg-release -f other SHA256SUMS".to_owned(),
            "the signature of SHA256SUMS is not the release key's",
        ),
        (
            "rm SHA256SUMS.sig; ssh-keygen -q -Y sign -n another-purpose -f key SHA256SUMS".to_owned(),
            "the signature of SHA256SUMS is not the release key's",
        ),
        ("rm SHA256SUMS.sig".to_owned(), "cannot download"),
        (format!("rm {archive}"), "cannot download"),
        (
            ": >SHA256SUMS; rm SHA256SUMS.sig; ssh-keygen -q -Y sign -n stitch-pg-release -f key SHA256SUMS".to_owned(),
            "SHA256SUMS does not name",
        ),
        ("mkdir to; echo mine >to/stitch-pg".to_owned(), "is not a stitch-pg"),
        (
            format!("cp {}/docs/packaging/install.sh .", project().display()),
            "this is the template",
        ),
    ] {
        sh(folder, &change);
        let refused = install(folder, &to);
        assert_eq!(refused.status, Some(1), "{change}: {refused:?}");
        assert!(refused.stderr.contains(complaint), "{change}: {refused:?}");
        assert!(
            !sh(folder, "cat to/stitch-pg 2>/dev/null || true")
                .stdout
                .contains("ELF"),
            "{change}"
        );
        sh(folder, "rm -rf to; cp kept/* .");
    }
    assert!(install(folder, &to).success());
}

#[test]
fn a_script_that_arrives_in_part_does_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (folder, to) = (folder.path(), folder.path().join("to"));
    signed_release(folder);
    let whole = fs::read_to_string(folder.join("install.sh")).expect("a filled install.sh");
    for part in 1..whole.lines().count() {
        let lines: Vec<&str> = whole.lines().take(part).collect();
        fs::write(folder.join("install.sh"), lines.join("\n")).expect("writable");
        install(folder, &to);
        assert!(!to.exists(), "{part} lines");
    }
}

#[test]
fn every_recipe_is_filled() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    signed_release(folder.path());
    for recipe in ["stitch-pg.rb", "PKGBUILD"] {
        let text = fs::read_to_string(folder.path().join(recipe)).expect("a filled recipe");
        assert!(
            text.contains(env!("CARGO_PKG_REPOSITORY")) && text.contains(VERSION),
            "{text}"
        );
        for name in ["REPOSITORY", "VERSION", "LINUX", "MACOS"] {
            assert!(!text.contains(&format!("@{name}")), "{recipe}: {text}");
        }
    }
}
