//! Tests of what a show uses outside the terminal: the speech program, the page for viewers, files with mistakes.

use super::*;
use crate::support::{PATIENCE, program, wait_for};
use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    time::Instant,
};
use unstuck::tui::live::{Patience, Place, Publisher, Shown, Speech};

/// The time limit for operations that must not wait for another program, on a busy machine. Waiting would take far
/// longer.
const AT_ONCE: Duration = Duration::from_secs(20);

#[cfg(unix)]
fn script(folder: &Path, name: &str, body: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_string_lossy().into_owned()
}

#[cfg(unix)]
#[test]
fn sentences_are_read_one_after_another_as_they_may_be_heard() {
    let folder = tempfile::tempdir().unwrap();
    let heard = folder.path().join("heard");
    let voice = script(folder.path(), "a voice", &format!("cat >> '{}'", heard.display()));
    let mut gear = gear(RUNDOWN);
    gear.voice = Some(Speech::new(&voice, Patience::default()).unwrap());
    let mut air = Air::new(Session::new(), gear);
    air.keys("space");
    air.say(
        0,
        &[
            " that", " it", " fucking", " sank", ".", " Dr", ".", " No", " sang", ".", " So",
            " it", " was",
        ],
    );
    air.pass(20_000);
    let read = || fs::read_to_string(&heard).unwrap_or_default();
    wait_for("two sentences", || read().ends_with("sang.\n").then_some(()));
    assert_eq!(read(), "that it bleep sank.\nDr. No sang.\n");
    // The rest of a take is spoken at its end.
    air.end(0);
    air.pass(5_000);
    wait_for("the sentence", || read().ends_with("So it was\n").then_some(()));
}

#[cfg(unix)]
#[test]
fn a_voice_that_is_missing_fails_or_hangs_is_told_and_stalls_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let patience = |sentence| Patience { sentence, word: Duration::ZERO };
    let hangs = script(folder.path(), "hangs", "sleep 1000");
    let deaf = script(folder.path(), "deaf", "exec 0<&-; sleep 1000");
    let fails = script(folder.path(), "fails", "cat > /dev/null; exit 3");
    let short = Duration::from_millis(300);
    for (voice, longest, says) in [
        ("no-such-voice-anywhere", PATIENCE, "`no-such-voice-anywhere` wasn't found; install it"),
        (&*hangs, short, "doesn't finish, so it was stopped"),
        (&*deaf, short, "doesn't finish, so it was stopped"),
        (&*fails, PATIENCE, "failed to read aloud (exit status: 3)"),
    ] {
        let speech = Speech::new(voice, patience(longest)).unwrap();
        let begun = Instant::now();
        for _ in 0..100 {
            speech.say(&"A long sentence. ".repeat(10_000));
        }
        assert!(begun.elapsed() < AT_ONCE, "saying waits for {voice}");
        let said = wait_for("the error", || speech.trouble());
        assert!(said.contains(says), "{voice}: {said}");
    }
    // On air, the failure is a notice.
    let mut gear = gear(RUNDOWN);
    gear.settings.speak = "no-such-voice-anywhere".into();
    let mut air = Air::new(Session::new(), gear);
    air.keys("v space");
    air.say(0, &[" that", " it", " sank", ".", " It"]);
    air.pass(5_000);
    wait_for("the notice", || {
        air.pass(10);
        air.desk.shown().contains("wasn't found; install it").then_some(())
    });
    assert!(Speech::new("  ", patience(short)).is_err());
}

#[cfg(unix)]
#[test]
fn a_voice_is_silenced_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let alive = folder.path().join("alive");
    let body = format!(
        "(while :; do date +%N > '{}'; sleep 0.02; done) & cat > /dev/null; wait",
        alive.display()
    );
    let voice = script(folder.path(), "voice", &body);
    let speech = Speech::new(&voice, Patience::default()).unwrap();
    speech.say("One.");
    wait_for("the voice", || alive.exists().then_some(()));
    speech.hush();
    let beat = || fs::read_to_string(&alive).unwrap_or_default();
    let mut last = (beat(), Instant::now());
    wait_for("silence", || {
        if beat() != last.0 {
            last = (beat(), Instant::now());
        }
        (last.1.elapsed() > Duration::from_millis(500)).then_some(())
    });
    // Speech works again.
    speech.say("Two.");
    wait_for("the voice", || (beat() != last.0).then_some(()));
    drop(speech);
}

