//! The portal for members: what somebody of a member sees, says and takes back, over the real service.

use crate::{
    fixtures::{rdp, rdp_name},
    portal::Portal,
    program,
    serve::put,
};

/// The one finding of Lindeveen is told; somebody of Lindeveen signs in.
fn signed_in() -> (Portal, String) {
    let portal = Portal::new();
    put(&portal.installation, &rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    portal.serving.wait("the mail", || portal.installation.mails().len() == 1);
    let secret = portal.somebody_of("linde@lindeveen.example", "GM2", &["vcib"]);
    let session = portal.sign_in("linde@lindeveen.example", &secret);
    (portal, session)
}

fn answers(portal: &Portal) -> serde_json::Value {
    let mut command = portal.installation.command_by_the_real_clock(&["answer", "list", "--all"]);
    program::run(command.arg("--json")).ended(0).json()
}

#[test]
fn a_member_answers_in_two_clicks_and_takes_it_back() {
    let (portal, session) = signed_in();
    let first = portal.get("/", &session);
    assert_eq!((first.status, first.header("location")), (303, "/own/GM2"));
    let front = portal.get("/own/GM2", &session);
    assert!(
        front.body.contains("198.51.100.200") && front.body.contains("Op 1 hebt u nog niet"),
        "{front:?}"
    );
    let page = portal.get("/own/GM2/findings/F0", &session);
    assert!(page.body.contains("Wat u moet doen") && page.body.contains("Wat kunt u doen?"), "{page:?}");
    let token = page.body.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();

    let form = format!("form_token={token}&back=%2Fown%2FGM2%2Ffindings%2FF0&kind=fixed");
    let said = portal.post("/own/GM2/findings/F0/answers", &session, &form);
    assert_eq!((said.status, said.header("location")), (303, "/own/GM2/findings/F0"), "{said:?}");
    let both = format!("{session}; {}", said.cookie("__Host-schakel-notice"));
    let after = portal.get("/own/GM2/findings/F0", &both);
    assert!(after.body.contains("Uw reactie telt") && after.body.contains("opgelost"), "{after:?}");
    let heard = answers(&portal);
    let one = &heard["answers"][0];
    assert_eq!((&one["kind"], &one["standing"]), (&"fixed".into(), &"taken".into()), "{heard}");

    let undone = portal.post("/own/GM2/answers/undo", &session, &format!("form_token={token}&what=1"));
    assert_eq!(undone.status, 303, "{undone:?}");
    let front = portal.get("/own/GM2", &session);
    assert!(front.body.contains("Op 1 hebt u nog niet"), "as before: {front:?}");
    let again = portal.post("/own/GM2/answers/undo", &session, &format!("form_token={token}&what=1"));
    assert_eq!(again.status, 422, "once: {again:?}");

    // What belongs to an answer is asked for where it is missing; a risk without a day is none.
    let form = format!("form_token={token}&back=%2F&kind=risk_accepted&text=oud&decided_by=CISO");
    let refused = portal.post("/own/GM2/findings/F0/answers", &session, &form);
    assert!(refused.status == 422 && refused.body.contains("id=\"until-wrong\""), "{refused:?}");
    // "Not ours" of something severe is for the desk.
    let form = format!("form_token={token}&back=%2F&kind=not_ours");
    assert_eq!(portal.post("/own/GM2/findings/F0/answers", &session, &form).status, 303);
    assert_eq!(answers(&portal)["answers"][0]["standing"], "proposed");
    portal.serving.stop();
}

#[test]
fn a_member_says_on_which_days_it_is_closed() {
    let (portal, session) = signed_in();
    let page = portal.get("/own/GM2/register", &session);
    let token = page.body.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let set = |fields: &str| {
        let form = format!("form_token={token}&back=%2Fown%2FGM2%2Fregister&{fields}");
        portal.post("/own/GM2/closed", &session, &form)
    };
    let closed = || {
        let mut command = portal.installation.command_by_the_real_clock(&["closed", "show", "GM2"]);
        program::run(command.arg("--json")).ended(0).json()["closed"].clone()
    };
    // The last day on which this test can be run: further ahead is a slip of the pen.
    assert_eq!(set("day=2030-12-24&until=2030-12-26").status, 303);
    assert_eq!(closed(), serde_json::json!(["2030-12-24", "2030-12-25", "2030-12-26"]));
    assert_eq!(set("day=2030-12-25&open=1").status, 303);
    assert_eq!(closed(), serde_json::json!(["2030-12-24", "2030-12-26"]));
    let shown = portal.get("/own/GM2/register", &session).body;
    assert!(shown.contains("24 dec 2030") && !shown.contains("25 dec 2030"), "{shown}");
    for (fields, field) in
        [("day=", "day-wrong"), ("day=24-12-2030", "day-wrong"), ("day=2030-12-24&until=x", "until-wrong")]
    {
        let refused = set(fields);
        assert!(refused.status == 422 && refused.body.contains(field), "{refused:?}");
    }
    assert_eq!(set("day=2030-12-24&until=2030-12-01").status, 422);
    assert_eq!(set("day=2999-12-24").status, 422);
    portal.serving.stop();
}
