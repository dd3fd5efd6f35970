//! Providers recognised by made-up signs.

use super::*;

fn signs(prefixes: &[&str], roles: &[&str]) -> ProviderEvidence {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    ProviderEvidence {
        prefixes: owned(prefixes),
        roles: owned(roles),
        ..ProviderEvidence::default()
    }
}

#[test]
fn one_stray_role_is_not_enough() {
    assert_eq!(
        Provider::recognise(&signs(&[], &["avnadmin"]), "10.0.0.1"),
        Provider::SelfHosted
    );
    assert_eq!(
        Provider::recognise(&signs(&["rds"], &["rds_superuser"]), "10.0.0.1"),
        Provider::Rds
    );
    assert_eq!(
        Provider::recognise(&signs(&[], &["avnadmin"]), "pg-1.aivencloud.com"),
        Provider::Aiven
    );
}

#[test]
fn two_signs_are() {
    for (prefix, roles, host, provider) in [
        ("rds", &["rdsadmin"][..], "10.0.0.1", Provider::Rds),
        ("cloudsql", &["cloudsqlsuperuser"], "34.1.2.3", Provider::CloudSql),
        ("alloydb", &["alloydbsuperuser"], "10.0.0.1", Provider::AlloyDb),
        ("", &["azuresu", "azure_pg_admin"], "10.0.0.1", Provider::Azure),
        ("", &["supabase_admin"], "db.x.supabase.co", Provider::Supabase),
        ("neon", &[], "ep-x.eu-central-1.aws.neon.tech", Provider::Neon),
        ("", &["doadmin", "_dodb"], "10.0.0.1", Provider::DigitalOcean),
        (
            "",
            &["crunchy_superuser"],
            "p.x.db.postgresbridge.com",
            Provider::CrunchyBridge,
        ),
        // One setting, one host name, each by itself.
        ("neon", &[], "10.0.0.1", Provider::SelfHosted),
        ("", &[], "x.y.eu-west-1.rds.amazonaws.com", Provider::SelfHosted),
    ] {
        assert_eq!(Provider::recognise(&signs(&[prefix], roles), host), provider, "{host}");
    }
}

#[test]
fn heroku_is_told_by_its_habits() {
    let host = "ec2-1-2-3-4.compute-1.amazonaws.com";
    let mut heroku = ProviderEvidence {
        database: "d8f1k2l3m4n5o6".to_owned(),
        powerless: true,
        ..ProviderEvidence::default()
    };
    assert_eq!(Provider::recognise(&heroku, host), Provider::Heroku);
    heroku.schemas = vec!["heroku_ext".to_owned()];
    assert_eq!(Provider::recognise(&heroku, "10.0.0.1"), Provider::Heroku);
    // A plain login on an EC2 machine on which you run PostgreSQL yourself.
    heroku.schemas.clear();
    heroku.database = "warehouse".to_owned();
    assert_eq!(Provider::recognise(&heroku, host), Provider::SelfHosted);
}

#[test]
fn relatives_are_named() {
    let signs = ProviderEvidence {
        banner: "PostgreSQL 16.3 (EnterpriseDB Advanced Server 16.3.0) on x86_64".to_owned(),
        extensions: vec!["citus".to_owned()],
        ..ProviderEvidence::default()
    };
    let variants = signs.variants();
    assert!(variants[0].starts_with("EDB Postgres Advanced Server") && variants[1].contains("Citus"));
    assert!(ProviderEvidence::default().variants().is_empty());
}

#[test]
fn names_are_read_back() {
    for provider in Provider::ALL {
        assert_eq!(provider.as_str().parse::<Provider>().unwrap(), provider);
    }
    assert!("heroko".parse::<Provider>().is_err());
}

#[test]
fn aurora_is_rds_with_its_function() {
    let signs = ProviderEvidence {
        aurora: true,
        ..signs(&["rds"], &["rdsadmin"])
    };
    assert_eq!(
        Provider::recognise(&signs, "x.cluster-y.eu-west-1.rds.amazonaws.com"),
        Provider::Aurora
    );
}
