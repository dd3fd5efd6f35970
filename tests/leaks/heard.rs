//! Every signal ends the run, whatever it is doing. All limits of the run are ten minutes, and each peer stays as it is
//! until the end of the test: only the signal can have ended the run.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use rustix::fs::OFlags;

use crate::cure::ssh_user::scene::Scene;
use crate::leaks::floods;
use crate::support::process::{DEADLINE, Running, exit_code, poll, wait};
use crate::support::wizard::PASSWORD;
use crate::support::{BastionOptions, Need, Place, Program, stitch_pg, world};

const SIGNALS: [&str; 3] = ["INT", "TERM", "HUP"];

/// By far longer than any signal takes, by far shorter than anything else that could end the run.
const SOON: Duration = Duration::from_secs(20);

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl stitch";

/// Sends the signals and sees the end of the run, whose standard input and output stay open.
#[track_caller]
fn ends(what: &str, signals: &[&str], mut running: Running) {
    for signal in signals {
        running.signal(signal);
    }
    let status = wait(&mut running.child, SOON);
    assert_eq!(status.map(exit_code), Some(130), "{what}, {signals:?}");
}

fn asked(flags: &[&str]) -> Program {
    stitch_pg(Place::Here)
        .args(["check", "--no-input", "--timeout", "600", "--region", "europe"])
        .args(["--admin-user", "postgres"])
        .args(flags)
        .env("PGPASSWORD", "x")
        .env("STITCH_PG_PASSWORD", PASSWORD)
}

/// A peer that reports when the run has come as far as it lets it; it keeps the connection.
fn peer(treat: fn(&mut TcpStream, &Sender<()>)) -> (String, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let (reached, is_reached) = channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().filter_map(Result::ok) {
            let reached = reached.clone();
            thread::spawn(move || {
                treat(&mut stream, &reached);
                // Until the other side is gone.
                while stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {}
            });
        }
    });
    (port.to_string(), is_reached)
}

fn says(stream: &mut TcpStream, words: &[u8], reached: &Sender<()>) {
    let _ = stream.write_all(words);
    let _ = reached.send(());
}

/// Repeats it without end; a megabyte of it was accepted, so it is being read.
fn floods(stream: &mut TcpStream, begins: &[u8], words: &[u8], reached: &Sender<()>) {
    let many = words.repeat(4096 / words.len() + 1);
    let mut sent = 0;
    let mut going = stream.write_all(begins).is_ok();
    while going {
        going = stream.write_all(&many).is_ok();
        sent += many.len();
        if sent > 64 << 10 {
            let _ = reached.send(());
        }
    }
}

/// Goes on a little ten times a second: not enough for a bound in ten minutes.
fn drips(stream: &mut TcpStream, begins: &[u8], words: &[u8], reached: &Sender<()>) {
    let mut going = stream.write_all(begins).is_ok();
    while going {
        going = stream.write_all(words).is_ok();
        let _ = reached.send(());
        thread::sleep(Duration::from_millis(100));
    }
}

type Treat = fn(&mut TcpStream, &Sender<()>);

#[test]
fn while_a_peer_is_waited_for() {
    let postgres: [(&str, Treat); 4] = [
        ("PostgreSQL that says nothing", |stream, reached| {
            says(stream, b"", reached);
        }),
        ("PostgreSQL in the middle of TLS", |stream, reached| {
            let _ = stream.read(&mut [0; 8]);
            says(stream, b"S", reached);
        }),
        ("PostgreSQL in the middle of SCRAM", |stream, reached| {
            let _ = stream.read(&mut [0; 8]);
            let _ = stream.write_all(b"N");
            let _ = stream.read(&mut [0; 512]);
            says(stream, b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0", reached);
        }),
        ("PostgreSQL that answers with notices", |stream, reached| {
            floods::login(stream);
            floods(stream, b"", &floods::notice(), reached);
        }),
    ];
    for (what, treat) in postgres {
        for signal in SIGNALS {
            let (port, reached) = peer(treat);
            let running = asked(&["--only", "database", "--host", "127.0.0.1", "--port", &port]).start();
            reached.recv_timeout(DEADLINE).expect(what);
            ends(what, &[signal], running);
        }
    }
    let ssh: [(&str, Treat); 4] = [
        ("SSH that says nothing", |stream, reached| says(stream, b"", reached)),
        ("SSH in the middle of the key exchange", |stream, reached| {
            says(stream, b"SSH-2.0-OpenSSH_9.2\r\n\0\0\x04", reached);
        }),
        ("SSH with lines before its greeting", |stream, reached| {
            drips(stream, b"", b"no greeting\r\n", reached);
        }),
        ("SSH with packets for nobody", |stream, reached| {
            drips(stream, floods::GREETING, &floods::packet(80)[..8], reached);
        }),
    ];
    for (what, treat) in ssh {
        for signal in SIGNALS {
            let (port, reached) = peer(treat);
            let bastion = format!("root@127.0.0.1:{port}");
            let flags = [
                "--only",
                "ssh-user",
                "--bastion",
                &bastion,
                "--public-key",
                KEY,
                "--host",
                "db",
            ];
            let running = asked(&flags).args(["--bastion-identity", "/nowhere/key"]).start();
            reached.recv_timeout(DEADLINE).expect(what);
            ends(what, &[signal], running);
        }
    }
    for signal in SIGNALS {
        let (port, reached) = peer(|stream, reached| {
            let _ = stream.read(&mut [0; 4096]);
            says(stream, b"HTTP/1.1 200 OK\r\nX: ", reached);
        });
        let url = format!("http://127.0.0.1:{port}");
        let flags = [
            "--only",
            "registration",
            "--register",
            "--insecure-api",
            "--no-ssl",
            "--host",
            "db",
        ];
        let program = asked(&flags)
            .args(["--api-url", &url])
            .env("STITCH_ACCESS_TOKEN", "ac_x");
        let running = program.start();
        reached.recv_timeout(DEADLINE).expect("the API");
        ends("Stitch's API in the middle of a head", &[signal], running);
    }
}

/// It might go on with such a server for ever, because nothing else ends it.
#[test]
fn the_ssh_that_a_run_started_ends_with_it() {
    for signal in SIGNALS {
        let (port, heard) = peer(|stream, heard| {
            says(stream, floods::GREETING, heard);
            while stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {}
            let _ = heard.send(());
        });
        let bastion = format!("root@127.0.0.1:{port}");
        let flags = [
            "--only",
            "ssh-user",
            "--host",
            "db",
            "--public-key",
            KEY,
            "--bastion",
            &bastion,
        ];
        let running = asked(&flags).args(["--ssh-command", "ssh"]).start();
        heard.recv_timeout(DEADLINE).expect("ssh connects");
        ends("the machine's own ssh", &[signal], running);
        heard.recv_timeout(DEADLINE).expect("ssh is gone");
    }
}

/// A pipe that has a writer who writes nothing, from the moment the run has opened it.
fn opened(fifo: &Path) -> File {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).expect("a flag");
    poll(DEADLINE, || {
        OpenOptions::new().write(true).custom_flags(flags).open(fifo).ok()
    })
    .expect("the run opens it")
}

