//! Mails that tell no findings: that a report was received and what became of it, a code to a role mailbox, that something waits, whether contact details are still right, that an earlier
//! mail was not meant for the reader.

use jiff::Timestamp;
use schakel_model::{
    affiliation::Step, arrival::Receipt, ids::FindingId, language::Language, register::ContactRole, tlp::Tlp,
};
use serde::Serialize;

use crate::{notice::Reference, times::Times, words::Words};

/// A letter before it has words.
#[derive(Clone, PartialEq, Debug)]
pub struct Letter<'a> {
    /// Its number, as the reader sees it.
    pub reference: Reference,
    /// Name of the organisation it is about.
    pub organisation: &'a str,
    /// Code of that organisation in the register.
    pub organisation_code: &'a str,
    /// The language of the reader.
    pub language: Language,
    /// Its marking.
    pub tlp: Tlp,
    /// Who sends it, as the reader knows them.
    pub sender: &'a str,
    /// When it was composed.
    pub created_at: Timestamp,
    /// What it says.
    pub about: About<'a>,
}

/// What a letter says.
#[derive(Clone, PartialEq, Debug)]
pub enum About<'a> {
    /// A code that proves a claim, to a role mailbox of the domain.
    ProofCode {
        /// What is claimed.
        value: &'a str,
        /// The code.
        code: &'a str,
        /// Until when it is good.
        until: Timestamp,
    },
    /// Something waits for an organisation that is not affiliated yet. Not what.
    SomethingWaits {
        /// The steps that are still to be taken.
        missing: &'a [Step],
    },
    /// A confidential message waits, because there is no key to encrypt it to. Not what it says.
    ConfidentialWaits {
        /// The message that waits.
        waits: Reference,
    },
    /// Are these contact details still right?
    ConfirmContact {
        /// In which role.
        role: ContactRole,
        /// Who.
        name: &'a str,
        /// Where to confirm with one step; empty when there is no page.
        link: &'a str,
        /// Until when the link is good.
        until: Timestamp,
    },
    /// Another hub does not say that it has what was handed over to it: to the desk.
    HubSilent {
        /// The hub.
        hub: &'a str,
        /// Findings without an answer.
        count: u64,
        /// When the oldest of them was made.
        since: Timestamp,
        /// Within so many minutes it would answer.
        minutes: u32,
    },
    /// A notifier's report was received.
    Received {
        /// The number of the report.
        receipt: Receipt,
        /// The subject of the notifier's message; may be empty.
        title: &'a str,
        /// When it came.
        received_at: Timestamp,
        /// Somebody looks at it first.
        held: bool,
    },
    /// Somebody has decided on a notifier's report.
    Decided {
        /// The number of the report.
        receipt: Receipt,
        /// The subject of the notifier's message; may be empty.
        title: &'a str,
        /// When it came.
        received_at: Timestamp,
        /// It is dealt with.
        accepted: bool,
    },
    /// What a campaign about a source's report has led to. Numbers only.
    CampaignResult {
        /// What the campaign is called.
        title: &'a str,
        /// When it was sent.
        told_at: Timestamp,
        /// What came of it.
        counts: CampaignCounts,
    },
    /// An earlier notification, or a part of it, was not for the reader: please delete it. It says numbers only.
    Withdrawal {
        /// The earlier notification.
        takes_back: Reference,
        /// When that was composed.
        told_at: Timestamp,
        /// All of it, or some.
        part: Part,
        /// The findings that are taken back.
        findings: &'a [FindingId],
    },
    /// What the desk writes in a conversation about an earlier notification.
    Reply {
        /// The earlier notification.
        about: Reference,
        /// Its subject.
        title: &'a str,
        /// When that was composed.
        told_at: Timestamp,
        /// What the desk writes.
        text: &'a str,
    },
}

/// What came of a campaign.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CampaignCounts {
    /// Organisations that were told.
    pub organisations: u64,
    /// Findings that were told.
    pub told: u64,
    /// Of those: said or seen to be gone.
    pub fixed: u64,
    /// Answered in another way.
    pub answered: u64,
    /// Without a reaction.
    pub silent: u64,
}

/// How much of a notification is taken back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// Everything in it.
    Whole,
    /// Some findings.
    Some,
}

