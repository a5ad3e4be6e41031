//! The overlay for viewers: the text on the screen as a file, or as a page on this machine, for a streaming program.
//! It is written by its own thread; the show never waits for it.

use super::{overlay::OverlayFile, page, shown::Shown};
use anyhow::{Context, Result, anyhow, bail};
use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, Sender},
    thread::{self, JoinHandle},
};

/// Where the overlay is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file, replaced atomically at each change.
    File(PathBuf),
    /// A page on the loopback address, at a port.
    Page(u16),
}

impl std::str::FromStr for Place {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.is_empty() {
            bail!("expected a file or http://127.0.0.1:PORT");
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
            _ => bail!("`{text}`: expected a port from 1 to 65535, like http://127.0.0.1:8124"),
        }
    }
}

/// Publishes the overlay.
pub struct Publisher {
    shown: Option<Sender<Shown>>,
    thread: Option<JoinHandle<()>>,
    troubles: Receiver<String>,
    last: Option<Shown>,
    /// The page's address, for a page.
    address: Option<SocketAddr>,
}

impl Publisher {
    /// Opens the port, or checks the file, which is written at the first [`Publisher::show`]. For port 0 the system
    /// chooses one. `others` are files that the overlay must not be, each with its name in a sentence.
    ///
    /// # Errors
    /// The file may not be written, or the port is taken.
    pub fn open(place: &Place, others: &[(&str, &Path)]) -> Result<Self> {
        let (shown, inbox) = mpsc::channel();
        let (tell, troubles) = mpsc::channel();
        let mut address = None;
        let thread = thread::Builder::new().name("overlay".into());
        let thread = match place {
            Place::File(path) => {
                let file = OverlayFile::open(path, others)?;
                thread.spawn(move || to_file(file, &inbox, &tell))
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
                        _ => anyhow!("the overlay: can't use port {port}: {error}"),
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

    /// Publishes a text, if it has changed.
    pub fn show(&mut self, shown: Shown) {
        if self.last.as_ref() != Some(&shown) {
            // If the thread has ended, it has reported why.
            if let Some(to) = &self.shown {
                let _ = to.send(shown.clone());
            }
            self.last = Some(shown);
        }
    }

    /// The last error since the last call.
    pub fn trouble(&self) -> Option<String> {
        self.troubles.try_iter().last()
    }

    /// The page's address.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }
}

impl Drop for Publisher {
    /// Waits until the thread has cleared the overlay.
    fn drop(&mut self) {
        self.shown = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Writes the newest text each time; older texts are skipped.
fn to_file(mut file: OverlayFile, inbox: &Receiver<Shown>, tell: &Sender<String>) {
    let mut fails = false;
    while let Ok(first) = inbox.recv() {
        let newest = inbox.try_iter().last().unwrap_or(first);
        let written = file.write(&newest.text());
        if let (Err(error), false) = (&written, fails) {
            let _ = tell.send(format!("{error:#}"));
        }
        fails = written.is_err();
    }
    // Off air the overlay is empty.
    if file.is_written() {
        let _ = file.write("");
    }
}
