//! The page for viewers: a small HTTP server on the loopback address. It serves one page, and an event stream of what is
//! shown. It refuses requests for another host name (DNS rebinding), and takes no input.

mod request;

use super::shown::Shown;
use crate::clean::encode;
use request::{Answer, read};
use std::{
    io::{self, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::Duration,
};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The most viewers at once. Each has an event stream.
const VIEWERS: usize = 32;
/// The most requests that are read at once; further callers are disconnected.
const CALLERS: usize = 64;
/// How long the listener rests when the system has no descriptor for a caller.
const REST: Duration = Duration::from_millis(100);
/// The write timeout. A viewer that is slower is disconnected.
const PATIENCE: Duration = Duration::from_millis(500);
/// The interval of keep-alive comments, which detect closed connections.
const ALIVE: Duration = Duration::from_secs(15);

/// Serves the page until the show is over.
pub fn serve(listener: TcpListener, own: SocketAddr, shown: Receiver<Shown>) {
    let (calls, inbox) = mpsc::channel();
    let accepted = calls.clone();
    let builder = thread::Builder::new().name("overlay's listener".into());
    let callers = move || listener.accept().map(|(stream, _)| stream);
    let listener = move || {
        listen(callers, || thread::sleep(REST), move |stream| read(stream, own), &accepted);
    };
    if builder.spawn(listener).is_err() {
        return;
    }
    let news = thread::Builder::new().name("overlay's news".into());
    let forward = move || {
        for shown in shown {
            if calls.send(Call::Shown(shown)).is_err() {
                return;
            }
        }
        let _ = calls.send(Call::Over);
    };
    if news.spawn(forward).is_err() {
        return;
    }
    tell(&inbox);
    // Wakes the thread that accepts connections, so that it ends.
    let _ = TcpStream::connect_timeout(&own, PATIENCE);
}

/// A message to the loop that writes to viewers.
enum Call {
    Shown(Shown),
    /// A request for the event stream.
    Viewer(TcpStream),
    /// Any other request.
    Once(TcpStream, Answer),
    Over,
    /// Tests whether the loop still runs.
    Ping,
}

/// Sends each change to all viewers, and answers requests.
fn tell(inbox: &Receiver<Call>) {
    let mut viewers: Vec<TcpStream> = Vec::new();
    let mut now = Shown::default();
    loop {
        let line = match inbox.recv_timeout(ALIVE) {
            Ok(Call::Over) | Err(RecvTimeoutError::Disconnected) => return,
            Ok(Call::Ping) => continue,
            Ok(Call::Shown(shown)) => {
                now = shown;
                event(&now)
            }
            Ok(Call::Once(mut stream, answer)) => {
                respond(&mut stream, answer, &now);
                continue;
            }
            Ok(Call::Viewer(mut stream)) => {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";
                let begun = format!("{head}{HEADERS}\r\n{}", event(&now));
                let _ = stream.set_write_timeout(Some(PATIENCE));
                if viewers.len() < VIEWERS && stream.write_all(begun.as_bytes()).is_ok() {
                    viewers.push(stream);
                }
                continue;
            }
            Err(RecvTimeoutError::Timeout) => ":\n\n".to_owned(),
        };
        viewers.retain_mut(|viewer| viewer.write_all(line.as_bytes()).is_ok());
    }
}

/// A server-sent event: JSON on one line, so that text can't break out of it.
fn event(shown: &Shown) -> String {
    format!("data: {}\n\n", serde_json::to_string(shown).unwrap_or_default())
}

/// Headers of every response: no caching, no framing, no sniffing, nothing loaded from elsewhere. Styles within the page
/// are allowed: streaming programs insert their users' own.
const HEADERS: &str = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\
    Referrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n\
    Content-Security-Policy: default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'\r\nConnection: close\r\n";

fn respond(stream: &mut TcpStream, answer: Answer, now: &Shown) {
    let (status, kind, body) = match answer {
        Answer::Page => ("200 OK", "text/html", PAGE.replace("{text}", &encode(&now.text()))),
        Answer::Style => ("200 OK", "text/css", STYLE.to_owned()),
        Answer::Script => ("200 OK", "text/javascript", SCRIPT.to_owned()),
        Answer::Text => ("200 OK", "text/plain", now.text()),
        Answer::Json => {
            ("200 OK", "application/json", serde_json::to_string(now).unwrap_or_default())
        }
        Answer::Events => return,
        Answer::Refused(status) => (status, "text/plain", format!("{status}\n")),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {}\r\n{HEADERS}\r\n",
        body.len()
    );
    let _ = stream.set_write_timeout(Some(PATIENCE));
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body.as_bytes());
}