impl About<'_> {
    /// The name of its templates.
    pub(crate) fn template(&self) -> &'static str {
        match self {
            Self::ProofCode { .. } => "proof_code",
            Self::SomethingWaits { .. } => "something_waits",
            Self::ConfidentialWaits { .. } => "confidential_waits",
            Self::ConfirmContact { .. } => "confirm_contact",
            Self::HubSilent { .. } => "hub_silent",
            Self::Received { .. } => "receipt",
            Self::Decided { .. } => "receipt_decision",
            Self::CampaignResult { .. } => "campaign_result",
            Self::Withdrawal { .. } => "withdrawal",
            Self::Reply { .. } => "reply",
        }
    }
}

/// What a template of a letter can use: everything that is not its own is empty.
#[derive(Serialize)]
pub(crate) struct LetterContext {
    number: String,
    tlp: String,
    sender: String,
    organisation: Organisation,
    created_utc: String,
    created_local: String,
    value: String,
    code: String,
    until_local: String,
    missing: Vec<String>,
    waits: String,
    text: String,
    role: String,
    name: String,
    link: String,
    takes_back: String,
    told_local: String,
    whole: bool,
    findings: Vec<String>,
    not_shown: usize,
    receipt: String,
    title: String,
    received_local: String,
    held: bool,
    accepted: bool,
    organisations: u64,
    told: u64,
    fixed: u64,
    answered: u64,
    silent: u64,
    hub: String,
    count: u64,
    since_local: String,
    minutes: u32,
}

#[derive(Serialize)]
struct Organisation {
    name: String,
    code: String,
}

impl LetterContext {
    pub fn new(letter: &Letter<'_>, words: &Words, times: &Times) -> Self {
        let line = |text: &str| crate::clean::line(text, LINE_CHARS_MAX).into_owned();
        let mut context = Self {
            number: letter.reference.to_string(),
            tlp: letter.tlp.to_string(),
            sender: line(letter.sender),
            organisation: Organisation {
                name: line(letter.organisation),
                code: line(letter.organisation_code),
            },
            created_utc: times.utc_minutes(letter.created_at),
            created_local: times.local_minutes(letter.created_at),
            value: String::new(),
            code: String::new(),
            until_local: String::new(),
            missing: Vec::new(),
            waits: String::new(),
            text: String::new(),
            role: String::new(),
            name: String::new(),
            link: String::new(),
            takes_back: String::new(),
            told_local: String::new(),
            whole: false,
            findings: Vec::new(),
            not_shown: 0,
            receipt: String::new(),
            title: String::new(),
            received_local: String::new(),
            held: false,
            accepted: false,
            organisations: 0,
            told: 0,
            fixed: 0,
            answered: 0,
            silent: 0,
            hub: String::new(),
            count: 0,
            since_local: String::new(),
            minutes: 0,
        };
        match &letter.about {
            About::ProofCode { value, code, until } => {
                context.value = line(value);
                context.code = line(code);
                context.until_local = times.local_minutes(*until);
            }
            About::SomethingWaits { missing } => {
                context.missing = missing.iter().map(|step| words.text(&format!("step-{step}"))).collect();
            }
            About::ConfidentialWaits { waits } => context.waits = waits.to_string(),
            About::ConfirmContact { role, name, link, until } => {
                context.role = words.text(&format!("recipient-{role}"));
                context.name = line(name);
                context.link = line(link);
                context.until_local = times.local_minutes(*until);
            }
            About::HubSilent { hub, count, since, minutes } => {
                context.hub = line(hub);
                context.count = *count;
                context.since_local = times.local_minutes(*since);
                context.minutes = *minutes;
            }
            About::Received { receipt, title, received_at, held } => {
                context.receipt = receipt.to_string();
                context.title = line(title);
                context.received_local = times.local_minutes(*received_at);
                context.held = *held;
            }
            About::Decided { receipt, title, received_at, accepted } => {
                context.receipt = receipt.to_string();
                context.title = line(title);
                context.received_local = times.local_minutes(*received_at);
                context.accepted = *accepted;
            }
            About::CampaignResult { title, told_at, counts } => {
                context.title = line(title);
                context.told_local = times.local_minutes(*told_at);
                context.organisations = counts.organisations;
                context.told = counts.told;
                context.fixed = counts.fixed;
                context.answered = counts.answered;
                context.silent = counts.silent;
            }
            About::Reply { about, title, told_at, text } => {
                context.waits = about.to_string();
                context.title = line(title);
                context.told_local = times.local_minutes(*told_at);
                context.text = lines(text);
            }
            About::Withdrawal { takes_back, told_at, part, findings } => {
                context.takes_back = takes_back.to_string();
                context.told_local = times.local_minutes(*told_at);
                context.whole = *part == Part::Whole;
                let shown = findings.iter().take(FINDINGS_SHOWN_MAX);
                context.findings = shown.map(ToString::to_string).collect();
                context.not_shown = findings.len().saturating_sub(FINDINGS_SHOWN_MAX);
            }
        }
        context
    }
}

