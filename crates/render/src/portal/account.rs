//! What somebody sees of their own account, and the pages before that.

use serde::Serialize;

/// A form that asks for a name and a password, or for a code.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct SignIn {
    /// Was it wrong just now?
    pub wrong: bool,
    /// The name that was typed.
    pub name: String,
    /// Where to go afterwards: a page of ours.
    pub next: String,
    /// Where else people can prove who they are: a name in an address, and what they know it by.
    pub providers: Vec<(String, String)>,
    /// For who has a passkey; none: there are none here.
    pub passkey: Option<AskedOfDevice>,
}

/// What the script of a page asks a device.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AskedOfDevice {
    /// The challenge, in base64url.
    pub challenge: String,
    /// Whom it is for.
    pub host: String,
    /// What that is called.
    pub sender: String,
    /// The algorithms that we know, by their numbers.
    pub algorithms: String,
}

/// New recovery codes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Codes {
    /// They.
    pub codes: Vec<String>,
}

/// A passkey of somebody.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Passkey {
    /// How it is named in the form that removes it.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// Since when, in seconds since 1970.
    pub created_at: i64,
    /// When it was last used.
    pub used_at: Option<i64>,
}

/// What somebody sees who follows an invitation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Invitation {
    /// The name they will sign in with.
    pub name: String,
    /// The name that people know.
    pub display_name: String,
    /// The secret for their app, as it is typed, in groups of four.
    pub secret: String,
    /// The same as a picture (SVG, of squares only).
    pub picture: String,
    /// The key of what was wrong just now; empty: nothing.
    pub wrong: &'static str,
    /// Where else they can prove who they are.
    pub providers: Vec<(String, String)>,
    /// The last part of the link.
    pub token: String,
    /// The fewest characters of a password.
    pub chars_min: usize,
}

/// Where somebody chooses another password.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NewPassword {
    /// The name they sign in with, for who keeps passwords for them.
    pub name: String,
    /// The fewest characters of a password.
    pub chars_min: usize,
}

/// Where somebody links another app for codes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NewApp {
    /// The name they sign in with.
    pub name: String,
    /// Do they have a password? Else they choose one as well.
    pub has_password: bool,
    /// The secret for their app, as it is typed, in groups of four.
    pub secret: String,
    /// The same as a picture (SVG, of squares only).
    pub picture: String,
    /// The fewest characters of a password.
    pub chars_min: usize,
}

/// A page with one message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Message {
    /// The key of its title.
    pub title: &'static str,
    /// The key of its text.
    pub text: &'static str,
    /// Where to go on, with the key of what that is called.
    pub on: Option<(&'static str, &'static str)>,
}

/// Somebody's own account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Account {
    /// The name they sign in with.
    pub name: String,
    /// The name that people know.
    pub display_name: String,
    /// The code of their organisation; empty: the desk.
    pub organisation: String,
    /// Words of their roles.
    pub roles: Vec<&'static str>,
    /// Do they have a password, with an app for codes?
    pub has_password: bool,
    /// Their number as devices know it, in base64url.
    pub user: String,
    /// Did they sign in just now? Else they change nothing of how they sign in.
    pub recent: bool,
    /// For a new passkey; none: there are none here.
    pub passkey: Option<AskedOfDevice>,
    /// Their passkeys.
    pub passkeys: Vec<Passkey>,
    /// At which providers they are known.
    pub issuers: Vec<String>,
    /// How many recovery codes are left.
    pub recovery_codes: u32,
    /// Where they are signed in.
    pub sessions: Vec<Session>,
}

/// Somewhere that somebody is signed in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Session {
    /// How it is named in the form that ends it.
    pub id: String,
    /// What the browser says it is.
    pub agent: String,
    /// Since when, in seconds since 1970.
    pub created_at: i64,
    /// When it was last used.
    pub used_at: i64,
    /// Is it the one that shows this page?
    pub is_this: bool,
}
