//! Why a use case says no, for whoever asked: a closed set, each with what it is about. The command line says it in the words here; the portal has words of its own in every
//! language (`refused-…`). What is not among them is said in English.

use schakel_model::said;

use crate::{
    claims::{NotEntered, VALUES_MAX},
    portal::accounts::NotInvited,
};

said! {
    /// A use case says no.
    Refused {
        NoOrganisation { code } "refused-no-organisation" "there is no organisation {code} in the register"
        NoReason {} "refused-no-reason" "say why with --reason"
        EndsBeforeItBegins {} "refused-ends-before" "the period ends before it begins"
        TooManyPrefixes { value, count, most } "refused-many-prefixes" "`{value}` is {count} prefixes; claim at most {most} at once"
        SameClaim { claim } "refused-same-claim" "claim {claim} says the same already"
        ManyConflicts { value, count } "refused-many-conflicts" "`{value}` meets {count} claims and assets of others; claim what is theirs in smaller parts"
        NoClaim { claim } "refused-no-claim" "there is no claim {claim}. `schakel claim list` lists them"
        ClaimOver { claim, state } "refused-claim-over" "claim {claim} is {state} already"
        AssetGone { asset, code } "refused-asset-gone" "asset {asset} is not in the register of {code} any more"
        NoContact { contact } "refused-no-contact" "there is no contact {contact}. `schakel contact list` lists them"
        NotTheirContact {} "refused-not-their-contact" "that contact is somebody else's"
        ContactLacks { role, missing } "refused-contact-lacks" "a contact in the role {role} needs a {missing}"
        NothingChanges {} "refused-nothing-changes" "nothing changes"
        NoChange { change } "refused-no-change" "there is no change {change}. `schakel contact pending` lists them"
        ChangeDecided { change } "refused-change-decided" "change {change} was decided already"
        OwnChange { who } "refused-own-change" "{who} asked for this change: somebody else has to approve it"
        NotOnRecord { number, known } "refused-not-on-record" "{number} was not on record before this change was asked for. Call back a number that was: {known}"
        NoneOnRecord { number } "refused-none-on-record" "{number} was not on record before this change was asked for. Call back a number that was: there is none, so refuse it and ask for a new form"
        ContactChanged { contact } "refused-contact-changed" "contact {contact} has changed since: refuse this change and ask for it again"
        NoConflict { conflict } "refused-no-conflict" "there is no conflict {conflict}. `schakel conflict list` lists them"
        ConflictDecided { conflict } "refused-conflict-decided" "conflict {conflict} was decided already"
        NoSide {} "refused-no-side" "that organisation is no side of this conflict"
        ImportErrors { errors } "refused-import-errors" "it has {errors} errors, or takes organisations away while something of theirs is open"
        ImportNothing {} "refused-import-nothing" "it changes nothing"
        TextUnusable { problems } "refused-text" "this text cannot be used:\n{problems}"
        TextNeverChanged { name, language } "refused-text-built-in" "{name} in {language} is the built-in text and was never changed"
        PolicyBuiltIn {} "refused-policy-built-in" "the built-in policy is in force: there is nothing to take back"
        NoTemplate { name } "refused-no-template" "there is no template {name}. `schakel template list` names them"
        NotAName {} "refused-not-a-name" "a name to sign in with has no spaces and is not empty: a short name, or a mail address"
        NoRole { roles } "refused-no-role" "say what they are to be with --role: {roles}"
        RoleOfMember { role, roles } "refused-role-of-member" "{role} is no role of the desk. There are: {roles}"
        RoleOfDesk { role, roles } "refused-role-of-desk" "{role} is no role of a member. There are: {roles}"
        NameOfDesk { name } "refused-name-of-desk" "{name} is a name of the desk already. Choose another name"
        NameTaken { name } "refused-name-taken" "{name} is somebody of another organisation already. Choose another name"
        NobodySignsIn { name } "refused-nobody" "nobody signs in as {name}. `schakel account list` shows who does"
        JustCame { receipt } "refused-just-came" "{receipt} has just come in and was not looked at yet: try again in a moment"
        PutAside { receipt } "refused-put-aside" "{receipt} was put aside already. `schakel arrivals {receipt}` says why"
        WaitsNoMore { receipt } "refused-waits-no-more" "{receipt} does not wait any more. `schakel arrivals {receipt}` says what became of it"
        NothingWaits { receipt } "refused-nothing-waits" "no {receipt} waits. `schakel vetting list` shows what does"
        NotKept { receipt } "refused-not-kept" "the bytes of {receipt} are not kept any more"
        NoMail { receipt } "refused-no-mail" "{receipt} is no mail"
        WaitsAlready { receipt } "refused-waits-already" "{receipt} waits for a person already"
        NoAnswer { answer } "refused-no-answer" "there is no answer A{answer}. `schakel answer list` lists them"
        AnswerDecided { answer } "refused-answer-decided" "answer A{answer} was decided already, or needs no decision"
        AnswerTakenBack { answer } "refused-answer-taken-back" "answer A{answer} was taken back or refused already"
        AnswerDone { answer } "refused-answer-done" "the register was changed by answer A{answer} already. Set it right there (`schakel register history`), then `schakel reattribute`, and accept the answer, so that it waits no longer"
        NotTold { finding } "refused-not-told" "nobody was told of {finding}, or not this organisation"
        SeveralTold { finding } "refused-several-told" "{finding} was told to several organisations: say which one answers"
        NothingToAnswer { number } "refused-nothing-to-answer" "N{number} tells no findings that could be answered"
        NoNotification { number } "refused-no-notification" "there is no notification N{number}. `schakel outbox` lists them"
        NoMessage { message } "refused-no-message" "there is no message {message}. `schakel outbox` lists them"
        NotWithheld { message } "refused-not-withheld" "message {message} is not withheld"
        MailboxWell { address } "refused-mailbox-well" "nothing is known against {address}. `schakel contact health` lists what is"
        NotTheirs { address, code } "refused-not-theirs" "{address} is no contact of {code}"
        NobodyChosen {} "refused-nobody-chosen" "choose who gets it"
        NothingTold { subject } "refused-nothing-told" "nothing of {subject} was told to anybody. `schakel trace` shows it"
    }
}

impl std::error::Error for Refused {}

impl Refused {
    /// Why it was refused, where that is among them.
    pub fn of(error: &anyhow::Error) -> Option<Self> {
        if let Some(refused) = error.downcast_ref::<Self>() {
            return Some(refused.clone());
        }
        if let Some(not) = error.downcast_ref::<NotInvited>() {
            return Some(match not.clone() {
                NotInvited::Name => Self::NotAName {},
                NotInvited::OfDesk(name) => Self::NameOfDesk { name },
                NotInvited::Elsewhere(name) => Self::NameTaken { name },
            });
        }
        match error.downcast_ref::<NotEntered>()? {
            // A sentence of the format's own, in English.
            NotEntered::Value(_) => None,
            NotEntered::Many(value, count) => Some(Self::TooManyPrefixes {
                value: value.clone(),
                count: count.to_string(),
                most: VALUES_MAX.to_string(),
            }),
            NotEntered::Period => Some(Self::EndsBeforeItBegins {}),
            NotEntered::Same(claim) => Some(Self::SameClaim { claim: claim.to_string() }),
            NotEntered::Wide(value, count) => {
                Some(Self::ManyConflicts { value: value.to_string(), count: count.to_string() })
            }
        }
    }
}