/// What a person wrote, line by line.
fn lines(text: &str) -> String {
    let lines = text.lines().map(|one| crate::clean::line(one, LINE_OF_TEXT_CHARS_MAX));
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// A line of a text that somebody wrote is a paragraph at most.
const LINE_OF_TEXT_CHARS_MAX: usize = 4_000;

/// Names and addresses are shorter; a text that is longer was not meant for a mail.
const LINE_CHARS_MAX: usize = 300;

/// Findings that are named one by one; a mail about more is better deleted whole.
const FINDINGS_SHOWN_MAX: usize = 500;

/// A letter of each kind, to try templates with.
pub(crate) fn samples(language: Language) -> Vec<Letter<'static>> {
    let created_at = Timestamp::constant(1_773_558_000, 0);
    let until = Timestamp::constant(1_774_162_800, 0);
    let letter = |about| Letter {
        reference: Reference { number: 17, epoch: 0 },
        organisation: "Voorbeeldstad",
        organisation_code: "GM0000",
        language,
        tlp: Tlp::Green,
        sender: "Meldpunt Voorbeeld",
        created_at,
        about,
    };
    let confirm = |name, link| letter(About::ConfirmContact { role: ContactRole::Vcib, name, link, until });
    vec![
        letter(About::ProofCode { value: "voorbeeldstad.example", code: "7KQ2-M4XD", until }),
        letter(About::Received {
            receipt: Receipt(1234),
            title: "Open RDP",
            received_at: created_at,
            held: true,
        }),
        letter(About::Received { receipt: Receipt(1234), title: "", received_at: created_at, held: false }),
        letter(About::Decided {
            receipt: Receipt(1234),
            title: "Open RDP",
            received_at: created_at,
            accepted: true,
        }),
        letter(About::Decided {
            receipt: Receipt(1234),
            title: "",
            received_at: created_at,
            accepted: false,
        }),
        letter(About::CampaignResult {
            title: "Kwetsbare VPN-servers",
            told_at: created_at,
            counts: CampaignCounts { organisations: 12, told: 20, fixed: 14, answered: 4, silent: 2 },
        }),
        letter(About::SomethingWaits { missing: &[Step::VcibForm, Step::IntakeTalk] }),
        letter(About::ConfidentialWaits { waits: Reference { number: 12, epoch: 0 } }),
        letter(About::HubSilent { hub: "cert.example", count: 1234, since: created_at, minutes: 60 }),
        confirm("Zoë de Vries", "https://schakel.example/contact/abc"),
        confirm("", ""),
        letter(About::Withdrawal {
            takes_back: Reference { number: 12, epoch: 0 },
            told_at: Timestamp::constant(1_773_400_000, 0),
            part: Part::Whole,
            findings: &[FindingId(88)],
        }),
        letter(About::Withdrawal {
            takes_back: Reference { number: 12, epoch: 0 },
            told_at: Timestamp::constant(1_773_400_000, 0),
            part: Part::Some,
            findings: &[FindingId(88), FindingId(4_711)],
        }),
        letter(About::Reply {
            about: Reference { number: 12, epoch: 0 },
            title: "Open RDP",
            told_at: Timestamp::constant(1_773_400_000, 0),
            text: "Dank u wel.\n\nKunt u poort 3389 sluiten voor het internet?",
        }),
    ]
}
