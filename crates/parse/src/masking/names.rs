//! What a field holds, by its name.

/// What a field holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Meaning {
    /// A password, a cookie of a session, a token or a key.
    Secret,
    /// A Dutch citizen service number.
    Bsn,
    /// A mail address or the name of a user.
    Person,
    /// A value of a fixed form: an address, a time, a hash. Nothing is looked for in it.
    Fixed,
    /// Anything else.
    Other,
}

/// Fields that begin so have a fixed form.
const FIXED: [&str; 6] = ["time.", "classification.", "feed.", "malware.", "protocol.", "severity"];

/// Last parts of fields of a fixed form.
const FIXED_PARTS: [&str; 7] = ["ip", "port", "asn", "fqdn", "network", "cc", "reverse_dns"];

/// Names of secrets, whole.
const SECRETS: [&str; 30] = [
    "pwd",
    "pass",
    "pw",
    "pin",
    "passphrase",
    "secret",
    "secrets",
    "cookie",
    "cookies",
    "set_cookie",
    "session",
    "session_id",
    "sessionid",
    "phpsessid",
    "jsessionid",
    "token",
    "tokens",
    "bearer",
    "authorization",
    "proxy_authorization",
    "apikey",
    "api_key",
    "private_key",
    "secret_key",
    "credential",
    "credentials",
    "passcode",
    "otp",
    "badsecret_value",
    "hash_ntlm",
];

/// What names of secrets hold.
const IN_SECRETS: [&str; 3] = ["password", "passwd", "wachtwoord"];

/// What names of secrets end in.
const ENDS_OF_SECRETS: [&str; 9] =
    ["_pwd", "_pass", "_secret", "_token", "_cookie", "_api_key", "_apikey", "_session_id", "_private_key"];

/// Names that look like those of secrets and are none: they say whether there is one, or are part of a protocol in the open.
const NO_SECRETS: [&str; 2] = ["magic_cookie", "server_cookie"];
const NO_SECRETS_BEGIN: [&str; 4] = ["has_", "is_", "client_can_", "client_long_"];

/// Names of mail addresses and users.
const PERSONS: [&str; 13] = [
    "account",
    "username",
    "user_name",
    "user",
    "login",
    "email",
    "e_mail",
    "mail",
    "smtp_from",
    "smtp_to",
    "username_patterns",
    "gebruikersnaam",
    "email_address",
];

/// Names of citizen service numbers.
const BSN: [&str; 4] = ["bsn", "burgerservicenummer", "sofinummer", "citizen_service_number"];

/// What a field of this name holds.
pub(super) fn meaning(field: &str) -> Meaning {
    let last = field.rsplit('.').next().unwrap_or(field);
    let is_extra = field.starts_with("extra.");
    if !is_extra
        && (FIXED.iter().any(|front| field.starts_with(front))
            || (field.contains('.') && FIXED_PARTS.contains(&last)))
    {
        return Meaning::Fixed;
    }
    let name = plain(last);
    let name = name.as_str();
    if NO_SECRETS.contains(&name) || NO_SECRETS_BEGIN.iter().any(|front| name.starts_with(front)) {
        return Meaning::Other;
    }
    let is_secret = SECRETS.contains(&name)
        || IN_SECRETS.iter().any(|part| name.contains(part))
        || ENDS_OF_SECRETS.iter().any(|end| name.ends_with(end));
    match name {
        _ if is_secret => Meaning::Secret,
        _ if BSN.contains(&name) || name.ends_with("_bsn") => Meaning::Bsn,
        _ if PERSONS.contains(&name) => Meaning::Person,
        _ => Meaning::Other,
    }
}

/// Does the name of a secret stand in this text?
pub(super) fn has_name_of_secret(text: &str) -> bool {
    let lower = text.to_lowercase();
    let telling = [
        "pwd",
        "secret",
        "cookie",
        "session",
        "token",
        "authorization",
        "apikey",
        "api_key",
        "api-key",
        "private",
    ];
    IN_SECRETS.iter().chain(&telling).any(|name| lower.contains(name))
}

/// In lower case, with `_` between words: `accessToken`, `Set-Cookie`.
fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len() + 2);
    let mut after_lower = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && after_lower {
            plain.push('_');
        }
        after_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        plain.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' });
    }
    plain
}
