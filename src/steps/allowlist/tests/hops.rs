//! The hops before `pg_hba.conf`: where the server listens, the host that Stitch connects to, firewalls, the tunnel.

use super::*;

#[test]
fn where_the_server_listens() {
    let verdict = |settings: &Settings, listens: &str| {
        let seen = ServerFacts {
            listen_addresses: listens.into(),
            ..server("")
        };
        find(&plan(settings, &facts(seen)), Code::ListenAddresses).verdict
    };
    let direct = settings();
    for listens in ["*", "0.0.0.0", "localhost, 10.0.0.5", "db.internal"] {
        assert_eq!(verdict(&direct, listens), Verdict::Good, "{listens}");
    }
    for listens in ["", "localhost", "127.0.0.1,::1", "::"] {
        assert_eq!(verdict(&direct, listens), Verdict::Bad, "{listens:?}");
    }
    let same_machine = with_bastion("127.0.0.1", BastionServer::Local);
    for listens in ["*", "0.0.0.0", "localhost", "127.0.0.1"] {
        assert_eq!(verdict(&same_machine, listens), Verdict::Good, "{listens}");
    }
    for listens in ["", "::1", "10.0.0.5"] {
        assert_eq!(verdict(&same_machine, listens), Verdict::Bad, "{listens:?}");
    }
}

/// One address comes to those that are there; where the command line has them, `ALTER SYSTEM` would do nothing.
#[test]
fn one_more_address_to_listen_on() {
    let advice = |settings: &Settings, listens: &str, source: &str| {
        let seen = ServerFacts {
            listen_addresses: listens.into(),
            listen_source: source.into(),
            ..server("")
        };
        let findings = plan(settings, &facts(seen));
        find(&findings, Code::ListenAddresses)
            .advice
            .clone()
            .unwrap_or_default()
    };
    let same_machine = with_bastion("127.0.0.1", BastionServer::Local);
    for (settings, listens, wanted) in [
        (&settings(), "", "listen_addresses = 'ADDRESS';"),
        (&settings(), "localhost", "listen_addresses = 'localhost, ADDRESS';"),
        (
            &same_machine,
            "10.0.0.5, ::1",
            "listen_addresses = '10.0.0.5, ::1, 127.0.0.1';",
        ),
    ] {
        let said = advice(settings, listens, "configuration file");
        assert!(said.contains(wanted) && !said.contains("'*'"), "{said}");
        let said = advice(settings, listens, "command line");
        assert!(!said.contains("SYSTEM SET") && said.contains("command line"), "{said}");
    }
}

#[test]
fn port_and_tls() {
    let mut wanted = settings();
    wanted.stitch.ssl = StitchSsl::On;
    let seen = ServerFacts {
        ssl: false,
        port: 5433,
        ..server("")
    };
    let findings = plan(&wanted, &facts(seen));
    assert_eq!(find(&findings, Code::PortDiffers).verdict, Verdict::Unknown);
    assert_eq!(find(&findings, Code::TlsNotOffered).verdict, Verdict::Bad);
}

#[test]
fn the_other_regions_addresses() {
    let rules = "host all all 3.126.102.29/32 md5\nhost all all 18.158.16.164/32 md5";
    let findings = plan(&settings(), &facts(server(rules)));
    let wrong = find(&findings, Code::WrongRegion);
    assert_eq!(
        (wrong.subject.as_deref(), wrong.verdict),
        (Some("europe"), Verdict::Bad)
    );
    assert!(wrong.text.contains("(line 1, 2)"), "{}", wrong.text);
    let both = format!("{rules}\nhost all all 52.0.0.0/8 md5");
    let findings = plan(&settings(), &facts(server(&both)));
    assert!(findings.iter().all(|finding| finding.code != Code::WrongRegion));
}

#[test]
fn with_a_tunnel_the_ssh_server_is_the_client() {
    let rules = "host all all 127.0.0.1/32 md5\nhost all all 10.0.0.2/32 scram-sha-256";
    let same_machine = with_bastion("127.0.0.1", BastionServer::Local);
    assert_eq!(
        hba(&same_machine, server(rules)),
        [("hba-ok", Verdict::Good, "127.0.0.1/32".into())]
    );
    let named = with_bastion("localhost", BastionServer::Local);
    let verdicts = hba(&named, server(rules));
    assert_eq!(verdicts[1], ("hba-uncertain", Verdict::Unknown, "::1/128".into()));

    let mut through = with_bastion("10.0.0.9", BastionServer::Local);
    through.admin.route = Route::Bastion;
    let seen = ServerFacts {
        client: Some("10.0.0.2".parse().unwrap()),
        ..server(rules)
    };
    assert_eq!(hba(&through, seen), [("hba-ok", Verdict::Good, "10.0.0.2/32".into())]);

    let apart = with_bastion("10.0.0.9", BastionServer::Local);
    let resolved = Facts {
        bastion: Resolved::To(vec!["198.51.100.7".parse().unwrap()]),
        ..facts(server(rules))
    };
    let guess = find(&plan(&apart, &resolved), Code::HbaUncertain);
    assert!(
        guess.text.contains("if it is 198.51.100.7/32: no rule of"),
        "{}",
        guess.text
    );
    assert!(guess.advice.unwrap().starts_with("with --via-bastion"));
    // A rule for all addresses decides whatever the address is.
    let open = hba(&apart, server("host all all 0.0.0.0/0 md5"));
    assert_eq!(open, [("hba-ok", Verdict::Good, "ssh.example.com".into())]);
    let unknown = hba(&apart, server(rules));
    assert_eq!(unknown, [("hba-uncertain", Verdict::Unknown, "ssh.example.com".into())]);
}

