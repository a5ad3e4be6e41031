//! Reading aloud by a program on this machine that reads standard input: one sentence after another, on a thread of its
//! own. Whatever the program does, or doesn't, nobody waits for it.

use anyhow::{Context, Result, bail};
use std::{
    io::{ErrorKind, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver, Sender, TryRecvError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How often it is looked whether a program has ended, or is to.
const LOOK: Duration = Duration::from_millis(20);
/// A sentence may take so long, and so much more for each of its words; then the program hangs.
const PATIENCE: Duration = Duration::from_secs(15);
const PATIENCE_A_WORD: Duration = Duration::from_secs(2);
/// The most sentences that wait; a voice that lags so far behind is let off the oldest.
const QUEUE: usize = 8;

/// What the thread is told.
enum Word {
    Say(String),
    Hush,
}

/// A voice. Dropping it silences it.
pub struct Speech {
    words: Option<Sender<Word>>,
    thread: Option<JoinHandle<()>>,
    troubles: Receiver<String>,
    name: String,
}

/// How patient a voice is; tests are in a hurry.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For any sentence.
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
    /// A voice by a program and its arguments, with spaces between. It is begun anew for each sentence.
    ///
    /// # Errors
    /// No program is named, or no thread can be had.
    pub fn new(program: &str, patience: Patience) -> Result<Self> {
        // A path may have spaces itself.
        let mut parts = if Path::new(program).is_file() {
            vec![program.to_owned()]
        } else {
            program.split_whitespace().map(str::to_owned).collect()
        };
        if parts.is_empty() {
            bail!("no program is named that reads aloud; name one with --speak, like espeak-ng");
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

    /// Says a sentence behind those that wait.
    pub fn say(&self, sentence: &str) {
        let sentence = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
        self.tell(Word::Say(sentence));
    }

    /// Silence, at once.
    pub fn hush(&self) {
        self.tell(Word::Hush);
    }

    fn tell(&self, word: Word) {
        // A thread that is gone has said why.
        if let Some(words) = &self.words {
            let _ = words.send(word);
        }
    }

    /// What went wrong since the last question, in a sentence with the way out.
    pub fn trouble(&self) -> Option<String> {
        self.troubles.try_iter().last()
    }

    /// The program.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Speech {
    /// The program must not go on speaking when this one has ended: the thread ends it first, which takes no time.
    fn drop(&mut self) {
        self.hush();
        self.words = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread.
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
                    // What fails once fails again: the rest isn't tried.
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
                    "`{name}` isn't here to read aloud; install it, or name another with --speak"
                ));
            }
            Err(error) => return Ending::Failed(format!("`{name}` can't be started: {error}")),
        };
        if let Some(mut stdin) = child.stdin.take() {
            // A program that doesn't listen must not be waited for, so it is written to elsewhere.
            let line = format!("{sentence}\n");
            let write = move || {
                let _ = stdin.write_all(line.as_bytes());
            };
            if thread::Builder::new().name("voice's words".into()).spawn(write).is_err() {
                end(&mut child);
                return Ending::Failed("no thread can be had to read aloud".into());
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
                    "`{name}` hangs, so it was ended; v tries again, --speak names another"
                ));
            }
            thread::sleep(LOOK);
        }
    }

    fn begin(&self) -> std::io::Result<Child> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // With all that it starts itself it is one group, so that all of it can be silenced.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn()
    }
}

/// Ends a program and what it has started.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    // It may have ended by itself meanwhile.
    let _ = child.kill();
    let _ = child.wait();
}
