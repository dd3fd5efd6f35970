//! Errors as documented, and answers as no good API gives them: slow, broken, cut, huge, and meant to do harm.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use openssl::ssl::{SslAcceptor, SslFiletype, SslMethod};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::stitch::{FakeStitch, TOKEN, destination};
use super::{PASSWORD, alone, changes, said, there};
use crate::support::Certificates;
use crate::support::process::{DEADLINE, poll};
use crate::support::wizard::Said;

fn refused(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

const LIST: &str = "/v4/destinations";

#[test]
fn documented_errors_say_what_next() {
    for (status, body, parts) in [
        (
            400,
            json!("you are at your destination limit"),
            ["as many destinations as its plan allows", "--destination-id ID"],
        ),
        (
            400,
            json!({"code": 400, "message": "an account can have at most one destination"}),
            ["plan allows", "--destination-id"],
        ),
        (
            400,
            json!({"error": "InvalidProperties", "data": {"message": "properties do not match schema",
                "bad_properties": ["ssl", {"name": "port"}], "report_card": {}}}),
            [
                "InvalidProperties: properties do not match schema: bad properties ssl, port [400]",
                "next: ",
            ],
        ),
        (
            401,
            json!({"message": "no"}),
            ["does not accept the token: no [401]", "Standard does not"],
        ),
        (403, json!("no"), ["does not allow this", "Standard may not"]),
        (404, json!("no"), ["does not know that address: no [404]", "--api-url"]),
        (429, json!("slow down"), ["received too many requests", "some minutes"]),
        (
            502,
            json!("bad gateway"),
            ["Stitch has a problem of its own", "Stitch may have done it"],
        ),
        (418, json!([TOKEN, PASSWORD]), ["***", "[418]"]),
    ] {
        let stitch = FakeStitch::start();
        stitch.with(|state| state.instead.push(("POST", LIST, refused(status, &body))));
        let setup = said("setup", &stitch, &["--yes"]).exits(1);
        for part in parts {
            assert!(setup.error().contains(part), "{part:?} in {setup}");
        }
        assert!(setup.error().starts_with("Failed to create the destination"), "{setup}");
        // Telling is never tried a second time.
        assert_eq!(stitch.changes().len(), 1);
    }
    let stitch = FakeStitch::start();
    let wrong = alone("check", &stitch.url())
        .env("STITCH_ACCESS_TOKEN", "at_wrong")
        .run();
    let wrong = Said::of(wrong).exits(1);
    assert!(
        wrong.error().contains("invalid token") && !wrong.error().contains("at_wrong"),
        "{wrong}"
    );
    let stitch = FakeStitch::start();
    let mut moved = there();
    moved["port"] = json!("1");
    stitch.with(|state| {
        state.destinations.push(destination(7, "postgres", &moved));
        let gone = refused(400, &json!("invalid connection id"));
        state.instead.push(("PUT", "/v4/destinations/7", gone));
    });
    let gone = said("setup", &stitch, &["--yes"]).exits(1);
    assert!(gone.error().contains("no destination with that number"), "{gone}");
}

#[test]
fn only_looking_is_tried_again() {
    let trouble = || refused(503, &json!("later"));
    let stitch = FakeStitch::start();
    stitch.with(|state| state.instead = vec![("GET", LIST, trouble()), ("GET", LIST, trouble())]);
    said("check", &stitch, &[]).exits(3);
    stitch.with(|state| state.instead = (0..4).map(|_| ("GET", LIST, trouble())).collect());
    let check = said("check", &stitch, &[]).exits(1);
    assert!(
        check.error().contains("has a problem of its own: later [503]"),
        "{check}"
    );
    assert_eq!(stitch.with(|state| state.instead.len()), 1, "three times and no more");
}

/// An empty list would be followed by a second destination.
#[test]
fn what_is_no_list_is_not_taken_for_an_empty_one() {
    for body in [
        "{}",
        "null",
        "\"x\"",
        "<html>Sign in to the hotel's network</html>",
        "",
        "[",
        "[]]",
        "\u{0}",
    ] {
        let stitch = FakeStitch::start();
        let odd = ResponseTemplate::new(200).set_body_string(body);
        stitch.with(|state| state.instead.push(("GET", LIST, odd)));
        let setup = said("setup", &stitch, &["--yes"]).exits(1);
        assert!(
            setup.error().contains("not a list") || setup.error().contains("not JSON"),
            "{setup}"
        );
        assert_eq!(changes(&stitch), json!([]));
    }
}

#[test]
fn an_answer_that_says_nothing_is_followed_by_a_look() {
    for body in ["", "{}", "[1,", "{\"id\": \"../../x\", \"updated_at\": 7}"] {
        let stitch = FakeStitch::start();
        stitch.with(|state| {
            let said = ResponseTemplate::new(201).set_body_string(body);
            state.instead.push(("POST", LIST, said));
        });
        let setup = said("setup", &stitch, &["--yes"]).exits(1);
        assert!(setup.error().contains("the server does not show them"), "{setup}");
        assert_eq!(stitch.changes().len(), 1);
    }
}

#[test]
fn what_the_other_side_says_does_no_harm() {
    let stitch = FakeStitch::start();
    stitch.with(|state| {
        let mut evil = destination(1, "postgres", &there());
        evil["name"] = json!(format!("\u{1b}]0;owned\u{7}{TOKEN}\u{202e}\n{}", "x".repeat(5000)));
        state.destinations = vec![
            evil,
            json!({"id": "1/../../../v3/x", "type": "postgres", "properties": there()}),
        ];
    });
    let check = said("check", &stitch, &[]).exits(0);
    let ready = check.has("destination-ready", "good");
    assert!(
        ready.len() < 800 && !ready.contains('\u{1b}') && !ready.contains('\u{202e}'),
        "{ready:?}"
    );
    let asked = stitch.with(|state| {
        state
            .requests
            .iter()
            .map(|request| request.1.clone())
            .collect::<Vec<_>>()
    });
    assert!(asked.iter().all(|path| !path.contains("..")), "{asked:?}");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep = ResponseTemplate::new(200).set_body_string(deep);
    stitch.with(|state| state.instead.push(("GET", LIST, deep)));
    said("check", &stitch, &[]).exits(1);
}

/// A server of one answer, given again and again; how often it was asked.
struct Raw {
    address: String,
    asked: Arc<AtomicUsize>,
}

impl Raw {
    fn start(answer: impl Fn(&mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("its address"));
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 4096]);
                answer(&mut stream);
            }
        });
        Self { address, asked }
    }

    /// Says it and ends, and still reads what was asked: a connection that is closed with bytes unread is reset, and
    /// takes the answer with it.
    fn saying(text: &'static str) -> Self {
        Self::start(move |stream| {
            let _ = stream.write_all(text.as_bytes());
            let _ = stream.shutdown(Shutdown::Write);
            let _ = std::io::copy(stream, &mut std::io::sink());
        })
    }

    #[track_caller]
    fn error(&self) -> String {
        let said = Said::of(alone("check", &self.address).args(["--timeout", "2"]).run()).exits(1);
        said.error().to_owned()
    }
}

