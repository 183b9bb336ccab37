//! Notices with made-up findings: what `schakel templates check` renders, and what the tests read.

use std::{borrow::Cow, sync::LazyLock};

use jiff::Timestamp;
use schakel_model::{
    abuse_contact::Means,
    asset::{AssetValue, Role},
    assignment::End,
    classification::ClassificationType,
    ids::{EventId, FindingId, ReportId},
    language::Language,
    observation::{ObservedAt, Transport},
    register::ContactRole,
    severity::Severity,
    tlp::Tlp,
};

use crate::notice::{Group, Item, Notice, Occasion, Reference, Standing};

/// 2026-03-14T22:58:30Z: two minutes later it is another day in the Netherlands.
const OBSERVED_AT: u32 = 1_773_529_110;

/// Three kinds, a few findings each.
pub fn small(language: Language) -> Notice<'static> {
    let rdp = Group {
        severity: Severity::Medium,
        classification: ClassificationType::PotentiallyUnwantedAccessible,
        report_type: "scan_rdp",
        identifier: "open-rdp",
        title: "Accessible-RDP",
        items: (0..3).map(open_rdp).collect(),
    };
    let infected = Group {
        severity: Severity::Critical,
        classification: ClassificationType::InfectedSystem,
        report_type: "event4_sinkhole",
        identifier: "sinkhole",
        title: "Sinkhole-Events",
        items: vec![Item {
            port: 50_123,
            hostname: Cow::Borrowed(""),
            malware: Cow::Borrowed("avalanche-andromeda"),
            tags: Cow::Borrowed(""),
            role: Role::Supplier,
            asset: None,
            ..open_rdp(7)
        }],
    };
    let other = Group {
        severity: Severity::Low,
        classification: ClassificationType::Other,
        report_type: "",
        identifier: "",
        title: "",
        items: vec![Item {
            ip: None,
            port: 0,
            transport: Transport::Unknown,
            url: Cow::Borrowed("https://www.hollands-diep.example/oud/pagina.php?id=1"),
            end: End::Target,
            ..open_rdp(8)
        }],
    };
    Notice {
        reference: Reference { number: 17, epoch: 0 },
        organisation: "Gemeente Hollands Diep",
        organisation_code: "GM0999",
        language,
        tlp: Tlp::Amber,
        standing: Standing::Own,
        occasion: Occasion::New,
        recipient_role: ContactRole::Findings,
        answer_link: "",
        sender: "Meldpunt Voorbeeld",
        created_at: Timestamp::constant(1_773_558_000, 0),
        groups: vec![rdp, infected, other],
    }
}

/// One of each sort.
pub fn all(language: Language) -> [Notice<'static>; 8] {
    [
        small(language),
        large(language, 99),
        many_kinds(language),
        reminder(language),
        escalation(language),
        nobodys(language),
        campaign(language),
        together(language),
    ]
}

/// Findings of three organisations, for the mailbox that they share.
pub fn together(language: Language) -> Notice<'static> {
    let of = &["Gemeente Hollands Diep", "Gemeente Noordkade", "Gemeente Zuidkade"];
    Notice { standing: Standing::Together { of }, ..small(language) }
}

/// Findings that are nobody's, for an abuse desk.
pub fn nobodys(language: Language) -> Notice<'static> {
    let standing = Standing::Nobodys { means: &[Means::SecurityTxt, Means::Network, Means::Registrar] };
    Notice { standing, organisation: "Provider B.V.", organisation_code: "", ..small(language) }
}

/// Findings that were told before.
pub fn reminder(language: Language) -> Notice<'static> {
    let because = vec![
        ("worse", 1),
        ("exploited", 1),
        ("new_cve", 1),
        ("came_back", 1),
        ("acceptance_over", 1),
        ("doubt_over", 1),
        ("still_seen", 2),
    ];
    let first_told_at = Timestamp::constant(1_772_000_000, 0);
    Notice {
        occasion: Occasion::Reminder { because, first_told_at },
        answer_link: "https://schakel.example/answer/17.0.0.1776150000.abcdefghjklmnpqrstuvwxyz23",
        ..small(language)
    }
}

/// Findings that belong to an action of the desk.
pub fn campaign(language: Language) -> Notice<'static> {
    let occasion = Occasion::Campaign {
        title: "Kwetsbare VPN-servers",
        text: "Sinds gisteren wordt een lek in deze VPN-servers misbruikt.\n\nInstalleer vandaag de update.",
        deadline: Some(Timestamp::constant(1_774_000_000, 0)),
    };
    Notice { occasion, ..small(language) }
}

/// Findings of another organisation, which did not react.
pub fn escalation(language: Language) -> Notice<'static> {
    let of = Reference { number: 12, epoch: 0 };
    let told_at = Timestamp::constant(1_772_000_000, 0);
    Notice {
        occasion: Occasion::Escalation { of: vec![of], told_at, to: vec!["Gemeente Hollands Diep"] },
        organisation: "ICT Samenwerking Voorbeeld",
        ..small(language)
    }
}

/// One kind with this many findings, and many kinds with one.
pub fn large(language: Language, findings: u32) -> Notice<'static> {
    let mut notice = small(language);
    notice.groups.truncate(1);
    notice.groups[0].items = (0..findings).map(open_rdp).collect();
    notice
}

/// More kinds than the text shows.
pub fn many_kinds(language: Language) -> Notice<'static> {
    let mut notice = small(language);
    notice.groups = ClassificationType::ALL
        .iter()
        .map(|classification| Group {
            classification: *classification,
            report_type: "",
            identifier: classification.as_str(),
            ..notice.groups[0].clone()
        })
        .collect();
    notice
}

fn open_rdp(n: u32) -> Item<'static> {
    static ASSET: LazyLock<AssetValue> =
        LazyLock::new(|| AssetValue::Domain("hollands-diep.example".to_owned()));
    Item {
        finding: FindingId(4_020 + n),
        event: EventId { report: ReportId(12), row: 1 + n },
        observed_at: ObservedAt(OBSERVED_AT + 60 * n),
        ip: Some([192, 0, 2, (n % 250) as u8 + 1].into()),
        port: 3389,
        transport: Transport::Tcp,
        hostname: Cow::Owned(format!("ts{n}.hollands-diep.example")),
        url: Cow::Borrowed(""),
        account: Cow::Borrowed(""),
        asn: 64_500,
        malware: Cow::Borrowed(""),
        tags: Cow::Borrowed("rdp;ssl"),
        end: End::Source,
        role: Role::Owner,
        asset: Some(&ASSET),
        reported_by: Cow::Borrowed(""),
        concerns: Cow::Borrowed(""),
    }
}
