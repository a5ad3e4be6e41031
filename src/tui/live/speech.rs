//! Text to speech by an external program that reads standard input. It is run for one sentence after another, on a
//! thread of its own; the show never waits for it.

use anyhow::{Context, Result, bail};
use std::{
    io::{ErrorKind, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver, Sender, TryRecvError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// The interval for checking whether the program has ended or must be stopped.
const LOOK: Duration = Duration::from_millis(20);
/// The time limit for a sentence, plus the limit for each word. After that the program is stopped.
const PATIENCE: Duration = Duration::from_secs(15);
const PATIENCE_A_WORD: Duration = Duration::from_secs(2);
/// The most sentences in the queue. When it is full, the oldest is dropped.
const QUEUE: usize = 8;

/// A message to the thread.
enum Word {
    Say(String),
    Hush,
}

/// A voice. Dropping it stops it.
pub struct Speech {
    words: Option<Sender<Word>>,
    thread: Option<JoinHandle<()>>,
    troubles: Receiver<String>,
    name: String,
}

/// Time limits. Tests use shorter ones.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For each sentence.
    pub sentence: Duration,
    /// For each of its words.
    pub word: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { sentence: PATIENCE, word: PATIENCE_A_WORD }
    }
}

impl Speech {
    /// A voice: a program and its arguments, separated by spaces. The program is started for each sentence.
    ///
    /// # Errors
    /// No program is given, or the thread can't be started.
    pub fn new(program: &str, patience: Patience) -> Result<Self> {
        // A path may contain spaces.
        let mut parts = if Path::new(program).is_file() {
            vec![program.to_owned()]
        } else {
            program.split_whitespace().map(str::to_owned).collect()
        };
        if parts.is_empty() {
            bail!("there is no program to read aloud; choose one with --speak, like espeak-ng");
        }
        let name = parts.remove(0);
        let (words, inbox) = mpsc::channel();
        let (tell, troubles) = mpsc::channel();
        let work = Work { program: name.clone(), arguments: parts, patience, inbox, tell };
        let thread = thread::Builder::new()
            .name("voice".into())
            .spawn(move || work.run())
            .context("the thread that reads aloud can't be started")?;
        Ok(Self { words: Some(words), thread: Some(thread), troubles, name })
    }

    /// Adds a sentence to the queue.
    pub fn say(&self, sentence: &str) {
        let sentence = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
        self.tell(Word::Say(sentence));
    }

    /// Stops speaking and empties the queue.
    pub fn hush(&self) {
        self.tell(Word::Hush);
    }

    fn tell(&self, word: Word) {
        // If the thread has ended, it has reported why.
        if let Some(words) = &self.words {
            let _ = words.send(word);
        }
    }

    /// The last error since the last call.
    pub fn trouble(&self) -> Option<String> {
        self.troubles.try_iter().last()
    }

    /// The name of the program.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Speech {
    /// Stops the program, so that it doesn't speak on after this one has ended.
    fn drop(&mut self) {
        self.hush();
        self.words = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The state of the thread.
struct Work {
    program: String,
    arguments: Vec<String>,
    patience: Patience,
    inbox: Receiver<Word>,
    tell: Sender<String>,
}

/// How a sentence ended.
enum Ending {
    Said,
    Hushed,
    Over,
    Failed(String),
}

impl Work {
    fn run(self) {
        let mut queue: Vec<String> = Vec::new();
        loop {
            if queue.is_empty() {
                match self.inbox.recv() {
                    Ok(Word::Say(sentence)) => queue.push(sentence),
                    Ok(Word::Hush) => {}
                    Err(_) => return,
                }
                continue;
            }
            let sentence = queue.remove(0);
            match self.say(&sentence, &mut queue) {
                Ending::Said => {}
                Ending::Hushed => queue.clear(),
                Ending::Over => return,
                Ending::Failed(why) => {
                    // The next sentence would fail too.
                    queue.clear();
                    let _ = self.tell.send(why);
                }
            }
        }
    }

    fn say(&self, sentence: &str, queue: &mut Vec<String>) -> Ending {
        let name = &self.program;
        let mut child = match self.begin() {
            Ok(child) => child,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ending::Failed(format!(
                    "`{name}` wasn't found; install it, or choose another program with --speak"
                ));
            }
            Err(error) => return Ending::Failed(format!("`{name}` can't be started: {error}")),
        };
        if let Some(mut stdin) = child.stdin.take() {
            // On another thread, because a program that doesn't read would block.
            let line = format!("{sentence}\n");
            let write = move || {
                let _ = stdin.write_all(line.as_bytes());
            };
            if thread::Builder::new().name("voice's words".into()).spawn(write).is_err() {
                end(&mut child);
                return Ending::Failed(
                    "the thread that writes to the voice can't be started".into(),
                );
            }
        }
        let words = u32::try_from(sentence.split_whitespace().count()).unwrap_or(u32::MAX);
        let patience = self.patience.sentence + self.patience.word.saturating_mul(words);
        let begun = Instant::now();
        loop {
            match child.try_wait() {
                Ok(Some(status)) if status.success() => return Ending::Said,
                Ok(Some(status)) => {
                    return Ending::Failed(format!("`{name}` failed to read aloud ({status})"));
                }
                Ok(None) => {}
                Err(error) => {
                    end(&mut child);
                    return Ending::Failed(format!("`{name}`: {error}"));
                }
            }
            match self.inbox.try_recv() {
                Ok(Word::Say(next)) => {
                    if queue.len() == QUEUE {
                        queue.remove(0);
                    }
                    queue.push(next);
                    continue;
                }
                Ok(Word::Hush) => {
                    end(&mut child);
                    return Ending::Hushed;
                }
                Err(TryRecvError::Disconnected) => {
                    end(&mut child);
                    return Ending::Over;
                }
                Err(TryRecvError::Empty) => {}
            }
            if begun.elapsed() > patience {
                end(&mut child);
                return Ending::Failed(format!(
                    "`{name}` doesn't finish, so it was stopped; choose another program with --speak"
                ));
            }
            thread::sleep(LOOK);
        }
    }

    fn begin(&self) -> std::io::Result<Child> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // In a process group of its own, so that its children can be stopped too.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn()
    }
}

/// Kills a program and its children.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    // It may have ended already.
    let _ = child.kill();
    let _ = child.wait();
}
