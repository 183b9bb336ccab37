# Conversations, the desk's mail, breaches.
mail-way = Mail
mail-to = To
marking = Marking
from = From

told-reply = Answered by mail
conversation-title = Conversation N{ $number }
reply-title = Write a reply
reply-help = By mail, to contacts that may read it. You see it before it leaves.
reply-to = about N{ $number } to { $name }
reply-text = Your text
reply-look = Show as it will be sent
reply-preview = This is what they get
reply-preview-help = Nothing was sent yet. A confidential message that can not be encrypted waits in the outbox.
reply-send = Send
reply-marking = It is marked TLP:{ $tlp }, as the message it is about. Write nothing in it that needs a higher marking.
reply-not-yours = You may read this conversation, not write in it.
reply-not-no_address = has no mail address
reply-not-clearance = may not receive this marking
reply-not-no_named_person = TLP:RED is for named persons only
reply-not-circle = this marking does not reach this organisation
reply-not-source = the source lets nobody be told
reply-not-closed = this address is gone, or somebody else may read it
done-reply-sent = { $count ->
    [one] Your reply is in the outbox.
   *[other] Your reply to { $count } people is in the outbox.
}
done-reply-withheld = Your reply waits in the outbox: it is confidential and can not be encrypted for everybody.
wrong-too-long = This is too long.
wrong-nobody-chosen = Choose who gets it.

outbox-title = Outbox
outbox-open = Waiting
outbox-withheld = withheld
outbox-given_up = given up
outbox-waiting = waiting
outbox-accepted = delivered
outbox-paused = Sending is paused after a restore. Somebody must confirm that it may go on:
outbox-message = Message
outbox-state = State
outbox-attempts = Attempts
outbox-next = Next attempt
outbox-outcome = What the other side said
outbox-none = Nothing here.
outbox-help = What fails is tried again by itself, for two days. What is then given up stands on the calling list when it told findings.
outbox-one = Message { $number }
outbox-erased = The text was erased.
outbox-more = The rest is left out here.
outbox-release = Let it go
outbox-release-help = This message is confidential and there is no key to encrypt it with. If you let it go and there is still no key, it leaves as an ordinary mail.
outbox-release-not-yours = A coordinator decides whether it may leave.
done-released-encrypted = The message leaves, encrypted.
done-released-open = The message leaves as an ordinary mail.

incoming-title = Came in
incoming-which-all = all
incoming-which-aside = put aside
incoming-which-taken = taken in
incoming-receipt = Receipt
incoming-became = What became of it
incoming-why = Why
incoming-none = No mail came in.
incoming-help = What could not be understood waits under "to be vetted". What was put aside is kept for a while: until then you can have it looked at after all.
incoming-decide = Decide otherwise
incoming-to-vetting = Have it vetted
incoming-answers = Answers
incoming-is-answer = Record as an answer
became-waiting = just came
became-held = waits for a person
became-taken = taken in
became-known = known already
became-refused = refused
became-no_report = no report
done-handed-to-vetting = It waits to be vetted.
done-handed-to-answer = It is recorded as an answer.
wrong-notification = Write the number of a message of ours, such as N17.

mailboxes-title = Addresses
mailboxes-none = Nothing is known against any address.
mailbox-closed = no mail goes here
mailbox-compromised = Somebody else may read it
mailbox-failed = No such mailbox
mailbox-complained = Marked as unwanted
mailbox-failures = Came back
mailbox-accepted = Last accepted
mailbox-never = never
mailbox-why-trust = Why it is good again, and how you asked
mailbox-trust = Use it again
mailbox-mark = Somebody else may read an address
mailbox-mark-help = Nothing goes there any more. What waits for it is told to another contact, or by telephone.
done-mailbox-trusted = Mail goes to this address again.
done-mailbox-compromised = Nothing is mailed to this address any more.

