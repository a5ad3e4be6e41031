//! OAuth 1.0a signatures (RFC 5849): HMAC-SHA1 over the method, the address and the parameters. A JSON body
//! is not signed.

use crate::bot::Secrets;
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The parts of a request that are signed.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// `GET`, `POST`, ...
    pub method: &'a str,
    /// Scheme, host, port if it isn't the default, and path.
    pub address: &'a str,
    /// The query and form parameters, not encoded.
    pub fields: &'a [(&'a str, &'a str)],
    /// A random text that is never reused.
    pub nonce: &'a str,
    /// Unix time in seconds.
    pub timestamp: i64,
}

/// The `Authorization` header's value.
pub fn header(request: &Signed<'_>, secrets: &Secrets) -> String {
    let signature = signature(request, secrets);
    let mut fields = own_fields(request, secrets);
    fields.push(("oauth_signature", signature));
    fields.sort_unstable();
    let written: Vec<_> =
        fields.iter().map(|(name, value)| format!("{name}=\"{}\"", percent(value))).collect();
    format!("OAuth {}", written.join(", "))
}

/// The signature.
pub fn signature(request: &Signed<'_>, secrets: &Secrets) -> String {
    let base = base_string(request, secrets);
    let key = zeroize::Zeroizing::new(format!(
        "{}&{}",
        percent(secrets.consumer_secret.reveal()),
        percent(secrets.access_secret.reveal())
    ));
    let signed = Hmac::<Sha1>::new_from_slice(key.as_bytes()).map(|mut mac| {
        mac.update(base.as_bytes());
        mac.finalize().into_bytes()
    });
    // HMAC accepts keys of any length, so this can't fail
    signed.map(|bytes| STANDARD.encode(bytes)).unwrap_or_default()
}

/// The signature base string.
pub fn base_string(request: &Signed<'_>, secrets: &Secrets) -> String {
    let own = own_fields(request, secrets);
    let own = own.iter().map(|(name, value)| (*name, &**value));
    let mut pairs: Vec<_> = own
        .chain(request.fields.iter().copied())
        .map(|(name, value)| (percent(name), percent(value)))
        .collect();
    pairs.sort_unstable();
    let all: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{}&{}&{}", request.method, percent(request.address), percent(&all.join("&")))
}

fn own_fields<'a>(request: &Signed<'_>, secrets: &Secrets) -> Vec<(&'a str, String)> {
    vec![
        ("oauth_consumer_key", secrets.consumer_key.reveal().to_owned()),
        ("oauth_nonce", request.nonce.to_owned()),
        ("oauth_signature_method", "HMAC-SHA1".to_owned()),
        ("oauth_timestamp", request.timestamp.to_string()),
        ("oauth_token", secrets.access_token.reveal().to_owned()),
        ("oauth_version", "1.0".to_owned()),
    ]
}

/// Percent-encoding of RFC 3986: every byte except letters, digits and `-._~`, in upper-case hex.
pub fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A nonce: 24 random bytes from the system, as letters and digits.
///
/// # Errors
/// When the system has no randomness; then nothing may be signed.
pub fn nonce() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
