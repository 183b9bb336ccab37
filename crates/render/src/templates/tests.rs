//! What templates make, and what is said of those that cannot be used.

use std::time::Instant;

use super::*;
use crate::{letter, sample};

fn built_in() -> Templates {
    Templates::new(&[]).unwrap()
}

fn whole(message: &Message) -> String {
    format!("Subject: {}\n\n{}", message.subject, message.text)
}

#[test]
fn dutch_reads_like_this() {
    insta::assert_snapshot!(whole(&built_in().render(&sample::small(Language::Nl)).unwrap()));
}

#[test]
fn english_reads_like_this() {
    insta::assert_snapshot!(whole(&built_in().render(&sample::small(Language::En)).unwrap()));
}

#[test]
fn weekly_overviews_read_like_this() {
    let templates = built_in();
    let overviews = Language::ALL.iter().flat_map(|language| weekly::samples(*language));
    let texts: Vec<_> = overviews.map(|overview| whole(&templates.weekly(&overview).unwrap())).collect();
    insta::assert_snapshot!(texts.join("\n==========\n"));
}

#[test]
fn letters_read_like_this() {
    let templates = built_in();
    let letters = Language::ALL.iter().flat_map(|language| letter::samples(*language));
    let texts: Vec<_> = letters.map(|letter| whole(&templates.letter(&letter).unwrap())).collect();
    insta::assert_snapshot!(texts.join("\n==========\n"));
}

#[test]
fn what_does_not_fit_is_counted_and_stands_in_the_attachment() {
    let templates = built_in();
    let many = templates.render(&sample::large(Language::En, 300)).unwrap();
    assert!(many.text.contains("... and 280 more. All 300 are in the attachment."), "{}", many.text);
    assert_eq!(many.attachments[0].bytes.iter().filter(|byte| **byte == b'\n').count(), 301);
    let kinds = templates.render(&sample::many_kinds(Language::En)).unwrap();
    assert!(kinds.text.contains("kinds are in the attachment only."), "{}", kinds.text);
    assert!(kinds.text.contains("The attachment schakel-17-advice.txt says more"), "{}", kinds.text);
    let advice = String::from_utf8(kinds.attachments[1].bytes.clone()).unwrap();
    assert!(advice.contains("\nWhat do you keep?\n- "), "{advice}");
}

#[test]
fn nothing_in_a_notice_breaks_out_of_its_place() {
    let mut notice = sample::large(Language::Nl, 1);
    notice.organisation = "Evil\r\nBcc: all@example.org\r\n\r\n{{ number }}";
    notice.sender = "A\nB";
    notice.groups[0].title = "x\r\ny";
    notice.groups[0].report_type = "unknown\n";
    notice.groups[0].identifier = "id\u{202e}\r\nid";
    notice.groups[0].items[0].hostname = "a\r\n.\r\nb{% raw %}".into();
    let message = built_in().render(&notice).unwrap();
    assert!(!message.subject.contains(['\r', '\n']), "{}", message.subject);
    assert!(message.subject.starts_with("[Schakel #17] TLP:AMBER "), "{}", message.subject);
    assert!(message.text.contains("Evil Bcc: all@example.org {{ number }}"), "{}", message.text);
    assert!(!message.text.contains(['\r', '\u{202e}']) && !message.text.lines().any(|line| line == "."));
    assert!(message.text.lines().all(|line| line.chars().count() <= wrap::LINE_CHARS_MAX));
}

#[test]
fn the_built_in_templates_have_no_problem() {
    assert_eq!(built_in().check(), []);
}

#[test]
fn what_is_told_again_says_why() {
    let start = |notice: &Notice<'_>| {
        let message = built_in().render(notice).unwrap();
        let head = message.text.split("\n1. ").next().unwrap_or_default().to_owned();
        format!("{}\n\n{head}", message.subject)
    };
    let again = Language::ALL.iter().flat_map(|language| {
        [sample::reminder(*language), sample::escalation(*language), sample::campaign(*language)]
    });
    insta::assert_snapshot!(again.map(|notice| start(&notice)).collect::<Vec<_>>().join("=====\n"));
}

#[test]
fn an_operator_replaces_one_and_learns_what_is_wrong_with_it() {
    let check = |path: &str, text: &str| {
        let (language, name) = path.split_once('/').unwrap();
        let language = language.parse().unwrap();
        let problems = match Templates::new(&[Replacement { language, name, text }]) {
            Ok(templates) => templates.check(),
            Err(problem) => vec![problem],
        };
        problems.iter().map(TemplateProblem::to_string).collect::<Vec<_>>().join("\n")
    };
    let says = |problem: &str, start: &str| assert!(problem.starts_with(start), "{problem}");
    assert_eq!(check("nl/notification.subject", "{{ total_text }}"), "");
    let unmarked = check("nl/notification.txt", "{{ total_text }}");
    assert!(unmarked.starts_with("nl/notification.txt: the marking must stand"), "{unmarked}");
    for (text, wrong) in [
        (&"{{ tlp }}\nhttp://x.example".to_owned(), "line 2: a link without"),
        (&"{{ tlp }}\u{202e}".to_owned(), "U+202E"),
        (&format!("{}{}", "{% for a in groups %}".repeat(5), "{% endfor %}".repeat(5)), "fuel"),
        (&"a".repeat(TEMPLATE_BYTES_MAX + 1), "is the most"),
    ] {
        let said = check("nl/notification.txt", text);
        assert!(said.contains(wrong), "{said}");
    }
    let advice = check("nl/advice/rdp", "[what]\na\n");
    assert!(advice.starts_with("nl/advice/rdp: the part [why] is missing"), "{advice}");
    says(
        &check("nl/notification.subject", "a\n{{ totaal }}"),
        "nl/notification.subject, line 2: there is no variable `totaal`; there are number, tlp, ",
    );
    insta::assert_snapshot!(check("en/notification.txt", "{% for group in groups %}\n{{ group.titel }}{% endfor %}"), @"en/notification.txt, line 2: undefined value at `group.titel` (`group.titel` is undefined)");
    says(
        &check("en/notification.txt", "{{ tlp }}{% if false %}\n{{ nooit }}{% endif %}"),
        "en/notification.txt, line 2: there is no variable `nooit`; there are number, tlp, ",
    );
    insta::assert_snapshot!(check("en/notification.txt", "{% if tlp %}"), @"en/notification.txt, line 1: syntax error at `%}` (unexpected end of input, expected end of block)");
    assert!(
        check("nl/brief.txt", "")
            .starts_with("nl/brief.txt: there is no such template; there are notification.subject, ")
    );
    let replaced = Templates::new(&[Replacement {
        language: Language::Nl,
        name: "notification.subject",
        text: "Nieuw\nin\n{{ sender }}",
    }])
    .unwrap();
    let subject = replaced.render(&sample::small(Language::Nl)).unwrap().subject;
    assert_eq!(subject, "[Schakel #17] TLP:AMBER Nieuw in Meldpunt Voorbeeld");
}

#[test]
fn fifty_thousand_findings_of_one_member_take_no_time_to_speak_of() {
    let notice = sample::large(Language::Nl, 50_000);
    let templates = built_in();
    let started = Instant::now();
    let message = templates.render(&notice).unwrap();
    let seconds = started.elapsed().as_secs_f64();
    println!("50,000 findings: {seconds:.3} s, attachment {} bytes", message.attachments[0].bytes.len());
    // A debug build on a busy machine; optimised it is a tenth of a second.
    assert!(seconds < 10.0, "{seconds} s");
}

#[test]
fn templates_can_be_shared_by_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&built_in());
}