/// Send one request, and return everything until the other side closes.
fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn get(address: SocketAddr, path: &str) -> String {
    ask(address, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n"))
}

#[test]
fn viewers_see_on_their_page_what_is_on_the_screen() {
    let publisher = Publisher::open(&Place::Page(0), &[]).unwrap();
    let address = publisher.address().unwrap();
    assert!(address.ip().is_loopback());
    let mut gear = gear(RUNDOWN);
    gear.publisher = Some(publisher);
    let mut air = Air::new(Session::from_text("secret.draft"), gear);
    let mut events = TcpStream::connect(address).unwrap();
    events.set_read_timeout(Some(PATIENCE)).unwrap();
    events
        .write_all(format!("GET /events HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes())
        .unwrap();
    air.keys("space");
    air.say(0, &[" that", " <b>it</b>", " fucking", " sank", "."]);
    air.end(0);
    air.pass(10_000);
    let text = wait_for("the text", || {
        let text = get(address, "/text");
        text.contains("sank.").then_some(text)
    });
    assert!(text.ends_with("The second was that <b>it</b> ███████ sank."), "{text}");
    let page = get(address, "/");
    assert!(page.contains("that &lt;b&gt;it&lt;/b&gt; ███████ sank.</p>"), "{page}");
    assert!(
        page.contains("Content-Security-Policy: default-src 'none'") && !page.contains("secret")
    );
    assert!(get(address, "/json").contains("\"takes\":[\" that <b>it</b> ███████ sank.\"]"));
    for path in ["/page.js", "/page.css"] {
        assert!(get(address, path).starts_with("HTTP/1.1 200"));
    }
    assert!(get(address, "/etc/passwd").starts_with("HTTP/1.1 404"));
    // Blanking the screen reaches viewers, and so do all words before it, in order.
    air.keys("b");
    wait_for("an empty page", || get(address, "/text").ends_with("\r\n\r\n").then_some(()));
    let mut told = Vec::new();
    let mut piece = [0; 4096];
    while !String::from_utf8_lossy(&told).contains("{\"prompt\":\"\",\"takes\":[]}\n\n") {
        let read = events.read(&mut piece).unwrap();
        assert!(read > 0, "the stream ended");
        told.extend_from_slice(&piece[..read]);
    }
    let told = String::from_utf8_lossy(&told).into_owned();
    assert!(told.contains("data: {\"prompt\":\"There were three rules"), "{told}");
    assert!(!told.contains("fuck") && told.contains("text/event-stream"));
    // Off air, the page is no longer served.
    drop(air);
    wait_for("the port to close", || TcpStream::connect(address).is_err().then_some(()));
}

#[test]
fn a_page_answers_nobody_who_came_by_another_name_and_waits_for_nobody() {
    let mut publisher = Publisher::open(&Place::Page(0), &[]).unwrap();
    let address = publisher.address().unwrap();
    publisher.show(Shown { prompt: "The boat.".into(), takes: Vec::new(), ..Shown::default() });
    let evil = format!("GET /text HTTP/1.1\r\nHost: evil.example:{}\r\n\r\n", address.port());
    let answer = ask(address, &evil);
    assert!(answer.starts_with("HTTP/1.1 403") && !answer.contains("boat"), "{answer}");
    let cross =
        format!("GET /text HTTP/1.1\r\nHost: {address}\r\nOrigin: https://evil.example\r\n\r\n");
    assert!(ask(address, &cross).starts_with("HTTP/1.1 403"));
    let post = format!("POST / HTTP/1.1\r\nHost: {address}\r\n\r\n");
    assert!(ask(address, &post).starts_with("HTTP/1.1 405"));
    let long = format!("GET / HTTP/1.1\r\nHost: {address}\r\nX: {}\r\n\r\n", "x".repeat(9000));
    let mut stream = TcpStream::connect(address).unwrap();
    let _ = stream.write_all(long.as_bytes());
    let mut answer = [0; 12];
    if stream.read_exact(&mut answer).is_ok() {
        assert_eq!(&answer, b"HTTP/1.1 431");
    }
    // Clients that connect and send nothing must not block others.
    let _silent: Vec<_> = (0..20).map(|_| TcpStream::connect(address).unwrap()).collect();
    wait_for("an answer", || get(address, "/text").ends_with("The boat.").then_some(()));
    // Neither must one that never reads.
    let mut deaf = TcpStream::connect(address).unwrap();
    deaf.write_all(format!("GET /events HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes()).unwrap();
    let begun = Instant::now();
    for n in 0..200 {
        publisher.show(Shown {
            prompt: format!("{n} {}", "x".repeat(50_000)),
            takes: Vec::new(),
            ..Shown::default()
        });
    }
    assert!(begun.elapsed() < AT_ONCE);
    wait_for("the last text", || get(address, "/text").contains("\r\n\r\n199 xxx").then_some(()));
}

#[test]
fn a_port_that_is_taken_is_told_with_the_way_out() {
    let publisher = Publisher::open(&Place::Page(0), &[]).unwrap();
    let port = publisher.address().unwrap().port();
    let error = Publisher::open(&Place::Page(port), &[]).err().unwrap().to_string();
    assert!(
        error.contains(&format!("port {port} is taken by another program; choose another")),
        "{error}"
    );
}

#[test]
fn a_place_for_viewers_is_a_file_or_this_machine() {
    for (text, place) in [
        ("http://127.0.0.1:8124", Some(Place::Page(8124))),
        ("http://localhost:8124/", Some(Place::Page(8124))),
        ("shown.txt", Some(Place::File("shown.txt".into()))),
        ("http://0.0.0.0:8124", None),
        ("http://192.168.0.7:8124", None),
        ("https://127.0.0.1:8124", None),
        ("http://127.0.0.1", None),
        ("http://127.0.0.1:0", None),
        ("http://127.0.0.1:99999", None),
        ("http://evil.example:80", None),
        ("", None),
    ] {
        assert_eq!(text.parse::<Place>().ok(), place, "{text}");
    }
}

#[test]
fn a_file_for_viewers_is_always_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shown.txt");
    let mut publisher = Publisher::open(&Place::File(file.clone()), &[]).unwrap();
    let whole = |n: usize| format!("{n}:{}", "x".repeat(n * 100));
    for n in 0..100 {
        publisher.show(Shown { prompt: whole(n), takes: Vec::new(), ..Shown::default() });
        // Before the first text there is no file.
        let text = fs::read_to_string(&file).unwrap_or_default();
        let number = text.split(':').next().and_then(|n| n.parse().ok());
        assert!(text.is_empty() || Some(&text) == number.map(whole).as_ref(), "a torn file");
    }
    let shown = || fs::read_to_string(&file).unwrap_or_default();
    wait_for("the last text", || (shown() == whole(99)).then_some(()));
    drop(publisher);
    assert_eq!(fs::read_to_string(&file).unwrap(), "");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let nowhere = Place::File(folder.path().join("no/such/folder"));
    let error = Publisher::open(&nowhere, &[]).err().unwrap();
    assert!(format!("{error:#}").contains("there is no folder"), "{error:#}");
}

/// The program itself, started on air with a mistake in a file: it reports the mistake before it opens the screen.
#[test]
fn mistakes_are_told_before_the_show() {
    let folder = tempfile::tempdir().unwrap();
    let rundown = folder.path().join("show.md");
    fs::write(&rundown, "# Show\n\n## a\nsead: 3\n\nx\n").unwrap();
    let list = folder.path().join("list.txt");
    fs::write(&list, "ok\nx\n").unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let page = format!("http://{}", taken.local_addr().unwrap());
    let path = |path: &Path| path.to_string_lossy().into_owned();
    for (args, code, says) in [
        (
            vec!["--live", "--rundown", &path(&rundown)],
            1,
            "line 4: there is no setting `sead`; did you mean `seed`?",
        ),
        (vec!["--live", "--rundown", "none.md"], 1, "the rundown none.md"),
        (
            vec!["--live", "--bleep", &path(&list)],
            1,
            "list.txt: line 2: `x`: expected a word of two letters",
        ),
        (vec!["--live", "--overlay", &page], 1, "is taken by another program"),
        (
            vec!["--live", "--overlay", "http://10.0.0.1:80"],
            2,
            "only this machine may see the page",
        ),
        (vec!["--live", "--pace", "1"], 2, "expected a number from 20 to 900"),
        (vec!["--rundown", &path(&rundown)], 2, "--live"),
        (vec!["--live", "generate", "x"], 2, "leave one of them out"),
        (vec!["--live"], 1, "needs a terminal"),
    ] {
        let output = program::unstuck(folder.path()).args(&args).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        assert!(said.starts_with("unstuck: ") && said.contains(says), "{args:?}: {said}");
    }
}