#[test]
fn broken_answers_are_named() {
    for (answer, part) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[]", "the answer of"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[",
            "the answer of",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[",
            "the answer of",
        ),
        ("SSH-2.0-OpenSSH_9.6\r\n", "gives no answer"),
        ("", "gives no answer"),
        (
            "HTTP/1.1 301 Moved\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n",
            "redirects to https://evil.example/ [301]",
        ),
        (
            "HTTP/1.1 307 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
            "stitch-pg does not follow",
        ),
    ] {
        let raw = Raw::saying(answer);
        let error = raw.error();
        assert!(error.contains(part) && error.contains("next: "), "{answer:?}: {error}");
        assert_eq!(raw.asked.load(Ordering::SeqCst), 1, "{answer:?}: {error}");
    }
}

#[test]
fn slow_and_endless_answers_are_left() {
    let silent = Raw::start(|stream| drop(stream.read(&mut [0; 1])));
    assert!(silent.error().contains("gives no answer: timed out"));
    let dripping = Raw::start(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n[");
        while stream.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let error = dripping.error();
    assert!(error.contains("does not end in time"), "{error}");
    let endless = Raw::start(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[");
        while stream.write_all(&[b' '; 1 << 13]).is_ok() {}
    });
    let error = endless.error();
    assert!(error.contains("is longer than"), "{error}");
    let headers = Raw::start(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"X-More: and more\r\n").is_ok() {}
    });
    assert!(headers.error().contains("gives no answer"));
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", nobody.local_addr().expect("its address"));
    drop(nobody);
    let refused = Said::of(alone("check", &address).run()).exits(1);
    assert!(refused.error().contains("gives no answer"), "{refused}");
}