/// Accepts connections until the loop has ended, and rests after a failure. Each request is read on its own thread,
/// because clients may be slow.
fn listen(
    mut accept: impl FnMut() -> io::Result<TcpStream>,
    mut rest: impl FnMut(),
    read: impl Fn(TcpStream) -> Option<(TcpStream, Answer)> + Clone + Send + 'static,
    calls: &Sender<Call>,
) {
    let callers = Arc::new(AtomicUsize::new(0));
    loop {
        let Ok(stream) = accept() else {
            // The caller is still waiting, so the next attempt would fail at once.
            rest();
            if calls.send(Call::Ping).is_err() {
                return;
            }
            continue;
        };
        // The loop has ended: so does this thread.
        if calls.send(Call::Ping).is_err() {
            return;
        }
        if callers.load(Ordering::Relaxed) >= CALLERS {
            continue;
        }
        callers.fetch_add(1, Ordering::Relaxed);
        let (calls, callers, read) = (calls.clone(), callers.clone(), read.clone());
        let work = move || {
            let request = read(stream);
            callers.fetch_sub(1, Ordering::Relaxed);
            let Some((stream, answer)) = request else { return };
            let _ = calls.send(match answer {
                Answer::Events => Call::Viewer(stream),
                answer => Call::Once(stream, answer),
            });
        };
        if thread::Builder::new().name("overlay's request".into()).spawn(work).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{io::Read, net::Ipv4Addr, sync::Mutex};

    /// Longer than any test waits for something that happens.
    const LONG: Duration = Duration::from_secs(30);

    /// Both ends of a connection.
    fn connection(listener: &TcpListener) -> (TcpStream, TcpStream) {
        let caller = TcpStream::connect(listener.local_addr().expect("bound")).expect("a listener");
        caller.set_read_timeout(Some(LONG)).expect("a timeout");
        (caller, listener.accept().expect("a caller").0)
    }

    fn listener() -> TcpListener {
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port")
    }

    #[test]
    fn without_descriptors_the_listener_rests_and_goes_on() {
        const EMFILE: i32 = 24;
        let (_caller, stream) = connection(&listener());
        let mut answers = vec![
            Err(io::Error::from_raw_os_error(EMFILE)),
            Ok(stream),
            Err(io::Error::from_raw_os_error(EMFILE)),
            Err(io::Error::from_raw_os_error(EMFILE)),
        ];
        let (calls, inbox) = mpsc::channel();
        let mut inbox = Some(inbox);
        let mut rests = 0;
        let accept = || {
            let next = answers.pop();
            if next.is_none() {
                // The show is over. What came before is in the inbox.
                let inbox = inbox.take().expect("one end");
                let mut came = std::iter::from_fn(|| inbox.recv_timeout(LONG).ok());
                let came = came.find(|call| matches!(call, Call::Once(..)));
                assert!(matches!(came, Some(Call::Once(_, Answer::Text))));
            }
            next.unwrap_or_else(|| Err(io::ErrorKind::Other.into()))
        };
        listen(accept, || rests += 1, |stream| Some((stream, Answer::Text)), &calls);
        assert_eq!(rests, 4, "once after each failure");
    }

    #[test]
    fn callers_above_the_limit_are_disconnected() {
        let listener = listener();
        let (mut callers, mut streams): (Vec<_>, Vec<_>) =
            (0..CALLERS + 3).map(|_| connection(&listener)).unzip();
        streams.reverse();
        let (calls, inbox) = mpsc::channel();
        let (open, gate) = mpsc::channel::<()>();
        // No request is complete before the gate is opened.
        let gate = Arc::new(Mutex::new(gate));
        let read = move |stream| {
            let _ = gate.lock().expect("not poisoned").recv();
            Some((stream, Answer::Text))
        };
        let mut inbox = Some(inbox);
        let accept = || {
            streams.pop().ok_or_else(|| {
                for (number, caller) in callers.iter_mut().enumerate().skip(CALLERS) {
                    let ended = caller.read(&mut [0]).expect("disconnected");
                    assert_eq!(ended, 0, "caller {number}");
                }
                for caller in &mut callers[..CALLERS] {
                    caller.set_nonblocking(true).expect("set");
                    let waits = caller.read(&mut [0]).expect_err("the request is being read");
                    assert_eq!(waits.kind(), io::ErrorKind::WouldBlock);
                }
                drop(inbox.take());
                io::ErrorKind::Other.into()
            })
        };
        listen(accept, || (), read, &calls);
        drop(open);
    }
}
