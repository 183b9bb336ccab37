//! The texts of mails, as the desk changes them.

use schakel_testkit::postfix::header;

use crate::{
    fixtures::{rdp, rdp_name},
    installation::Installation,
    serve::{Serving, put},
};

fn desk() -> Installation {
    let installation = Installation::new();
    installation.json(&["user", "add", "jan"]);
    installation
}

/// Takes in a day on which one address of Lindeveen is seen.
fn seen(installation: &Installation, address: &str) {
    let file = installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &[address]));
    installation.ingest(&file);
}

const SUBJECT: &str = "notification.subject";

#[test]
fn a_text_is_tried_before_it_is_in_force_and_its_versions_stay_known() {
    let installation = desk();
    installation.run(&["template", "check"]).ended(0);
    let file = installation.file("subject.j2", "Let op {{ organisatie }}\n");
    let set = ["--as", "jan", "template", "set", SUBJECT, &file, "--reason", "duidelijker"];
    let refused = installation.run(&set).ended(1);
    for said in
        ["nl/notification.subject, line 1", "there is no variable `organisatie`", "there are number, tlp"]
    {
        assert!(refused.stderr.contains(said), "{refused:#?}");
    }
    assert_eq!(installation.json(&["template", "history", SUBJECT])["versions"], serde_json::json!([]));

    installation.file("subject.j2", "Let op {{ organisation.name }}\n");
    let previewed = installation.run(&["template", "preview", SUBJECT, "--file", &file]).ended(0).stdout;
    assert!(previewed.contains("TLP:AMBER Let op Gemeente Hollands Diep"), "{previewed}");
    installation.run(&set[2..]).ended(1).says(&["--as NAME"]);
    installation.run(&[&set[..], &["--dry-run"]].concat()).ended(0);
    assert_eq!(installation.json(&["template", "show", SUBJECT])["version"], serde_json::Value::Null);
    assert_eq!(installation.json(&set)["version"], 1);
    seen(&installation, "198.51.100.200");
    installation.json(&["tell"]);
    assert_eq!(
        header(installation.mails()[0].as_bytes(), "subject"),
        "[Schakel #1] TLP:AMBER Let op Lindeveen"
    );
    let diff = installation.run(&["template", "diff", SUBJECT]).ended(0).stdout;
    assert!(diff.contains("+ Let op {{ organisation.name }}"), "{diff}");

    installation.json(&["--as", "jan", "template", "undo", SUBJECT, "--reason", "toch niet"]);
    let shown = installation.json(&["template", "show", SUBJECT]);
    assert!(shown["text"].as_str().unwrap().contains("{{ total_text }}"), "{shown}");
    let again = installation.run(&["template", "preview", SUBJECT, "--notification", "1"]).ended(0).stdout;
    assert!(again.contains("1 bevinding bij Lindeveen") && again.contains("198.51.100.200"), "{again}");
    assert_eq!(installation.json(&["template", "history", SUBJECT])["versions"].as_array().unwrap().len(), 2);
    let audit = installation.run(&["audit", "list"]).ended(0).stdout;
    assert!(audit.contains("jan  template.change template:nl/notification.subject"), "{audit}");
    installation.assert_sound();
}

#[test]
fn the_advice_on_a_kind_is_a_template_too_and_keeps_its_five_parts() {
    let installation = desk();
    let show = installation.run(&["template", "show", "advice/rdp", "--language", "nl"]).ended(0).stdout;
    let own = show.replace("Doe dit eerst.", "Bel 14070.");
    assert_ne!(own, show);
    let set = |text: &str| {
        let file = installation.file("rdp.txt", text);
        installation.run(&["--as", "jan", "template", "set", "advice/rdp", &file, "--reason", "nummer"])
    };
    let without = set(&own.replace("[keep]", ""));
    assert!(without.ended(1).stderr.contains("the part [keep] is missing"));
    set(&own).ended(0);
    seen(&installation, "198.51.100.200");
    installation.json(&["tell"]);
    let shown = installation.run(&["outbox", "--show", "1"]).ended(0).stdout;
    assert!(shown.contains("Bel 14070."), "{shown}");
}

#[test]
fn a_running_service_takes_a_new_text_up() {
    let installation = desk();
    let serving = Serving::start(&installation, "");
    let file = installation.file("subject.j2", "Nieuw voor {{ organisation.name }}\n");
    installation.json(&["--as", "jan", "template", "set", SUBJECT, &file, "--reason", "nieuw"]);
    put(&installation, &rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    serving.wait("the mail", || installation.mails().len() == 1);
    serving.stop();
    assert!(header(installation.mails()[0].as_bytes(), "subject").ends_with("Nieuw voor Lindeveen"));
}
