//! What `tests/bed/prepare.sh` made, and what happens where it did not.

use std::env;
use std::io::Write;
use std::path::PathBuf;

/// A part of the cache, or a right, without which a test cannot run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Root, for namespaces. Every world needs it.
    Root,
    /// What a bastion has on top of the machine's own root file system.
    Bastion,
    /// What often stands in front of PostgreSQL: `PgBouncer`, Pgpool-II, `HAProxy`, Patroni.
    Neighbours,
    /// The public loaders.
    Loaders,
    /// The root file system of an Alpine-like bastion.
    BusyBox,
    /// The root file system of a bastion with Debian 13.
    Debian13,
    /// A PostgreSQL server of that major version.
    Postgres(u32),
}

/// The folder that `prepare.sh` fills. Root's own folder is closed to the user that the servers run as.
pub(crate) fn cache() -> PathBuf {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("STITCH_PG_TEST_CACHE").unwrap_or_else(|| {
        let own = || set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
        let folder = if super::world::is_root() { None } else { own() };
        folder
            .unwrap_or_else(|| PathBuf::from("/var/cache"))
            .join("stitch-pg-tests")
    })
}

/// The scripts of the bed.
pub(crate) fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/bed").join(name)
}

/// Is everything there? If not: says that the test is skipped, or fails it in CI.
#[track_caller]
pub(crate) fn available(needs: &[Need]) -> bool {
    for need in needs {
        let (there, what) = match need {
            Need::Root => (super::world::possible(), "needs root (namespaces)".to_owned()),
            Need::Bastion => (
                cache().join("layer.tar").exists(),
                "run tests/bed/prepare.sh".to_owned(),
            ),
            Need::Neighbours => (
                cache().join("neighbours.tar").exists(),
                "run tests/bed/prepare.sh".to_owned(),
            ),
            Need::Loaders => (
                ["meltanolabs", "pipelinewise", "dlt"]
                    .iter()
                    .all(|name| cache().join("loaders").join(name).exists()),
                "run tests/bed/prepare.sh".to_owned(),
            ),
            Need::BusyBox => (
                cache().join("busybox.tar").exists(),
                "run tests/bed/prepare.sh".to_owned(),
            ),
            Need::Debian13 => (
                cache().join("debian13.tar").exists(),
                "run tests/bed/prepare.sh".to_owned(),
            ),
            Need::Postgres(major) => (
                super::postgres::has(*major),
                format!("no PostgreSQL {major}: run tests/bed/prepare.sh"),
            ),
        };
        if !there {
            skip(&what);
            return false;
        }
    }
    true
}

/// Says that a test is skipped, past the test harness, which keeps what a passing test prints to itself.
#[track_caller]
pub(crate) fn skip(why: &str) {
    let thread = std::thread::current();
    // The harness names the thread of each test after the test.
    let test_name = thread.name().unwrap_or("a test");
    assert!(
        env::var("CI").as_deref() != Ok("true"),
        "{test_name} cannot run here: {why}"
    );
    // Without a standard error there is nowhere to report it.
    drop(writeln!(std::io::stderr(), "skipped: {test_name}: {why}"));
}