/// A request that Stitch may have received is not reported as not made.
#[test]
fn a_cut_connection_leaves_it_open_whether_it_was_done() {
    let stitch = FakeStitch::start();
    stitch.with(|state| {
        let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(20));
        state.instead.push(("POST", LIST, slow));
    });
    let setup = said("setup", &stitch, &["--yes", "--timeout", "1"]).exits(1);
    assert!(
        setup.error().contains("Stitch may have done it; run stitch-pg check"),
        "{setup}"
    );
    assert_eq!(stitch.changes().len(), 1);
}

#[test]
fn the_certificate_is_verified() {
    let serve = |certificates: &Certificates| {
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).expect("TLS");
        acceptor
            .set_private_key_file(certificates.key(), SslFiletype::PEM)
            .expect("a key");
        acceptor
            .set_certificate_chain_file(certificates.certificate())
            .expect("a certificate");
        let acceptor = acceptor.build();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(Ok(mut stream)) = stream.map(|stream| acceptor.accept(stream)) else {
                    continue;
                };
                let mut asked = [0; 4096];
                let length = stream.read(&mut asked).unwrap_or_default();
                let is_type = String::from_utf8_lossy(&asked[..length]).contains("destination-types");
                let body = if is_type { "{}" } else { "[]" };
                let length = body.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                );
                let _ = stream.shutdown();
            }
        });
        port
    };
    let right = Certificates::for_names(&["localhost"]);
    let port = serve(&right);
    let ask = |host: &str, authority: &Certificates| {
        let program = alone("check", &format!("https://{host}:{port}"));
        Said::of(program.env("SSL_CERT_FILE", authority.ca()).run())
    };
    ask("localhost", &right).exits(3);
    for (host, authority) in [
        ("127.0.0.1", &right),
        ("localhost", &Certificates::for_names(&["localhost"])),
    ] {
        let said = ask(host, authority).exits(1);
        assert!(said.error().contains("certificate verify failed"), "{said}");
        assert!(said.error().contains("SSL_CERT_FILE"), "{said}");
    }
}

/// In the middle of a question, and of the change itself: then it is not known whether that was made.
#[test]
fn ctrl_c_while_stitch_does_not_answer() {
    for (method, path) in [("GET", "/v4/destinations"), ("POST", "/v4/destinations")] {
        let stitch = FakeStitch::start();
        let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(60));
        stitch.with(|state| state.instead.push((method, path, slow)));
        let running = alone("setup", &stitch.url()).arg("--yes").start();
        let waiting = poll(DEADLINE, || stitch.with(|state| state.instead.is_empty()).then_some(()));
        assert!(waiting.is_some(), "{method}: it never came to asking");
        let began = Instant::now();
        running.signal("INT");
        let output = running.finish(DEADLINE);
        assert_eq!(output.status, Some(130), "{method}: {}", output.stderr);
        assert!(began.elapsed() < Duration::from_secs(30), "{method}: it was waited for");
        said("setup", &stitch, &["--yes"]).exits(0);
        said("setup", &stitch, &["--yes"]).exits(0).plans(&[]);
        assert_eq!(stitch.with(|state| state.destinations.len()), 1, "{method}");
    }
}
