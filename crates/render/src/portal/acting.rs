//! What a page says of what was done: that it was, with the way back where there is one, or what is wrong with the form.

use std::str::FromStr;

use serde::{Serialize, Serializer};

macro_rules! notices {
    ($($variant:ident $key:literal),* $(,)?) => {
        /// What was done; each has a text in every language. Some count something.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[allow(missing_docs)]
        pub enum Done {
            $($variant),*
        }

        impl Done {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The key of its text.
            pub fn key(self) -> &'static str {
                match self {
                    $(Self::$variant => $key),*
                }
            }
        }
    };
}

notices!(
    Saved "done-saved",
    Undone "done-undone",
    SessionEnded "done-session-ended",
    Calling "done-calling",
    NotCalling "done-not-calling",
    Called "done-called",
    Assigned "done-assigned",
    Unassigned "done-unassigned",
    Snoozed "done-snoozed",
    Woken "done-woken",
    Noted "done-noted",
    Recorded "done-recorded",
    PasskeyAdded "done-passkey-added",
    PasskeyRemoved "done-passkey-removed",
    PasswordChanged "done-password-changed",
    AppChanged "done-app-changed",
    Answered "done-answered",
    AnswerProposed "done-answer-proposed",
    NothingDifferent "done-nothing-different",
    ViewKept "done-view-kept",
    TakenIn "done-taken-in",
    Refused "done-refused",
    AnswerAccepted "done-answer-accepted",
    AnswerRefused "done-answer-refused",
    AssetAdded "done-asset-added",
    AssetDisputed "done-asset-disputed",
    AssetWithdrawn "done-asset-withdrawn",
    ContactSaved "done-contact-saved",
    ContactWaits "done-contact-waits",
    ContactLeft "done-contact-left",
    ContactRight "done-contact-right",
    StepTaken "done-step-taken",
    Decided "done-decided",
    Imported "done-imported",
    Replayed "done-replayed",
    PolicySet "done-policy-set",
    TextSet "done-text-set",
    Disabled "done-disabled",
    HandedOver "done-handed-over",
    ShiftAccepted "done-shift-accepted",
    ViewForgotten "done-view-forgotten",
    ClaimEntered "done-claim-entered",
    ClaimDisputed "done-claim-disputed",
    ClaimProven "done-claim-proven",
    ClaimProvenDisputed "done-claim-proven-disputed",
    ClaimNotProven "done-claim-not-proven",
    ClaimTakenBack "done-claim-taken-back",
    AssetAsked "done-asset-asked",
    CodeSent "done-code-sent",
    CodeWrong "done-code-wrong",
    OwnContactWaits "done-own-contact-waits",
    OwnContactLeft "done-own-contact-left",
    RoleGiven "done-role-given",
    AdministratorAdded "done-administrator-added",
    AdministrationHandedOver "done-administration-handed-over",
    AdministrationLaidDown "done-administration-laid-down",
    ReplySent "done-reply-sent",
    ReplyWithheld "done-reply-withheld",
    ReleasedEncrypted "done-released-encrypted",
    ReleasedOpen "done-released-open",
    HandedToVetting "done-handed-to-vetting",
    HandedToAnswer "done-handed-to-answer",
    MailboxTrusted "done-mailbox-trusted",
    MailboxCompromised "done-mailbox-compromised",
    BreachOpened "done-breach-opened",
    BreachClosed "done-breach-closed",
);

impl FromStr for Done {
    type Err = ();

    fn from_str(key: &str) -> Result<Self, ()> {
        Self::ALL.iter().find(|one| one.key() == key).copied().ok_or(())
    }
}

impl Serialize for Done {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}

/// What was done just now, as the next page says it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Notice {
    /// What.
    pub done: Done,
    /// To how many.
    pub count: i64,
    /// How it is taken back.
    pub undo: Option<Undo>,
}

impl From<Done> for Notice {
    fn from(done: Done) -> Self {
        Self { done, count: 1, undo: None }
    }
}

/// A form of one button that takes something back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Undo {
    /// The address it is sent to.
    pub action: String,
    /// What is taken back: a number or a code, as the field `what`.
    pub what: String,
}

/// What is wrong with a form that was sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Mistake {
    /// The name of the field; empty: the whole.
    pub field: &'static str,
    /// The key of the text.
    pub key: &'static str,
    /// What the text is about, by the names in it.
    pub parts: Vec<(&'static str, String)>,
    /// What a use case says more, in English; may be empty.
    pub detail: String,
}

impl Mistake {
    /// In a field, told by the text of this key.
    pub fn new(field: &'static str, key: &'static str) -> Self {
        Self { field, key, parts: Vec::new(), detail: String::new() }
    }
}

impl Mistake {
    /// The same, about this.
    pub fn about(self, parts: Vec<(&'static str, String)>) -> Self {
        Self { parts, ..self }
    }
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} {}", self.field, self.key, self.detail)
    }
}

impl std::error::Error for Mistake {}