#[test]
fn while_a_file_is_read_that_does_not_end() {
    for signal in SIGNALS {
        for flag in ["--config", "--password-file", "--hba-file", "--public-key-file"] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let fifo = folder.path().join("fifo");
            rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)
                .expect("a pipe");
            let name = fifo.display().to_string();
            let (port, _reached) = peer(|stream, reached| says(stream, b"", reached));
            let program = stitch_pg(Place::Here)
                .args(["check", "--no-input", "--yes", "--timeout", "600", "--region", "europe"])
                .args([
                    "--admin-user",
                    "postgres",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    &port,
                    flag,
                    &name,
                ])
                .env("PGPASSWORD", "x");
            let running = program.start();
            let writer = opened(&fifo);
            ends(flag, &[signal], running);
            drop(writer);
        }
        let running = asked(&["--host", "db", "--public-key-file", "-"]).start();
        let mut running = running;
        let mut stdin = running.child.stdin.take().expect("the pipe asked for");
        stdin.write_all(b"ssh-ed25519 ").expect("it is there");
        poll(DEADLINE, || {
            rustix::io::ioctl_fionread(&stdin)
                .is_ok_and(|left| left == 0)
                .then_some(())
        })
        .expect("it reads");
        ends("standard input", &[signal], running);
        drop(stdin);
    }
}

/// What Linux gives a pipe.
const PIPE: u64 = 64 << 10;

/// The run's own thread is in a write that does not come back.
#[test]
fn while_nobody_reads_what_it_says() {
    for signals in [&["INT"][..], &["TERM"], &["HUP"], &["INT", "INT"]] {
        let running = stitch_pg(Place::Here).args(["completions", "bash"]).start();
        let pipe = running.child.stdout.as_ref().expect("the pipe asked for");
        poll(DEADLINE, || {
            rustix::io::ioctl_fionread(pipe)
                .is_ok_and(|there| there == PIPE)
                .then_some(())
        })
        .expect("the pipe is full");
        ends("a full pipe", signals, running);
    }
}

/// The C library's look-up cannot be called off, and libssh2's agent cannot either.
#[test]
fn while_a_name_server_or_an_agent_does_not_answer() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    // No machine is at 198.51.100.77, so a query to it gets no answer.
    world.sh(
        "on ops sh -c 'ip neigh add 198.51.100.77 lladdr 02:00:00:00:00:77 nud permanent dev \
         $(ip -o -4 addr show to 198.51.100.10 | cut -d\" \" -f2)'",
    );
    world.sh("printf 'nameserver 198.51.100.77\\noptions timeout:30 attempts:5\\n' >/etc/resolv.conf");
    let agent = world.outside(world.dir().join("tmp/agent"));
    let listener = std::os::unix::net::UnixListener::bind(&agent).expect("a socket");
    let (asked, is_asked) = channel();
    thread::spawn(move || {
        let kept: Vec<_> = listener
            .incoming()
            .flatten()
            .inspect(|_| {
                let _ = asked.send(());
            })
            .collect();
        drop(kept);
    });
    for signal in SIGNALS {
        let program = scene.program("check", "root", "stitch").args(["--timeout", "600"]);
        let program = program.env("SSH_AUTH_SOCK", world.dir().join("tmp/agent"));
        let running = program.start();
        is_asked.recv_timeout(DEADLINE).expect("the agent is asked");
        ends("an agent that does not answer", &[signal], running);

        let running = stitch_pg(&scene.ops)
            .args([
                "check",
                "--no-input",
                "--only",
                "database",
                "--timeout",
                "600",
                "--admin-user",
                "postgres",
            ])
            .args(["--host", "db.example.com"])
            .env("PGPASSWORD", "x")
            .start();
        poll(DEADLINE, || {
            let sockets = world.sh("on ops cat /proc/net/udp");
            sockets.contains(":0035 ").then_some(())
        })
        .expect("the name server is asked");
        ends("a name server that does not answer", &[signal], running);
    }
}
