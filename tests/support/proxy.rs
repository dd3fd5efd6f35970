//! A proxy between a client and a PostgreSQL server that counts messages and round trips and breaks connections.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::process::Running;
use super::{Place, Postgres};

/// Where a proxy listens, or what it connects to.
///
/// The proxy lives in the test's process, outside every world. Into a world it reaches through Unix sockets, which
/// are files; see [`super::Place::outside`].
#[derive(Clone, Debug)]
pub(crate) enum Endpoint {
    /// TCP; to listen on port 0 is to listen on a free one.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

/// Who sends a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The program under test.
    Client,
    /// PostgreSQL.
    Server,
}

/// How a connection breaks. The proxy has passed on the message that triggers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Both ends see the connection closed.
    Close,
    /// Nothing comes any more, and nothing says so.
    Stall,
    /// Both ends see the connection reset (RST). Unix sockets know no such thing: there it is [`Fault::Close`].
    Reset,
    /// Nothing is passed on, in either direction of any connection, until [`CountingProxy::release`].
    Hold,
}

/// What a proxy has counted, over all its connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Connections.
    pub(crate) connections: usize,
    /// Messages of the clients, start-up messages included.
    pub(crate) client_messages: usize,
    /// Messages of the server, the one-byte answers to a request for encryption included.
    pub(crate) server_messages: usize,
    /// Round trips: how often a client spoke first, or again after the server had.
    pub(crate) flights: usize,
    /// The messages' types in the order in which they passed: `Client` or `Server` and the type byte; 0 for a
    /// start-up message or a one-byte answer.
    pub(crate) messages: Vec<(Side, u8)>,
}

/// When to break a connection.
#[derive(Clone, Debug)]
enum Trigger {
    /// After so many more messages of that side.
    Messages(Side, usize),
    /// After a message of the client that holds this.
    Text(Vec<u8>),
}

#[derive(Default)]
struct State {
    counts: Counts,
    last_speaker: Option<Side>,
    delay: Duration,
    fault: Option<(Trigger, Fault)>,
    broken: usize,
    /// A [`Fault::Hold`] is on.
    held: bool,
    /// How often the stalled connections were given up.
    given_up: usize,
    /// What passes is no PostgreSQL: whatever is read at a time counts as a message.
    chunks: bool,
    /// What has to stand behind every user, and is taken off on the way to the server.
    project: Option<String>,
    /// What the clients are answered to their wish for TLS, in the server's place.
    tls_answer: Option<Vec<u8>>,
}

/// See the module's description. It ends, and its connections with it, when this value is dropped.
pub(crate) struct CountingProxy {
    state: Arc<Mutex<State>>,
    ended: Arc<AtomicBool>,
    listen: Endpoint,
    port: u16,
    /// The folder of its socket as the clients' place sees it.
    folder: PathBuf,
    relays: Vec<Running>,
}

