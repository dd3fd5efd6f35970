use super::*;

#[test]
fn identifiers_keep_odd_but_legal_names() {
    for name in [
        "stitch",
        "Stitch DW",
        "we\"ird",
        "a'b",
        "../x",
        "; rm -rf /",
        "ünïcode",
        &"x".repeat(63),
    ] {
        assert_eq!(name.parse::<DatabaseName>().unwrap().as_str(), name);
    }
}

#[test]
fn identifiers_refuse_what_postgres_would_change() {
    for name in ["", " a", "a ", "a\nb", "a\0b", &"x".repeat(64), &"ü".repeat(32)] {
        assert!(name.parse::<DatabaseName>().is_err(), "{name:?}");
    }
}

#[test]
fn system_names_are_refused() {
    assert!("pg_monitor".parse::<RoleName>().is_err());
    assert!("public".parse::<RoleName>().is_err());
    assert!("pg_catalog".parse::<SchemaName>().is_err());
    assert!("information_schema".parse::<SchemaName>().is_err());
    assert!("public".parse::<SchemaName>().is_ok());
}

#[test]
fn linux_users() {
    for good in ["stitch", "_svc", "Stitch.Data-1"] {
        assert!(good.parse::<LinuxUser>().is_ok(), "{good}");
    }
    for bad in [
        "",
        "root",
        "-x",
        "1a",
        "a b",
        "a;b",
        "a$(id)",
        "../x",
        "x.",
        &"a".repeat(33),
    ] {
        assert!(bad.parse::<LinuxUser>().is_err(), "{bad}");
    }
}

#[test]
fn hosts() {
    for good in ["db.example.com", "10.0.0.1", "::1", "/run/postgresql", "localhost"] {
        assert!(good.parse::<HostName>().is_ok(), "{good}");
    }
    let glued = "db.example.com:5432".parse::<HostName>().unwrap_err().to_string();
    assert!(
        glued.contains("the host db.example.com and the port 5432 separately"),
        "{glued}"
    );
    for bad in ["", "a b", "a\n", "[::1]", "a/b", "user@host"] {
        assert!(bad.parse::<HostName>().is_err(), "{bad}");
    }
    assert!("127.0.0.2".parse::<HostName>().unwrap().is_local());
}

#[test]
fn networks() {
    assert_eq!("52.23.137.21".parse::<Cidr>().unwrap().to_string(), "52.23.137.21/32");
    let stray_bits = "52.23.137.21/24".parse::<Cidr>().unwrap_err().to_string();
    assert!(stray_bits.contains("52.23.137.0/24"), "{stray_bits}");
    assert!("300.1.1.1/32".parse::<Cidr>().is_err());
}