breach = Data breach
breaches-title = Data breaches
breaches-known = Opened
breaches-none = None.
breach-about = About
breach-discovered = Discovered
breach-decision = Decision
breach-deadline = To be decided before
breach-overdue = overdue
breach-left = { $span } left
breach-reported = reported to the supervisor
breach-not_reported = not reported to the supervisor
breach-new = Something went to the wrong party
breach-new-help = Name the finding, the message or the correction. You see who received it before anything happens.
breach-what = What
breach-only = Only what this organisation was told
breach-look = Who received it?
breach-received = Who received it
breach-taken-back = { $name } ({ $sent } of { $of } sent)
breach-recalled = Taken back by
breach-nobody-received = Nobody received it by mail.
breach-open-warning = Everybody in this list gets a mail that asks to delete it, and the 72 hours begin.
breach-open-it = Open the breach
breach-close = Record the decision
breach-close-not-yours = A coordinator records the decision.
wrong-breach-subject = Write a finding (F12), a message (N3) or a correction (K1), and the code of an organisation that there is.
wrong-breach-nobody = Nobody was told this.
wrong-decided = This was decided already.
done-breach-opened = The breach is open. Those who received it are asked to delete it.
done-breach-closed = The decision is recorded.

# What an action refuses. The names in braces come from the program.
refused-no-organisation = There is no organisation { $code } in the register.
refused-no-reason = Write down why.
refused-ends-before = The period ends before it begins.
refused-many-prefixes = { $value } is { $count } prefixes. Claim at most { $most } at once.
refused-same-claim = Claim { $claim } says the same already.
refused-many-conflicts = { $value } meets { $count } claims and assets of others. Claim what is theirs in smaller parts.
refused-no-claim = There is no claim { $claim }.
refused-claim-over = Claim { $claim } was decided already.
refused-asset-gone = This asset is not in the register of { $code } any more.
refused-no-contact = This contact is not there any more.
refused-not-their-contact = This contact is of another organisation.
refused-contact-lacks = A contact in this role also needs a name, mail address or telephone number that is missing now.
refused-nothing-changes = Nothing changes.
refused-no-change = There is no such change.
refused-change-decided = Change { $change } was decided already.
refused-own-change = You asked for this change yourself. Somebody else has to approve it.
refused-not-on-record = { $number } was not on record before this change was asked for. Call back a number that was: { $known }
refused-none-on-record = { $number } was not on record before this change was asked for, and no other number was. Refuse the change and ask for a new form.
refused-contact-changed = This contact has changed since. Refuse this change and ask for it again.
refused-no-conflict = There is no conflict { $conflict }.
refused-conflict-decided = Conflict { $conflict } was decided already.
refused-no-side = That organisation is no side of this conflict.
refused-import-errors = There are { $errors } errors, or organisations would go while something of theirs is open.
refused-import-nothing = This changes nothing.
refused-text = This text can not be used: { $problems }
refused-text-built-in = This is the built-in text. It was never changed.
refused-policy-built-in = The built-in policy is in force: there is nothing to take back.
policy-error = Wrong
policy-warning = Look at this
policy-line = line { $number }
policy-too-large = The document has { $bytes } bytes. We read { $most } at most.
policy-unreadable = This is no valid TOML: { $text }
policy-unknown-word = We do not know this word: { $text }
policy-ended = This rule ended on { $until } and does nothing any more. Take it out, or give it another end.
policy-never-matches = This rule never does anything: { $before } goes first.
policy-keeps-everything = This keeps everything from being told that no earlier rule matches.
policy-suppresses-critical = This suppresses what is critical as well.
policy-same-name = Another rule has the same name.
policy-no-contact = No contact has the address "{ $address }".
policy-no-rule-in-force = No rule is in force. Everything is told at once then.
policy-no-organisation = There is no organisation "{ $code }".
policy-no-source = There is no source "{ $code }". They stand under Sources.
policy-no-calendar = There is no calendar "{ $name }".
policy-kind-unseen = Nothing of the kind "{ $kind }" came in yet. Is it written right?
policy-empty = Fill in "{ $key }".
policy-no-end = "until = { $written }" is no day. Write 2027-01-31.
policy-no-closed-day = "closed": { $written } is no day. Write 2026-12-24.
policy-suppress-without-end = A rule that suppresses needs an end. Add: until = "2027-01-31".
policy-time-of-nothing = "at", "days" and "on" belong to daily and weekly only.
policy-no-time = "{ $key } = { $written }" is no time of the day. Write "09:00".
policy-no-days = "days = { $written }": use every or working.
policy-no-weekday = "{ $written }" is no day of the week. Use monday to sunday.
policy-no-rhythm = hourly takes no time, daily takes "at" and "days", weekly takes "on" and "at".
policy-no-action = "then = { $written }": use at_once, hourly, daily, weekly, hold or suppress.
policy-no-role = "role = { $written }": findings go to findings, vcib or acib.
policy-nobody-in-role = "role" names nobody.
policy-no-calendar-name = Give the calendar a name of its own. "always" is day and night.
policy-closes-first = The calendar closes at { $until }, before it opens at { $from }.
policy-no-holidays = "holidays = { $written }": use office, legal or none.
policy-many-steps = These are { $count } steps. At most { $most } are taken.
policy-no-turn = "to = { $written }": use second_contact, partner or calling_list.
policy-no-term = "after = { $written }": write "30 minutes", "4 hours" or "2 days", two years at most.
policy-out-of-range = "{ $written }": choose a number from { $least } to { $most }.
policy-no-start = "starts = { $written }": use told or received.
policy-names-nothing = "{ $key }" names nothing, so that nothing matches. Leave it out when it does not matter.
policy-no-place = "{ $written }" is no prefix, address or domain.
policy-whose-preference = A preference is of an "organisation" or of a "contact". Write one of the two.
policy-contact-with-when = A contact's preference has no "when": it is for everything that may wait.
policy-no-address = "contact = { $written }" is no mail address.
policy-organisation-in-when = The organisation stands beside "when", not in it.
policy-not-for-recipients = A recipient can choose hourly, daily or weekly. The rules say what is told at once, or not at all.
policy-no-mode = "mode = { $written }": use off, shadow, desk or live.
refused-no-template = There is no text { $name }.
refused-not-a-name = A name to sign in with has no spaces and is not empty: a short name, or a mail address.
refused-no-role = Choose at least one role.
refused-role-of-member = This is a role of a member, not of the desk. Choose a role of the desk.
refused-role-of-desk = This is a role of the desk, not of a member. Choose acib, vcib, viewer or member_administrator.
refused-name-of-desk = { $name } is a name of the desk already. Choose another name.
refused-name-taken = { $name } is somebody of another organisation already. Choose another name.
refused-nobody = Nobody signs in as { $name }.
refused-just-came = { $receipt } has just come in and was not looked at yet. Try again in a moment.
refused-put-aside = { $receipt } was put aside already.
refused-waits-no-more = { $receipt } does not wait any more.
refused-nothing-waits = No { $receipt } waits.
refused-not-kept = What { $receipt } holds is not kept any more.
refused-no-mail = { $receipt } is no mail.
refused-waits-already = { $receipt } waits for a person already.
refused-no-answer = There is no answer A{ $answer }.
refused-answer-decided = Answer A{ $answer } was decided already, or needs no decision.
refused-answer-taken-back = Answer A{ $answer } was taken back or refused already.
refused-answer-done = The register was changed by answer A{ $answer } already. Set it right there.
refused-not-told = { $finding } was told to nobody, or not to this organisation.
refused-several-told = { $finding } was told to several organisations. Choose which one answers.
refused-nothing-to-answer = Message N{ $number } tells no findings that could be answered, or the mail is an automatic reply.
refused-no-notification = There is no message N{ $number } that could be answered.
refused-no-message = There is no message { $message }.
refused-not-withheld = Message { $message } is not withheld.
refused-mailbox-well = Nothing is known against { $address }.
refused-not-theirs = { $address } is no contact of { $code }.
refused-nobody-chosen = Choose who gets it.
refused-nothing-told = Nothing of { $subject } was told to anybody.

export-list = This list as a file:
