//! Our lines in `pg_hba.conf`.

use std::fs;

use crate::cure::allowlist::bench::{Bench, HEAD};
use crate::support::json;
use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::{Program, stitch_pg};

fn program(bench: &Bench, command: &str) -> Program {
    stitch_pg(&bench.0)
        .args([
            command,
            "--yes",
            "--only",
            "allowlist",
            "--format",
            "json",
            "--no-input",
        ])
        .args(["--host", "127.0.0.1", "--port", &bench.0.port().to_string()])
        .args(["--admin-user", "postgres", "--database", "dw", "--manage", "hba"])
        .env("PGPASSWORD", POSTGRES_PASSWORD)
        .env("STITCH_PG_REGION", "north-america")
}

fn bytes(bench: &Bench) -> Vec<u8> {
    fs::read(bench.0.data_dir().join("pg_hba.conf")).expect("the file")
}

#[test]
fn our_lines_go_and_no_other_byte() {
    let bench = Bench::new();
    // The DBA's own line for Stitch stays, and so does a rule right below ours.
    let own = "hostssl dw stitch 52.23.137.21/32 md5\n";
    for rest in [
        format!("# keep\n\nhost all all all reject\t \n{own}  # end"),
        format!("host other all all reject\r\n{own}"),
    ] {
        bench.write_hba(&format!("{HEAD}{rest}"));
        bench.0.reload();
        let before = bytes(&bench);
        let added = program(&bench, "setup").run();
        assert_ne!(bytes(&bench), before, "{added:?}");
        let removed = program(&bench, "remove").run();
        assert_eq!(removed.status, Some(0), "{removed:?}");
        assert_eq!(json::report(&removed.stdout)["result"], "applied");
        assert_eq!(bytes(&bench), before);
        let again = program(&bench, "remove").run();
        assert_eq!(json::report(&again.stdout)["result"], "ready", "{again:?}");
    }
}
