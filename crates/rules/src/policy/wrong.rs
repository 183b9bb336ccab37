//! What can be wrong, or look wrong, with a policy: a closed set, each with what it is about. The command line and the API say it in the words here; the portal has words
//! of its own in every language (`policy-…`).

use schakel_model::said;

said! {
    /// What is wrong, and what to do.
    Wrong {
        TooLarge { bytes, most } "policy-too-large" "the document has {bytes} bytes; at most {most} are read"
        Unreadable { text } "policy-unreadable" "{text}"
        UnknownWord { text } "policy-unknown-word" "{text}"
        Ended { until } "policy-ended" "ended on {until} and no longer matches: take it out, or give it another end"
        NeverMatches { before } "policy-never-matches" "never matches: {before} matches all of it before"
        KeepsEverything {} "policy-keeps-everything" "keeps everything that no earlier rule matches from being told"
        SuppressesCritical {} "policy-suppresses-critical" "suppresses what is critical"
        SameName {} "policy-same-name" "another rule has the same name"
        NoContact { address } "policy-no-contact" "no contact has the address `{address}`"
        NoRuleInForce {} "policy-no-rule-in-force" "no rule is in force, so that everything is told at once"
        NoOrganisation { code } "policy-no-organisation" "there is no organisation `{code}`"
        NoSource { code } "policy-no-source" "there is no source `{code}`. `schakel source list` names them"
        NoCalendar { name } "policy-no-calendar" "there is no calendar `{name}`"
        KindUnseen { kind } "policy-kind-unseen" "nothing of the kind `{kind}` came in yet: is it written right?"
        Empty { key } "policy-empty" "`{key}` is empty"
        NoEnd { written } "policy-no-end" "`until = {written}` is no day: write 2027-01-31"
        NoClosedDay { written } "policy-no-closed-day" "`closed`: {written} is no day: write 2026-12-24"
        SuppressWithoutEnd {} "policy-suppress-without-end" "a rule that suppresses needs an end: add `until = \"2027-01-31\"`"
        TimeOfNothing {} "policy-time-of-nothing" "`at`, `days` and `on` belong to daily and weekly only"
        NoTime { key, written } "policy-no-time" "`{key} = {written}` is no time of the day: write \"09:00\""
        NoDays { written } "policy-no-days" "`days = {written}`: use every or working"
        NoWeekday { written } "policy-no-weekday" "`{written}` is no day of the week: use monday to sunday"
        NoRhythm {} "policy-no-rhythm" "hourly takes no time; daily takes `at` and `days`; weekly takes `on` and `at`"
        NoAction { written } "policy-no-action" "`then = {written}`: use at_once, hourly, daily, weekly, hold or suppress"
        NoRole { written } "policy-no-role" "`role = {written}`: findings go to findings, vcib or acib"
        NobodyInRole {} "policy-nobody-in-role" "`role` names nobody"
        NoCalendarName {} "policy-no-calendar-name" "give it a name of its own: `always` is day and night"
        ClosesFirst { until, from } "policy-closes-first" "it closes at {until}, before it opens at {from}"
        NoHolidays { written } "policy-no-holidays" "`holidays = {written}`: use office, legal or none"
        ManySteps { count, most } "policy-many-steps" "{count} steps; at most {most} are taken"
        NoTurn { written } "policy-no-turn" "`to = {written}`: use second_contact, partner or calling_list"
        NoTerm { written } "policy-no-term" "`after = {written}`: write \"30 minutes\", \"4 hours\" or \"2 days\", two years at most"
        OutOfRange { written, least, most } "policy-out-of-range" "`{written}`: from {least} to {most}"
        NoStart { written } "policy-no-start" "`starts = {written}`: use told or received"
        NamesNothing { key } "policy-names-nothing" "`{key}` names nothing, so that nothing matches. Leave it out for any {key}"
        NoPlace { written } "policy-no-place" "`{written}` is no prefix, address or domain"
        WhosePreference {} "policy-whose-preference" "a preference is of an `organisation` or of a `contact`: write one of the two"
        ContactWithWhen {} "policy-contact-with-when" "a contact's preference has no `when`: it is for everything that may wait"
        NoAddress { written } "policy-no-address" "`contact = {written}` is no mail address"
        OrganisationInWhen {} "policy-organisation-in-when" "the organisation stands beside `when`, not in it"
        NotForRecipients {} "policy-not-for-recipients" "a recipient can prefer hourly, daily or weekly: what is told at once, or not at all, is for the rules"
        NoMode { written } "policy-no-mode" "`mode = {written}`: use off, shadow, desk or live"
    }
}
