use super::*;
use crate::world::login_observer::limits::LONGEST_WORDS;

/// `AuthenticationSASL`, `AuthenticationOk`, a parameter, the process, ready: in pieces of every length.
#[test]
fn a_login_is_read_however_it_is_cut() {
    let mut login = b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0R\0\0\0\x08\0\0\0\0".to_vec();
    login.extend(b"S\0\0\0\x09K\0on\0K\0\0\0\x0c\0\0\x12\x34\0\0\0\x01Z\0\0\0\x05IK\0\0\0\x0c\0\0\0\0\0\0\0\0");
    for size in 1..login.len() {
        let tap = LoginObserver::default();
        login.chunks(size).for_each(|part| tap.raw(part).unwrap());
        let seen = tap.seen();
        assert_eq!(
            (seen.method, seen.process),
            (Some(AuthRequest::Scram), Some(0x1234)),
            "{size}"
        );
        assert!(seen.authenticated.is_some());
    }
}

fn answered() -> LoginObserver {
    let tap = LoginObserver::default();
    tap.expect(Begins::Answer, Guard::default());
    tap
}

/// The server, or who stands between, chooses the bytes, and must not choose where the login is read.
#[test]
fn no_first_byte_hides_what_is_asked() {
    let asks = |begins, bytes: &[u8]| {
        let tap = LoginObserver::default();
        let guard = Guard {
            methods: None,
            network: true,
        };
        tap.expect(begins, guard);
        let heard = bytes.chunks(1).try_for_each(|byte| tap.raw(byte));
        heard.is_err()
    };
    let clear_text = b"R\0\0\0\x08\0\0\0\x03";
    assert!(asks(Begins::Message, clear_text));
    assert!(
        !asks(Begins::Message, b"R\0\0\0\x0c\0\0\0\x05salt"),
        "md5 is no clear text"
    );
    for first in 0..=u8::MAX {
        let bytes = [&[first][..], clear_text].concat();
        assert_eq!(asks(Begins::Answer, &bytes), first != b'S', "{first}");
    }
    // A notice first, which tokio-postgres takes for the end of the login, hides nothing.
    assert!(asks(Begins::Message, &[&b"N\0\0\0\x05x"[..], clear_text].concat()));
    assert!(asks(Begins::Message, &[&b"S\0\0\0\x08a\0b\0"[..], clear_text].concat()));
}

#[test]
fn what_is_encrypted_is_not_read() {
    let tap = answered();
    tap.raw(b"S").unwrap();
    tap.raw(b"K\0\0\0\x0c\0\0\0\x07\0\0\0\x01").unwrap();
    assert_eq!((tap.seen().first_byte, tap.seen().process), (Some(b'S'), None));
    tap.decrypted(b"K\0\0\0\x0c\0\0\0\x07\0\0\0\x01").unwrap();
    assert_eq!(tap.seen().process, Some(7));
}

#[test]
fn a_refusal_of_tls_is_no_message() {
    let tap = answered();
    tap.raw(b"N").unwrap();
    tap.raw(b"K\0\0\0\x0c\0\0\0\x07\0\0\0\x01").unwrap();
    assert_eq!(tap.seen().process, Some(7));
}

#[test]
fn rounds_are_counted_before_they_are_computed() {
    for (rounds, refused) in [
        ("4096", None),
        ("100000", None),
        ("100001", Some(100_001)),
        ("99999999999999999999", Some(u64::MAX)),
    ] {
        let body = format!("r=abc,s=c2FsdA==,i={rounds}");
        let length = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
        let message = [b"R", &length[..], &11_u32.to_be_bytes(), body.as_bytes()].concat();
        for size in 1..message.len() {
            let tap = answered();
            tap.raw(b"N").unwrap();
            let read = message.chunks(size).try_for_each(|part| tap.raw(part));
            let excess = read.err().and_then(|error| LimitExceeded::behind(&error));
            assert_eq!(
                excess,
                refused.map(LimitExceeded::Rounds),
                "{rounds} in pieces of {size}"
            );
        }
    }
}

#[test]
fn what_does_not_end_is_refused() {
    let tap = answered();
    let notice = [&b"N\0\0\0\x68"[..], &[b'x'; 100]].concat();
    tap.raw(b"N").unwrap();
    let notices = LONGEST_LOGIN / notice.len();
    assert_eq!((0..=notices).filter(|_| tap.raw(&notice).is_err()).count(), 1);
    let tap = answered();
    tap.raw(b"NZ\0\0\0\x05I").unwrap();
    assert!(
        (0..=notices).all(|_| tap.raw(&notice).is_ok()),
        "after the login there may be many"
    );
    assert!(tap.raw(b"D\x7f\xff\xff\xff").is_err());
    let tap = answered();
    tap.raw(b"NZ\0\0\0\x05I").unwrap();
    assert!(tap.raw(b"E\0\x20\0\0").is_err(), "an error of 2 MB");
    let tap = answered();
    tap.raw(b"NZ\0\0\0\x05I").unwrap();
    let setting = [&b"S\0\0\0\x68"[..], &[b'x'; 100]].concat();
    let settings = LONGEST_WORDS / 100;
    assert_eq!((0..=settings).filter(|_| tap.raw(&setting).is_err()).count(), 1);
}