#[test]
fn the_host_that_is_dialled() {
    let host_codes = |host: &str, port: &str, dialled: Resolved| {
        let mut settings = settings();
        settings.stitch.host = host.parse().unwrap();
        settings.stitch.port = port.parse().unwrap();
        let facts = Facts {
            dialled,
            ..Facts::default()
        };
        let codes = plan(&settings, &facts)
            .into_iter()
            .filter(|f| f.code.as_str().starts_with("host-"));
        codes
            .map(|finding| {
                assert_eq!(finding.verdict, Verdict::Unknown);
                finding.code
            })
            .collect::<Vec<_>>()
    };
    let to = |addresses: &[&str]| Resolved::To(addresses.iter().map(|address| address.parse().unwrap()).collect());
    for host in [
        "/run/postgresql",
        "localhost",
        "127.0.0.1",
        "10.1.2.3",
        "100.64.0.1",
        "192.168.0.1",
        "::1",
    ] {
        assert_eq!(
            host_codes(host, "5432", Resolved::Unknown),
            [Code::HostNotPublic],
            "{host}"
        );
    }
    assert_eq!(host_codes("52.1.2.3", "5432", Resolved::Unknown), []);
    assert_eq!(
        host_codes("2001:db8::1", "5432", Resolved::Unknown),
        [Code::HostIpv6Only]
    );
    assert_eq!(
        host_codes("db.example", "5432", to(&["2001:db8::1"])),
        [Code::HostIpv6Only]
    );
    assert_eq!(
        host_codes("db.example", "5432", to(&["10.0.0.1", "2001:db8::1"])),
        [Code::HostNotPublic]
    );
    assert_eq!(host_codes("db.example", "5432", to(&["10.0.0.1", "52.1.2.3"])), []);
    assert_eq!(
        host_codes("db.example", "5432", Resolved::Failed("no".into())),
        [Code::HostUnresolved]
    );
    for (host, port, code) in [
        (
            "x.cluster-ro-abc.eu-west-1.rds.amazonaws.com",
            "5432",
            Code::HostReadOnly,
        ),
        ("p.proxy-abc.eu-west-1.rds.amazonaws.com", "5432", Code::HostPooler),
        ("ep-x-1-pooler.eu-central-1.aws.neon.tech", "5432", Code::HostPooler),
        ("aws-0.pooler.supabase.com", "6543", Code::HostPooler),
        ("db.db.ondigitalocean.com", "25061", Code::HostPooler),
        ("db.example", "6432", Code::HostPooler),
    ] {
        assert_eq!(host_codes(host, port, Resolved::Unknown), [code], "{host}");
    }
}

#[test]
fn each_provider_gets_its_own_command() {
    for (host, command) in [
        (
            "mydb.abc123.us-east-1.rds.amazonaws.com",
            "aws ec2 authorize-security-group-ingress --region us-east-1 --group-id GROUP --ip-permissions \
             'IpProtocol=tcp,FromPort=5432,ToPort=5432,IpRanges=[{CidrIp=52.23.137.21/32,Description=Stitch},",
        ),
        (
            "dw.postgres.database.azure.com",
            "--server-name dw --name stitch-1 --start-ip-address 52.23.137.21 --end-ip-address 52.23.137.21",
        ),
        (
            "db.abcdef.supabase.co",
            "--project-ref abcdef --append --db-allow-cidr 52.23.137.21/32 --db-allow-cidr",
        ),
        ("ep-x.neon.tech", "neon ip-allow add 52.23.137.21/32 52.204.223.208/32"),
        ("x.db.ondigitalocean.com", "--rule ip_addr:52.204.230.227"),
        ("x.aivencloud.com", "ip_filter=PRESENT,NETWORKS,52.23.137.21/32"),
        (
            "p.abc.db.postgresbridge.com",
            "cb firewall --cluster abc --add 52.23.137.21/32 --add",
        ),
        (
            "db.example.com",
            "ufw allow proto tcp from 52.23.137.21/32 to any port 5432\n",
        ),
    ] {
        let mut settings = settings();
        settings.stitch.host = host.parse().unwrap();
        let finding = find(&plan(&settings, &Facts::default()), Code::FirewallNotChecked);
        let advice = finding.advice.unwrap();
        assert!(advice.contains(command), "{advice}");
    }
    let mut sql = server("");
    sql.provider = Provider::CloudSql;
    let advice = find(&plan(&settings(), &facts(sql)), Code::FirewallNotChecked)
        .advice
        .unwrap();
    assert!(
        advice.contains("--authorized-networks=PRESENT,NETWORKS,52.23.137.21/32,52.204"),
        "{advice}"
    );
}
