//! Messages to systemd over `NOTIFY_SOCKET`: that the service is ready, what it does, and that it is alive. Without the
//! variable nothing is sent. The format is that of sd_notify(3).

use std::{
    cell::{Cell, RefCell},
    time::{Duration, Instant},
};

/// The connection to the service manager.
#[derive(Default)]
pub struct Notify {
    #[cfg(unix)]
    socket: Option<std::os::unix::net::UnixDatagram>,
    /// How often the watchdog wants a sign of life.
    every: Option<Duration>,
    alive: Cell<Option<Instant>>,
    status: RefCell<String>,
}

impl Notify {
    /// As the environment says: `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`. A socket that can't be reached is left
    /// alone, since the service works without.
    pub fn from_env(env: impl Fn(&str) -> Option<String>) -> Self {
        #[cfg(unix)]
        {
            let name = env("NOTIFY_SOCKET").filter(|name| !name.is_empty());
            let Some(socket) = name.and_then(|name| connect(&name).ok()) else {
                return Self::default();
            };
            let is_ours =
                env("WATCHDOG_PID").is_none_or(|pid| pid.trim() == std::process::id().to_string());
            let every = env("WATCHDOG_USEC").filter(|_| is_ours);
            let every = every.and_then(|text| text.trim().parse().ok()).filter(|usec| *usec > 0);
            // twice as often as it must be
            let every = every.map(|usec| Duration::from_micros(usec) / 2);
            Self { socket: Some(socket), every, ..Self::default() }
        }
        #[cfg(not(unix))]
        {
            let _ = env;
            Self::default()
        }
    }

    /// Send lines such as `READY=1`. A failure is no reason to stop.
    pub fn send(&self, lines: &str) {
        #[cfg(unix)]
        if let Some(socket) = &self.socket {
            let _ = socket.send(lines.as_bytes());
        }
        #[cfg(not(unix))]
        let _ = lines;
    }

    /// Say in one line what the service does, if that has changed.
    pub fn say(&self, status: &str) {
        let line: String =
            status.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
        if *self.status.borrow() != line {
            self.send(&format!("STATUS={line}"));
            *self.status.borrow_mut() = line;
        }
    }

    /// Say that the work goes on, as often as the watchdog wants. Called from the work itself, so that work that hangs is
    /// noticed.
    pub fn alive(&self) {
        let Some(every) = self.every else { return };
        if self.alive.get().is_none_or(|last| last.elapsed() >= every) {
            self.alive.set(Some(Instant::now()));
            self.send("WATCHDOG=1");
        }
    }

    /// How long the loop may wait until it says so again.
    pub fn patience(&self) -> Duration {
        self.every.unwrap_or(Duration::MAX)
    }
}

/// A socket that sends to `name`: a path, or after `@` a name of Linux' abstract kind.
#[cfg(unix)]
fn connect(name: &str) -> std::io::Result<std::os::unix::net::UnixDatagram> {
    let socket = std::os::unix::net::UnixDatagram::unbound()?;
    match name.strip_prefix('@') {
        None => socket.connect(name)?,
        #[cfg(target_os = "linux")]
        Some(name) => {
            use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};
            socket.connect_addr(&SocketAddr::from_abstract_name(name)?)?;
        }
        #[cfg(not(target_os = "linux"))]
        Some(_) => return Err(std::io::ErrorKind::Unsupported.into()),
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}
