//! `unstuck bot login`: stores the account's keys.

use super::{Plan, PlatformName, Secret, Trouble, mastodon, operate::tell};
use anyhow::{Context, Result};
use std::io::{BufRead, IsTerminal, Write};

/// Read the account's keys from standard input into a file that only its owner can read. They are never displayed.
///
/// # Errors
/// When they don't have the form of keys, or the file can't be written.
pub fn login(plan: &Plan, platform: PlatformName) -> Result<()> {
    let path = &plan.secrets;
    let stdin = std::io::stdin();
    let asks = stdin.is_terminal();
    let _unseen = EchoOff::new(asks);
    let (names, wanted): (&[&str], _) = match platform {
        PlatformName::Mastodon => {
            (&["access_token"], "the access token of your app, from the server's settings")
        }
        _ => (&super::secret::NAMES, "the four keys of your app from X's developer portal"),
    };
    if asks {
        tell(&format!("enter {wanted}; your input is not displayed"));
    }
    let mut parts = Vec::new();
    for name in names {
        if asks {
            write!(std::io::stderr(), "{name}: ")?;
        }
        let mut line = String::new();
        stdin.lock().read_line(&mut line).context("standard input")?;
        parts.push(Secret::new(line.trim()));
    }
    let shown = || path.display().to_string();
    if let [token] = &parts[..] {
        let token = mastodon::token::checked(token.reveal())
            .map_err(|what| Trouble::Configuration(what.to_owned()))?;
        mastodon::token::save(&token, path).with_context(shown)?;
    } else {
        let [consumer_key, consumer_secret, access_token, access_secret]: [Secret; 4] =
            parts.try_into().map_err(|_| anyhow::anyhow!("expected four lines"))?;
        let secrets = super::Secrets { consumer_key, consumer_secret, access_token, access_secret };
        secrets.checked()?.save(path).with_context(shown)?;
    }
    let _ = writeln!(
        std::io::stderr(),
        "unstuck: {}: written, readable only by you; next: `unstuck bot check`",
        path.display()
    );
    Ok(())
}

/// Turns off the terminal's echo until it is dropped.
struct EchoOff {
    #[cfg(unix)]
    before: Option<rustix::termios::Termios>,
}

#[cfg(unix)]
impl EchoOff {
    fn new(asks: bool) -> Self {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = asks.then(|| tcgetattr(std::io::stdin()).ok()).flatten();
        if let Some(modes) = &before {
            let mut quiet = modes.clone();
            quiet.local_modes.remove(LocalModes::ECHO);
            quiet.local_modes.insert(LocalModes::ECHONL);
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &quiet);
        }
        Self { before }
    }
}

#[cfg(unix)]
impl Drop for EchoOff {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        if let Some(modes) = &self.before {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, modes);
        }
    }
}

#[cfg(not(unix))]
impl EchoOff {
    fn new(_: bool) -> Self {
        Self {}
    }
}
