//! What the desk writes and does with mail in the portal: replies, the outbox, what came in, breaches; and searching.

use schakel_testkit::ports::free_port;

use crate::{
    answers::{answers, field, proven, reply},
    fixtures::{rdp, rdp_name},
    portal::Portal,
    portal_desk::Sender,
    serve::put,
};

/// A portal with a door for mail, and one finding told to Lindeveen; the server of the door.
fn told() -> (Portal, String) {
    let server = format!("127.0.0.1:{}", free_port().unwrap());
    let portal = Portal::with(&format!(
        "[doors.mail]\ntrusted = [\"mx.schakel.example\"]\n[doors.smtp]\nlisten = [\"{server}\"]\nrecipients = [\"@schakel.example\"]\n"
    ));
    put(&portal.installation, &rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    portal.serving.wait("the mail", || portal.installation.mails().len() == 1);
    (portal, server)
}

/// The mail address that the first mail went to.
fn contact(portal: &Portal) -> String {
    let to = field(&portal.installation.mails()[0], "To");
    to.rsplit('<').next().unwrap().trim_end_matches('>').to_owned()
}

#[test]
fn a_reply_is_seen_before_it_leaves_and_its_answer_is_about_what_was_told() {
    let (portal, server) = told();
    let anna = Sender::new(&portal, "anna", &["handler"]);
    assert!(anna.get("/findings/F0").body.contains("/conversations/1\""));
    let to = contact(&portal);
    let page = anna.get("/conversations/1").body;
    assert!(page.contains(&to) && page.contains("TLP:"), "{page}");
    let fields =
        |more: &str| format!("to={}&text=Kunt+u+%3Cb%3Epoort+3389+sluiten%3F{more}", to.replace('@', "%40"));
    for (wrong, status) in
        [("to=x%40evil.example&text=a&apply=yes", 422), ("text=a", 422), ("to=a&text=+", 422)]
    {
        assert_eq!(anna.post("/conversations/1/reply", wrong).status, status, "{wrong}");
    }
    let preview = anna.post("/conversations/1/reply", &fields(""));
    assert_eq!(preview.status, 200, "{preview:?}");
    assert!(preview.body.contains("Kunt u &lt;b&gt;poort 3389 sluiten?"), "{}", preview.body);
    assert_eq!(portal.installation.mails().len(), 1, "nothing left yet");
    anna.done("/conversations/1/reply", &fields("&apply=yes"));
    portal.serving.wait("the reply", || portal.installation.mails().len() == 2);
    let mails = portal.installation.mails();
    let sent = mails.iter().find(|mail| mail.contains("poort 3389 sluiten")).unwrap();
    assert_eq!(
        field(sent, "In-Reply-To"),
        field(mails.iter().find(|mail| *mail != sent).unwrap(), "Message-ID")
    );
    assert!(field(sent, "Subject").contains("TLP:"), "{sent}");
    let page = anna.get("/findings/F0").body;
    assert!(page.contains("Beantwoord per mail") && page.contains("poort 3389 sluiten"), "{page}");
    let id = field(sent, "Message-ID");
    if reply(&server, &to, &id, "Het is opgelost.", &[&proven(to.split('@').nth(1).unwrap())]).is_none() {
        return;
    }
    portal.serving.wait("the answer", || anna.get("/findings?state=fixed").body.contains("/findings/F0\""));
    assert_eq!(answers(&portal.installation).len(), 1);
    let log = portal.installation.run(&["audit", "list", "--json"]).ended(0).stdout;
    assert!(log.contains("reply.send") && !log.contains("poort 3389"), "{log}");
    portal.serving.stop();
}

#[test]
fn the_desk_sees_its_mail_and_takes_back_what_went_wrong() {
    let (portal, server) = told();
    let anna = Sender::new(&portal, "anna", &["handler", "coordinator"]);
    let bram = Sender::new(&portal, "bram", &["handler"]);
    let page = anna.get("/outbox?state=accepted").body;
    assert!(page.contains("/outbox/1\"") && page.contains(&contact(&portal)), "{page}");
    assert!(anna.get("/outbox/1").body.contains("Message-ID:"));
    assert_eq!(anna.get("/outbox/99").status, 404);
    assert_eq!(bram.post("/outbox/1/release", "reason=x").status, 403, "that is for a coordinator");
    let refused = anna.post("/outbox/1/release", "reason=x");
    assert!(refused.status == 422 && refused.body.contains("wordt niet tegengehouden"), "{refused:?}");

    let page = anna.get("/breaches?what=N1").body;
    assert!(page.contains(&contact(&portal)), "who received it: {page}");
    assert_eq!(anna.post("/breaches/open", "what=N1&reason=+").status, 422);
    assert_eq!(anna.post("/breaches/open", "what=X1&reason=x").status, 422);
    let page = anna.done("/breaches/open", "what=N1&reason=wrong+party");
    assert!(page.contains("B1") && page.contains("wrong party"), "{page}");
    portal.serving.wait("the recall", || portal.installation.mails().len() == 2);
    assert_eq!(bram.post("/breaches/1/close", "decision=reported&reason=x").status, 403);
    assert_eq!(anna.post("/breaches/1/close", "decision=&reason=x").status, 422);
    anna.done("/breaches/1/close", "decision=not_reported&reason=harmless");
    assert!(anna.get("/breaches").body.contains("niet gemeld bij de toezichthouder"));
    assert_eq!(anna.post("/breaches/1/close", "decision=reported&reason=x").status, 422, "once");

    assert_eq!(anna.post("/mailboxes/compromised", "address=j%40x.example&reason=+").status, 422);
    anna.done("/mailboxes/compromised", "address=j%40x.example&reason=they+called");
    assert!(anna.get("/mailboxes").body.contains("j@x.example"));
    anna.done("/mailboxes/trust", "address=j%40x.example&reason=they+called+again");
    assert!(!anna.get("/mailboxes").body.contains("j@x.example"));

    // An automatic reply is put aside; a person may have it looked at after all.
    let id = field(&portal.installation.mails()[0], "Message-ID");
    let automatic = ["Auto-Submitted: auto-replied"];
    if reply(&server, "x@stranger.example", &id, "Ik ben er niet.", &automatic).is_none() {
        return;
    }
    portal.serving.wait("the mail", || anna.get("/mail?which=aside").body.contains("stranger.example"));
    anna.done("/mail/R1/vetting", "reason=look+again");
    assert!(anna.get("/vetting").body.contains("/vetting/R1\""));
    let refused = anna.post("/mail/R1/vetting", "reason=x");
    assert!(refused.status == 422 && refused.body.contains("wacht al op een mens"), "{refused:?}");
    portal.serving.stop();
}

#[test]
fn words_of_the_source_are_found_within_seconds_and_not_after_they_were_erased() {
    let portal = Portal::new();
    let report = "timestamp,ip,port,protocol,hostname,tag\n\
                  2026-11-20 00:00:00,198.51.100.200,3389,tcp,rdp.lindeveen.example,zwaluwstaart\n";
    put(&portal.installation, &rdp_name("2026-11-20"), report);
    let anna = Sender::new(&portal, "anna", &["handler"]);
    let found =
        |words: &str| anna.get(&format!("/findings?open=any&q={words}")).body.contains("/findings/F0\"");
    portal.serving.wait("the index", || found("zwaluwstaart"));
    assert!(found("zwaluw") && found("198.51.100.200") && found("rdp.lindeveen") && !found("koolmees"));
    let listed = portal.installation.run(&["findings", "--search", "zwaluwstaart"]).ended(0).stdout;
    assert!(listed.contains("F0"), "{listed}");
    assert!(portal.installation.run(&["doctor"]).stdout.contains("the index of words follows the store"));
    portal.serving.stop();
}