impl CountingProxy {
    /// Starts a proxy.
    #[track_caller]
    pub(crate) fn start(listen: &Endpoint, target: Endpoint) -> Self {
        let (listener, listen) = Listener::bind(listen).unwrap_or_else(|error| panic!("{listen:?}: {error}"));
        let (folder, port) = match &listen {
            Endpoint::Tcp(address) => (PathBuf::from(address.ip().to_string()), address.port()),
            Endpoint::Unix(path) => (path.parent().map(PathBuf::from).unwrap_or_default(), 5432),
        };
        let state = Arc::new(Mutex::new(State::default()));
        let ended = Arc::new(AtomicBool::new(false));
        let (shared, over) = (Arc::clone(&state), Arc::clone(&ended));
        thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok(client) => serve(client, &target, &shared, &over),
                    Err(_) => thread::sleep(Duration::from_millis(2)),
                }
            }
        });
        Self {
            state,
            ended,
            listen,
            port,
            folder,
            relays: Vec::new(),
        }
    }

    /// Starts a proxy before a server, for programs that run where the server does: they reach it at
    /// [`CountingProxy::socket_dir`] as they would the server at its own one, with [`CountingProxy::port`].
    #[track_caller]
    pub(crate) fn before(server: &Postgres<'_>) -> Self {
        let folder = server.socket_dir().join(format!("proxy{}", server.next_proxy()));
        let outside = Place::from(server).outside(&folder);
        std::fs::create_dir(&outside).unwrap_or_else(|error| panic!("{}: {error}", outside.display()));
        let name = format!(".s.PGSQL.{}", server.port());
        let mut proxy = Self::start(&Endpoint::Unix(outside.join(name)), Endpoint::Unix(server.socket()));
        proxy.folder = folder;
        proxy.port = server.port();
        proxy
    }

    /// The same over TCP: programs reach it at the server's address and `port`, the server sees TCP connections, and
    /// its rules for them apply. Inside a world relays carry the bytes out to this process and in again.
    #[track_caller]
    pub(crate) fn tcp_before(server: &Postgres<'_>, port: u16) -> Self {
        let place = Place::from(server);
        let address = |port: u16| Endpoint::Tcp(SocketAddr::new(server.host().parse().expect("an IP address"), port));
        if matches!(place, Place::Here) {
            return Self::start(&address(port), address(server.port()));
        }
        let folder = server.socket_dir().join(format!("proxy{}", server.next_proxy()));
        let mut proxy = Self::within(&place, &folder, &address(port), &address(server.port()));
        proxy.folder = PathBuf::from(server.host());
        proxy.port = port;
        proxy
    }

    /// The same before anything that is no PostgreSQL, at a place of a world: `folder` is one to be made there.
    #[track_caller]
    pub(crate) fn before_any(place: &Place, folder: &Path, listen: SocketAddr, target: SocketAddr) -> Self {
        let proxy = Self::within(place, folder, &Endpoint::Tcp(listen), &Endpoint::Tcp(target));
        proxy.lock().chunks = true;
        proxy
    }

    /// Relays carry the bytes out of a place to this process and in again.
    #[track_caller]
    fn within(place: &Place, folder: &Path, listen: &Endpoint, target: &Endpoint) -> Self {
        let outside = place.outside(folder);
        std::fs::create_dir(&outside).unwrap_or_else(|error| panic!("{}: {error}", outside.display()));
        let [enters, leaves] = ["in", "out"].map(|name| Endpoint::Unix(outside.join(name)));
        let mut proxy = Self::start(&enters, leaves);
        let [enters, leaves] = ["in", "out"].map(|name| Endpoint::Unix(folder.join(name)));
        proxy.relays.push(relay_at(place, &leaves, target));
        proxy.relays.push(relay_at(place, listen, &enters));
        proxy
    }

    /// The folder of its Unix socket, for a client where the server is; with TCP: its address.
    pub(crate) fn socket_dir(&self) -> PathBuf {
        self.folder.clone()
    }

    /// The port, or the one in its socket's name.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What it has counted since the start, or the last [`CountingProxy::reset`].
    pub(crate) fn counts(&self) -> Counts {
        self.lock().counts.clone()
    }

    /// Counts from 0 again.
    pub(crate) fn reset(&self) {
        let mut state = self.lock();
        state.counts = Counts::default();
        state.last_speaker = None;
    }

    /// Holds everything back for so long, in each direction.
    pub(crate) fn delay(&self, delay: Duration) {
        self.lock().delay = delay;
    }

    /// The round trips of `run`, which receives how often it ran before: the least of a few runs, the first that is within the
    /// bound.
    ///
    /// Messages of several connections count as one round trip where no answer comes between them. So each message is held
    /// back, and for twice as long in each run: on a slow machine too, what is sent side by side comes before the answers.
    pub(crate) fn least_round_trips(&self, bound: usize, run: impl Fn(u32)) -> usize {
        let mut least = usize::MAX;
        for attempt in 0..6 {
            let delay = Duration::from_millis(40) * 2_u32.pow(attempt);
            self.delay(delay);
            self.reset();
            let began = Instant::now();
            run(attempt);
            let (counts, took) = (self.counts(), began.elapsed());
            println!("round trips of {:?}: {}, in {took:?}", 2 * delay, counts.flights);
            assert!(counts.connections <= 5, "{counts:?}");
            least = least.min(counts.flights);
            if least <= bound {
                break;
            }
        }
        least
    }

    /// Breaks a connection once so many more messages of that side have passed. Happens once.
    pub(crate) fn cut_after(&self, side: Side, messages: usize, fault: Fault) {
        self.lock().fault = Some((Trigger::Messages(side, messages), fault));
    }

    /// Breaks a connection once a client's message that holds this text has been delivered: the server may carry it
    /// out, and the client never receives it. Upper and lower case are one. Happens once.
    pub(crate) fn cut_on(&self, text: &str, fault: Fault) {
        self.lock().fault = Some((Trigger::Text(text.to_ascii_lowercase().into_bytes()), fault));
    }

    /// Is everything held back by a [`Fault::Hold`]?
    pub(crate) fn holds(&self) -> bool {
        self.lock().held
    }

    /// Lets everything pass again, and closes what was stalled, as the network does in the end. A fault that has not
    /// happened yet will not.
    pub(crate) fn release(&self) {
        let mut state = self.lock();
        state.held = false;
        state.fault = None;
        state.given_up += 1;
    }

    /// Becomes a pooler for many projects: `USER.PROJECT` is `USER` to the server, and other connections are closed.
    pub(crate) fn route_by_user(&self, project: &str) {
        self.lock().project = Some(format!(".{project}\0"));
    }

    /// Becomes an attacker who takes TLS away: the request for it is answered here, and the server never receives it.
    pub(crate) fn answer_tls(&self, answer: &[u8]) {
        self.lock().tls_answer = Some(answer.to_vec());
    }

    /// How often a client has sent a password or what stands for one.
    pub(crate) fn passwords(&self) -> usize {
        let counts = self.counts();
        counts
            .messages
            .iter()
            .filter(|message| **message == (Side::Client, b'p'))
            .count()
    }

    /// How many connections it has broken.
    pub(crate) fn broken(&self) -> usize {
        self.lock().broken
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for CountingProxy {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Endpoint::Unix(path) = &self.listen {
            // Its folder may be gone already.
            drop(std::fs::remove_file(path));
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Connects to the target and moves messages both ways, in threads of their own.
fn serve(client: Stream, target: &Endpoint, state: &Arc<Mutex<State>>, ended: &Arc<AtomicBool>) {
    // A server that is down: the client sees its connection closed.
    let Ok(server) = Stream::connect(target) else { return };
    lock(state).counts.connections += 1;
    let connection = Arc::new(Connection::default());
    if let Ok(back) = client.try_clone() {
        *connection.back.lock().unwrap_or_else(PoisonError::into_inner) = Some(back);
    }
    let ends = (client.try_clone(), server.try_clone());
    let (Ok(client_writer), Ok(server_writer)) = ends else {
        return;
    };
    for (side, from, to) in [
        (Side::Client, client, server_writer),
        (Side::Server, server, client_writer),
    ] {
        let pump = Pump {
            side,
            state: Arc::clone(state),
            connection: Arc::clone(&connection),
            ended: Arc::clone(ended),
        };
        thread::spawn(move || pump.run(from, to));
    }
}

/// What both directions of a connection know.
#[derive(Default)]
struct Connection {
    /// One-byte answers that the server still owes.
    answers: Mutex<VecDeque<()>>,
    /// The way back to the client, for answers in the server's place.
    back: Mutex<Option<Stream>>,
    closed: AtomicBool,
    /// A fault has happened: no message that comes later is passed on, in either direction.
    muted: AtomicBool,
    /// And the fault is that the connection stays open.
    stalled: AtomicBool,
    /// How often the stalled connections had been given up by then.
    stalled_in: AtomicUsize,
    /// And the fault is a reset.
    reset: AtomicBool,
    /// Encrypted: bytes pass, messages cannot be distinguished.
    opaque: AtomicBool,
}

struct Pump {
    side: Side,
    state: Arc<Mutex<State>>,
    connection: Arc<Connection>,
    ended: Arc<AtomicBool>,
}

impl Pump {
    /// Is it stalled, and was it given up since?
    fn given_up(&self) -> bool {
        let before = self.connection.stalled_in.load(Ordering::Relaxed);
        self.connection.stalled.load(Ordering::Relaxed) && lock(&self.state).given_up > before
    }

    fn over(&self) -> bool {
        self.ended.load(Ordering::Relaxed) || self.connection.closed.load(Ordering::Relaxed)
    }

    fn run(&self, mut from: Stream, to: Stream) {
        let (sender, queue) = mpsc::channel::<(Instant, Vec<u8>)>();
        let connection = Arc::clone(&self.connection);
        let writer = thread::spawn(move || write_late(&queue, to, &connection));
        let mut framer = Framer {
            starting: self.side == Side::Client,
            bytes: Vec::new(),
        };
        let mut chunk = [0; 16384];
        // The end of the proxy has to be noticed, too.
        if from.set_read_timeout(Duration::from_millis(50)).is_ok() {
            while !self.over() && !self.given_up() {
                match from.read(&mut chunk) {
                    Ok(0) => break,
                    Ok(length) => {
                        if !self.pass(&mut framer, &chunk[..length], &sender) {
                            break;
                        }
                    }
                    Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
                    Err(_) => break,
                }
            }
        }
        drop(sender);
        // A panic of the writer has been printed.
        drop(writer.join());
        if self.connection.stalled.load(Ordering::Relaxed) {
            while !self.over() && !self.given_up() {
                thread::sleep(Duration::from_millis(20));
            }
            if self.ended.load(Ordering::Relaxed) {
                return;
            }
        }
        self.connection.closed.store(true, Ordering::Relaxed);
        from.end(&self.connection);
    }

    /// Passes on what came; `false` when the connection is to be closed.
    fn pass(&self, framer: &mut Framer, bytes: &[u8], out: &mpsc::Sender<(Instant, Vec<u8>)>) -> bool {
        let delay = lock(&self.state).delay;
        // The writer is gone only where its end of the connection is.
        let send = |bytes: Vec<u8>| drop(out.send((Instant::now() + delay, bytes)));
        if self.connection.muted.load(Ordering::Relaxed) {
            return true; // read and forgotten, until the other direction closes the connection
        }
        if lock(&self.state).chunks {
            return self.forward(0, bytes.to_vec(), &send);
        }
        if self.connection.opaque.load(Ordering::Relaxed) {
            lock(&self.state).speaks(self.side);
            send(bytes.to_vec());
            return true;
        }
        framer.bytes.extend_from_slice(bytes);
        loop {
            let message = if self.side == Side::Server && self.owes_answer() && !framer.bytes.is_empty() {
                let answer = framer.bytes.remove(0);
                self.answers().pop_front();
                // 'S': TLS, 'G': GSSAPI follow. 'N': neither. 'E': an error message of an old server.
                self.connection
                    .opaque
                    .store(matches!(answer, b'S' | b'G'), Ordering::Relaxed);
                Some((0, vec![answer]))
            } else {
                framer.next()
            };
            let Some((kind, message)) = message else { return true };
            if self.side == Side::Client && kind == 0 && is_request_for_encryption(&message) {
                let answer = lock(&self.state).tls_answer.clone();
                if let Some(answer) = answer {
                    let mut back = self.connection.back.lock().unwrap_or_else(PoisonError::into_inner);
                    // A client that is gone needs no answer.
                    drop(back.as_mut().map(|back| back.write_all(&answer)));
                    if answer != b"N" {
                        self.connection.muted.store(true, Ordering::Relaxed);
                        return true;
                    }
                    continue;
                }
                self.answers().push_back(());
            }
            let mut message = message;
            if self.side == Side::Client && kind == 0 && !is_request_for_encryption(&message) {
                let project = lock(&self.state).project.clone();
                match project.map(|project| without_project(&message, &project)) {
                    Some(Some(routed)) => message = routed,
                    Some(None) => return false,
                    None => {}
                }
            }
            if !self.forward(kind, message, &send) {
                return false;
            }
            if self.connection.muted.load(Ordering::Relaxed) {
                return true;
            }
        }
    }

    /// Counts a message, waits while all are held, and passes it on; `false` when the connection is to be closed then.
    fn forward(&self, kind: u8, message: Vec<u8>, send: &dyn Fn(Vec<u8>)) -> bool {
        let fault = {
            // Under one lock, so that no answer to the message slips through before the fault.
            let mut state = lock(&self.state);
            while state.held && !self.over() {
                drop(state);
                thread::sleep(Duration::from_millis(1));
                state = lock(&self.state);
            }
            if self.connection.muted.load(Ordering::Relaxed) {
                return true;
            }
            let fault = state.count(self.side, kind, &message);
            if fault == Some(Fault::Hold) {
                state.held = true;
                drop(state);
                send(message);
                return true;
            }
            let flags = &self.connection;
            flags.muted.store(fault.is_some(), Ordering::Relaxed);
            flags.stalled_in.store(state.given_up, Ordering::Relaxed);
            flags.stalled.store(fault == Some(Fault::Stall), Ordering::Relaxed);
            flags.reset.store(fault == Some(Fault::Reset), Ordering::Relaxed);
            fault
        };
        send(message);
        !matches!(fault, Some(Fault::Close | Fault::Reset))
    }

    fn answers(&self) -> MutexGuard<'_, VecDeque<()>> {
        self.connection.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn owes_answer(&self) -> bool {
        !self.answers().is_empty()
    }
}

/// A start-up message whose user has lost its project; nothing where it has none.
fn without_project(message: &[u8], project: &str) -> Option<Vec<u8>> {
    let (user, suffix) = (b"user\0".as_slice(), project.as_bytes());
    let from = message.windows(user.len()).position(|part| part == user)? + user.len();
    let length = message[from..].iter().position(|byte| *byte == 0)? + 1;
    let name = message[from..from + length].strip_suffix(suffix)?;
    let mut routed = [&message[..from], name, b"\0", &message[from + length..]].concat();
    let length = u32::try_from(routed.len()).ok()?.to_be_bytes();
    routed[..4].copy_from_slice(&length);
    Some(routed)
}

/// Writes what comes in the queue, each when it is due.
fn write_late(queue: &mpsc::Receiver<(Instant, Vec<u8>)>, mut to: Stream, connection: &Connection) {
    for (due, bytes) in queue {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if to.write_all(&bytes).is_err() {
            break;
        }
    }
    if !connection.stalled.load(Ordering::Relaxed) {
        to.end(connection);
    }
}

impl State {
    fn speaks(&mut self, side: Side) {
        if side == Side::Client && self.last_speaker != Some(Side::Client) {
            self.counts.flights += 1;
        }
        self.last_speaker = Some(side);
    }

    /// Counts a message; the fault that it triggers.
    fn count(&mut self, side: Side, kind: u8, message: &[u8]) -> Option<Fault> {
        self.speaks(side);
        match side {
            Side::Client => self.counts.client_messages += 1,
            Side::Server => self.counts.server_messages += 1,
        }
        self.counts.messages.push((side, kind));
        let (trigger, fault) = self.fault.as_mut()?;
        let fault = *fault;
        let hit = match trigger {
            Trigger::Messages(counted, left) => {
                if *counted == side {
                    *left = left.saturating_sub(1);
                }
                *counted == side && *left == 0
            }
            Trigger::Text(text) => {
                let message = message.to_ascii_lowercase();
                side == Side::Client && message.windows(text.len().max(1)).any(|part| part == text.as_slice())
            }
        };
        if !hit {
            return None;
        }
        self.fault = None;
        self.broken += 1;
        Some(fault)
    }
}

/// Cuts a stream into messages of the protocol's version 3.
struct Framer {
    /// The next message has no type byte.
    starting: bool,
    bytes: Vec<u8>,
}

impl Framer {
    fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        let at = usize::from(!self.starting);
        let length = u32::from_be_bytes(self.bytes.get(at..at + 4)?.try_into().ok()?) as usize + at;
        if self.bytes.len() < length.max(at + 4) {
            return None;
        }
        let rest = self.bytes.split_off(length.max(at + 4));
        let message = std::mem::replace(&mut self.bytes, rest);
        if !self.starting {
            return Some((message[0], message));
        }
        self.starting = is_request_for_encryption(&message);
        Some((0, message))
    }
}

/// `SSLRequest` or `GSSENCRequest`, which are answered by one byte and followed by a start-up message?
fn is_request_for_encryption(message: &[u8]) -> bool {
    message.len() == 8 && matches!(message[4..], [4, 0xd2, 0x16, 0x2f | 0x30])
}

/// The variable that makes a test binary a relay: "LISTEN TARGET".
const RELAY: &str = "STITCH_PG_TEST_RELAY";

/// A way out for programs that run where a server does: what they send to this port of their own loopback reaches a port
/// of the test's process. The port, and what must live as long as the way.
#[track_caller]
pub(crate) fn way_out(server: &Postgres<'_>, port: u16, target: u16) -> (u16, Vec<Running>) {
    let place = Place::from(server);
    if matches!(place, Place::Here) {
        return (target, Vec::new());
    }
    let loopback = |port: u16| Endpoint::Tcp(SocketAddr::from(([127, 0, 0, 1], port)));
    let door = server.socket_dir().join(format!("door{}", server.next_proxy()));
    let outside = Endpoint::Unix(place.outside(&door));
    let relays = vec![
        relay_at(&Place::Here, &outside, &loopback(target)),
        relay_at(&place, &loopback(port), &Endpoint::Unix(door)),
    ];
    (port, relays)
}

/// Starts this test binary again, inside a world, where it only carries bytes from one endpoint to another.
#[track_caller]
fn relay_at(place: &Place, listen: &Endpoint, target: &Endpoint) -> Running {
    let this = std::env::current_exe().expect("a test is a program");
    let (_, module) = module_path!().split_once("::").expect("this is a module");
    let mut command = place.command(this);
    command
        .args(["--exact", &format!("{module}::relay"), "--nocapture"])
        .env(RELAY, format!("{listen} {target}"));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    let mut child = super::spawn(&mut command);
    let mut lines = BufReader::new(child.stdout.take().expect("the pipe asked for"))
        .lines()
        .map_while(Result::ok);
    let ready = lines.any(|line| line.ends_with(RELAY));
    // The harness of the other process goes on to write there.
    thread::spawn(move || lines.for_each(drop));
    assert!(ready, "no relay from {listen} to {target}");
    Running::new(child, place.clone())
}

/// Not a test, but what `relay_at` runs: std alone cannot enter a network namespace with one thread only.
#[test]
fn relay() {
    let Ok(spec) = std::env::var(RELAY) else { return };
    let (listen, target) = spec.split_once(' ').expect("two endpoints");
    let target = Endpoint::parse(target);
    let (listener, _) = Listener::bind(&Endpoint::parse(listen)).expect("an endpoint to listen on");
    println!("{RELAY}");
    loop {
        let Ok(client) = listener.accept() else {
            thread::sleep(Duration::from_millis(2));
            continue;
        };
        let Ok(server) = Stream::connect(&target) else { continue };
        let (Ok(client_writer), Ok(server_writer)) = (client.try_clone(), server.try_clone()) else {
            continue;
        };
        for (mut from, mut to) in [(client, server_writer), (server, client_writer)] {
            thread::spawn(move || {
                // Either end may go away at any time; then the other one goes, too.
                drop(io::copy(&mut from, &mut to));
                from.end(&Connection::default());
                to.end(&Connection::default());
            });
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(formatter),
            Self::Unix(path) => path.display().fmt(formatter),
        }
    }
}

impl Endpoint {
    /// What [`fmt::Display`] wrote.
    fn parse(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Unix(PathBuf::from(text)), Self::Tcp)
    }
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    /// Non-blocking, and the endpoint with the port that was found.
    fn bind(endpoint: &Endpoint) -> io::Result<(Self, Endpoint)> {
        Ok(match endpoint {
            Endpoint::Tcp(address) => {
                let listener = TcpListener::bind(address)?;
                listener.set_nonblocking(true)?;
                let address = listener.local_addr()?;
                (Self::Tcp(listener), Endpoint::Tcp(address))
            }
            Endpoint::Unix(path) => {
                let listener = UnixListener::bind(path)?;
                listener.set_nonblocking(true)?;
                // For clients that are another user, such as the one of an unprivileged test.
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777))?;
                (Self::Unix(listener), Endpoint::Unix(path.clone()))
            }
        })
    }

    fn accept(&self) -> io::Result<Stream> {
        let stream = match self {
            Self::Tcp(listener) => Stream::Tcp(listener.accept()?.0),
            Self::Unix(listener) => Stream::Unix(listener.accept()?.0),
        };
        match &stream {
            Stream::Tcp(stream) => {
                stream.set_nonblocking(false)?;
                stream.set_nodelay(true)?;
            }
            Stream::Unix(stream) => stream.set_nonblocking(false)?,
        }
        Ok(stream)
    }
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    fn connect(endpoint: &Endpoint) -> io::Result<Self> {
        Ok(match endpoint {
            Endpoint::Tcp(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_nodelay(true)?;
                Self::Tcp(stream)
            }
            Endpoint::Unix(path) => Self::Unix(UnixStream::connect(path)?),
        })
    }

    fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(stream) => Self::Tcp(stream.try_clone()?),
            Self::Unix(stream) => Self::Unix(stream.try_clone()?),
        })
    }

    fn set_read_timeout(&self, timeout: Duration) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_read_timeout(Some(timeout)),
            Self::Unix(stream) => stream.set_read_timeout(Some(timeout)),
        }
    }

    /// Ends the connection, in the way that the fault wants, if there was one.
    fn end(&self, connection: &Connection) {
        if let (Self::Tcp(stream), true) = (self, connection.reset.load(Ordering::Relaxed)) {
            // The reset goes out when the last descriptor is closed, which both directions are about to do.
            let _ = rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO));
            return;
        }
        // Fails only where the other end has closed it already.
        drop(match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
        });
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
