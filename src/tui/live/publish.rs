//! What viewers get: the text on the screen as a file, or as a page on this machine alone, for a streaming program.
//! A thread of its own writes; the show never waits for it.

use super::{page, shown::Shown};
use crate::whole::folder_of;
use anyhow::{Context, Result, anyhow, bail};
use std::{
    fs,
    io::Write,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, Sender},
    thread::{self, JoinHandle},
};

/// Where viewers' text goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file, written anew in one piece each time.
    File(PathBuf),
    /// A page on this machine's own address, at a port.
    Page(u16),
}

impl std::str::FromStr for Place {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.is_empty() {
            bail!("a file or http://127.0.0.1:PORT is wanted");
        }
        if text.starts_with("https://") {
            bail!("`{text}`: the page is for this machine alone; write http://127.0.0.1:PORT");
        }
        let Some(rest) = text.strip_prefix("http://") else { return Ok(Self::File(text.into())) };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = rest.rsplit_once(':').unwrap_or((rest, ""));
        if !matches!(host, "127.0.0.1" | "localhost") {
            bail!("`{text}`: only this machine may see the page; write http://127.0.0.1:PORT");
        }
        match port.parse() {
            Ok(port) if port > 0 => Ok(Self::Page(port)),
            _ => bail!("`{text}`: a port from 1 to 65535 is wanted, as in http://127.0.0.1:8124"),
        }
    }
}

/// The way to viewers.
pub struct Publisher {
    shown: Option<Sender<Shown>>,
    thread: Option<JoinHandle<()>>,
    troubles: Receiver<String>,
    last: Option<Shown>,
    /// The page's address, when it is one.
    address: Option<SocketAddr>,
}

impl Publisher {
    /// Opens the way. For a page with port 0 the system chooses one.
    ///
    /// # Errors
    /// The file can't be written, or the port is taken; with the way out.
    pub fn open(place: &Place) -> Result<Self> {
        let (shown, inbox) = mpsc::channel();
        let (tell, troubles) = mpsc::channel();
        let mut address = None;
        let thread = thread::Builder::new().name("overlay".into());
        let thread = match place {
            Place::File(path) => {
                let path = path.clone();
                write(&path, "")?;
                thread.spawn(move || to_file(&path, &inbox, &tell))
            }
            Place::Page(port) => {
                let listener =
                    TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).map_err(|error| match error
                        .kind()
                    {
                        std::io::ErrorKind::AddrInUse => anyhow!(
                            "the overlay: port {port} is taken by another program; choose another, \
                             like http://127.0.0.1:{}",
                            port.checked_add(1).unwrap_or(8124)
                        ),
                        _ => anyhow!("the overlay: port {port} can't be had: {error}"),
                    })?;
                let own = listener.local_addr().context("the overlay")?;
                address = Some(own);
                thread.spawn(move || page::serve(listener, own, inbox))
            }
        }
        .context("the overlay's thread can't be started")?;
        let (shown, thread) = (Some(shown), Some(thread));
        Ok(Self { shown, thread, troubles, last: None, address })
    }

    /// Shows it to viewers, when it is another one than before.
    pub fn show(&mut self, shown: Shown) {
        if self.last.as_ref() != Some(&shown) {
            // A thread that is gone has said why.
            if let Some(to) = &self.shown {
                let _ = to.send(shown.clone());
            }
            self.last = Some(shown);
        }
    }

    /// What went wrong since the last question, in a sentence.
    pub fn trouble(&self) -> Option<String> {
        self.troubles.try_iter().last()
    }

    /// The page's address.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }
}

impl Drop for Publisher {
    /// Viewers see the end: what is left on their screens goes before the program does.
    fn drop(&mut self) {
        self.shown = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Writes the newest text each time; what came meanwhile is skipped.
fn to_file(path: &Path, inbox: &Receiver<Shown>, tell: &Sender<String>) {
    let mut fails = false;
    while let Ok(first) = inbox.recv() {
        let newest = inbox.try_iter().last().unwrap_or(first);
        let written = write(path, &newest.text());
        if let (Err(error), false) = (&written, fails) {
            let _ = tell.send(format!("{error:#}"));
        }
        fails = written.is_err();
    }
    // Off air there is nothing to see.
    let _ = write(path, "");
}

/// Writes a file in one piece: whoever reads it meanwhile sees the old text or the new one.
fn write(path: &Path, text: &str) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let said = || format!("the overlay's file {name} can't be written");
    let mut new = tempfile::Builder::new()
        .prefix(".overlay")
        .tempfile_in(folder_of(path))
        .with_context(said)?;
    new.write_all(text.as_bytes()).with_context(said)?;
    // Streaming programs may run as another user.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(new.path(), fs::Permissions::from_mode(0o644)).with_context(said)?;
    }
    new.persist(path).with_context(said)?;
    Ok(())
}
