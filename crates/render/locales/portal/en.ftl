# The pages of the portal.

skip-to-content = Skip to content
navigation = Sections
other-language = Nederlands
theme-dark = Dark theme
theme-light = Light theme
accessibility = Accessibility
now-is = It is now { $at }
continue = Continue
sign-out = Sign out

month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec

# Signing in
sign-in = Sign in
sign-in-name = User name
password = Password
sign-in-wrong = The user name or the password is not right. After a few wrong tries you cannot sign in for a while: wait a minute or longer.
sign-in-no-account = No account yet? You get one by an invitation from the administrator.
code-title = Code from your telephone
code = Code
code-help = Six digits, from the app that you made your account with.
code-wrong = The code is not right. A code works once, for about a minute.
code-from-app = The code that the app shows now
invitation-title = Make your account
invitation-hello = Welcome, { $name }. Choose a password and link an app on your telephone. You need both to sign in.
password-new = New password
password-help = At least { $count } characters. A sentence of a few words is easy to remember and hard to guess.
password-short = The password is too short: choose at least { $count } characters.
password-long = The password is too long.
password-guessable = This password is too easy to guess. Choose a sentence of a few words.
invitation-code-wrong = The code is not right. See whether the clock of your telephone is right and type the code that the app shows now.
app-title = App for codes
app-help = Scan this code with an app such as Aegis, Google Authenticator or Microsoft Authenticator.
app-secret = Cannot scan? Then type this key into the app:
set-up = Make account
invitation-gone-title = This link no longer works
invitation-gone = An invitation is good for three days and works once. Ask the administrator for a new one.
ready-title = Your account is ready
ready = You can sign in now with your password and a code from the app.
signed-out-title = You are signed out
signed-out = Close the window if others use this computer as well.
not-found-title = This page is not there
not-found = The page does not exist, or you may not see it.
forbidden-title = You may not do this
forbidden = Your role gives no access to this part. Ask the administrator if you need it.
form-old-title = This form is too old
form-old = Nothing was changed. Go back, load the page again and try once more.
slow-down-title = Too many tries
slow-down = Wait a minute and try again.
trouble-title = Something went wrong
trouble = Nothing was changed. Try again in a moment. If it goes on, ask the administrator.
back-to-start = To the start

# Account
account-title = Your account
known-as = Name
organisation = Organisation
roles = Roles
role-portal-handler = handler
role-portal-coordinator = coordinator
role-portal-register_desk = register desk
role-portal-editor = editor
role-portal-manager = manager
role-portal-auditor = auditor
role-portal-administrator = administrator
role-portal-acib = ACIB
role-portal-vcib = VCIB
role-portal-viewer = viewer
role-portal-member_administrator = administrator of the organisation
sessions-title = Where you are signed in
sessions-help = One that you do not know? End it and ask the administrator for a new invitation.
browser = Browser
signed-in-at = Signed in
last-used = Last used
action = Action
this-one = this one
end-session = End

# Morning
morning = Morning
morning-title = Today, { $day }
waiting-title = What waits for you
waiting-vetting = { $count ->
    [one] report to vet
   *[other] reports to vet
}
waiting-answers = { $count ->
    [one] answer to decide
   *[other] answers to decide
}
waiting-calls = { $count ->
    [one] organisation to call
   *[other] organisations to call
}
waiting-conflicts = { $count ->
    [one] conflict of ownership
   *[other] conflicts of ownership
}
waiting-changes = { $count ->
    [one] change of the register asked for
   *[other] changes of the register asked for
}
waiting-unrouted = { $count ->
    [one] assignment is nobody's
   *[other] assignments are nobody's
}
waiting-no-contact = { $count ->
    [one] assignment without a contact
   *[other] assignments without a contact
}
waiting-withheld = { $count ->
    [one] confidential message withheld
   *[other] confidential messages withheld
}
waiting-given-up = { $count ->
    [one] message not delivered
   *[other] messages not delivered
}
waiting-mailboxes = { $count ->
    [one] mailbox that does not work
   *[other] mailboxes that do not work
}
waiting-breaches = { $count ->
    [one] possible data breach to decide
   *[other] possible data breaches to decide
}
waiting-feeds = { $count ->
    [one] feed not as usual
   *[other] feeds not as usual
}
came-title = Came in since { $since }
came-reports = Reports
came-rows = Rows
came-events = Events
came-rejected = Not readable
came-new = New findings
came-notifications = Notifications
ahead-title = { $count ->
    [0] The next 24 hours
    [one] The next 24 hours: 1 step
   *[other] The next 24 hours: { $count } steps
}
ahead-none = Nobody is on the ladder for a next step.
severity = Severity
ahead-list = All next steps
ahead-help = This happens if nobody reacts. A reaction ends the step.
ahead-count = { $count ->
    [one] 1 step
   *[other] { $count } steps
}
within-any = At any time
within-day = Within a day
within-week = Within a week
next-step = Next step
when = When
turn-second_contact = second contact
turn-partner = partnership or supplier
turn-calling_list = calling list
feeds-title = Feeds
feeds-none = All feeds are as usual.
feed = Feed
feed-alarm = What there is
feed-last = Last came
alarm-silent = silent
alarm-late = late
alarm-shrunken = far fewer rows
alarm-exploded = far more rows
alarm-schema_changed = other columns
ledger-title = Ledger
ledger-balanced = balances
ledger-not-balanced = does not balance
ledger-sums = Rows: { $rows }, assignments: { $assignments }
fate = Fate
assignments = Assignments
fate-queued = queued
fate-notified = notified
fate-known = known
fate-digest = in an overview
fate-handed_over = handed over
fate-safety_net = safety net
fate-undeliverable = undeliverable
fate-suppressed = suppressed
fate-held = held
fate-no_contact = no contact
fate-unrouted = unrouted
fate-withdrawn = withdrawn

# Accessibility
accessibility-aim = We want everybody to be able to use this portal. We follow WCAG 2.2, levels A and AA.
accessibility-how = Every page is tested with a program and with the keyboard alone. You can enlarge the letters to 200 per cent and choose a light or dark theme.
accessibility-report = Something does not work? Get in touch with { $sender }. We look for a solution and help you in another way meanwhile.
waiting-none = Nothing waits for you:
waiting-none-else = Nothing else:

# Explaining
explain-way = Why?
explain-title = Whose is this, and why?
explain-what = Address, name, URL or mail address
explain-at = Seen on (empty: now)
explain-ask = Explain
explain-help = Fill in what was seen. You see every organisation that could be told, and why it is or is not.
explain-wrong = "{ $what }" is no address, name, URL, AS number or mail address.
explain-told = Told:
explain-nobody-won = Nobody is told: there are organisations that could be, but none of them counts.
explain-nobody = This is nobody's: nothing in the register meets it.
explain-caption = By version { $version } of the register.
explain-outcome = Outcome
explain-won = yes
explain-lost = no
explain-by = Because of
explain-why = Why
explain-instead = { $name } is told in its place.
explain-by-hub = Handed over to its hub { $hub }.
finding-by-hub = Handed over to { $hub } on { $at }: { $state }.
finding-at-hub = It came as far as: { $status }.
parcel-waiting = waits for its turn
parcel-sent = sent, no receipt yet
parcel-answered = receipt received
parcel-given_up = not sent any more
hub-status-received = received
hub-status-delivered = somebody was told
hub-status-acknowledged = acknowledged
hub-status-fixed = fixed
hub-status-not_mine = not theirs
hub-status-undeliverable = could not be told
rule-longest_prefix = The smallest range wins.
rule-host_over_domain = A host name wins over a domain.
rule-name_over_asn = An address or name wins over an AS number.
rule-proven = What is proven wins over what is only said.
rule-not_valid_then = Was not valid then.
rule-shared_hosting = Shared hosting: the address says nothing about the owner of a name.
rule-excluded = Excluded within a larger range.
rule-country = Only the country matches.

# Organisations
organisations = Organisations
organisations-count = { $count ->
    [one] 1 organisation
   *[other] { $count } organisations
}
organisations-name = Name or code
organisations-more = Only the first { $count } are here. Search by name to see the rest.
organisations-none = No organisation meets this.
organisation-code = Code
organisation-kind = Kind
table = table
all = all
show = Show
kind-municipality = municipality
kind-it_partnership = IT partnership
kind-tax_partnership = tax partnership
kind-social_service = social service
kind-joint_arrangement = joint arrangement
kind-supplier = supplier
kind-provider = provider
kind-province = province
kind-water_board = water board
kind-central_government = central government
kind-authority = other authority
kind-hub = hub
assets = Addresses, domains and URLs
assets-none = The register has nothing that is this organisation's. Reports do not reach it.
asset = Kind
asset-role = Role
asset-kind-prefix = prefix
asset-kind-address = address
asset-kind-asn = AS number
asset-kind-domain = domain
asset-kind-hostname = host name
asset-kind-url = URL
asset-kind-mail_domain = mail domain
asset-kind-country = country
asset-kind-ripe_handle = RIPE handle
asset-kind-product = product
flag-dynamic = dynamic
flag-shared_hosting = shared hosting
flag-excluded = exclusion
value = Value
proof = Proof
proof-asserted = said
proof-desk = by the desk
proof-mail = mail
proof-dns = DNS
proof-file = file
proof-rdap = RDAP
valid = Valid
valid-from = from { $at }
valid-until = until { $at }
valid-always = always
note = Note
contacts = Contacts
contacts-none = No contact: nobody can be told.
contact-role = Role
contact-acib = ACIB
contact-vcib = VCIB
contact-findings = findings
contact-weekly = weekly overview
contact-ciso = CISO
contact-fg = data protection officer
contact-duty = 24/7
contact-communication = communication
contact-secretary = municipal secretary
contact-mayor = mayor
mail-and-phone = Mail and telephone
up-to = Up to
relations = Relations
relations-none = No relations.
relations-drawn = Drawing of the relations
relations-drawn-of = { $name } and the organisations around it. The table below says the same.
relations-many = { $count } organisations
part-of = is a part of
parts = has as a part
relation = Relation
relation-serves-from = serves
relation-serves-to = is served by
relation-supplies-from = supplies
relation-supplies-to = is supplied by
relation-participates_in-from = takes part in
relation-participates_in-to = has as participant
relation-merged_into-from = was merged into
relation-merged_into-to = comes from
mandate-through_member = hears through the member
mandate-copied = gets a copy
mandate-direct = may be told directly
findings = Findings
findings-open = Open findings
findings-silent = Of those without a reaction
notifications-sent = Notifications sent
notifications-none = Nothing was sent yet.
notification = Number
subject = Subject

# Calls
calls-title = Calling list
calls-count = { $count ->
    [0] nobody to call
    [one] 1 organisation
   *[other] { $count } organisations
}
calls-none = Nobody has to be called.
calls-locked = { $name } is calling now
calls-later = not before { $at }
calls-nobody = The register has nobody with a telephone number. Look for a number and write down whom you spoke to.
calls-what-to-say = What you can say

# Findings
findings-in-all = { $count } in all
findings-what = Address, prefix or name
findings-organisation = Organisation
findings-kind = Kind
findings-state = Answer
findings-open-closed = Open or closed
findings-told = Told to
findings-nobody = There is no organisation with the code or the name "{ $name }".
findings-none = No finding meets this.
finding = Finding
target = Target
first-seen = First seen
last-seen = Last seen
seen = Times seen
open = open
closed = closed
clear = Clear
older = Older
nobody = nobody
report = Report
since = since { $at }
to = to
finding-what = What there is
finding-says = What the recipients say
finding-tellings = { $count ->
    [one] Told once, { $at }
   *[other] Told { $count } times, last { $at }
}
finding-not-told = Nobody was told of this.
finding-why = Whose it is, and why
finding-became = What became of it
finding-fields = All fields of the first observation
state-told = no reaction
state-received = received
state-in_progress = in progress
state-passed_on = with supplier
state-fixed = fixed
state-not_ours = not ours
state-false_positive = false positive
state-risk_accepted = risk accepted
state-question = question
message-waiting = waiting
message-unknown = unknown
message-accepted = accepted
message-given_up = given up
message-withheld = withheld

# What a page says of what was done
undo = Undo
done-saved = Saved.
done-undone = Undone.
done-session-ended = The session was ended.
wrong-busy = Nothing was changed: the system is busy. Try again in a few seconds.
wrong-unknown = It takes long. Look in a while whether it was done before you try again.
wrong-refused = Nothing was changed:
done-calling = You are calling now. Write down afterwards what came of it.
done-not-calling = You are not calling any more.
done-called = The call was recorded.
wrong-choose = Choose one.
wrong-moment = This is no day and time.
wrong-past = Choose a moment that is still to come.
wrong-call-ended = With this result the organisation goes off the list: there is no next call.
choose = choose
save = Save
notification-number = notification N{ $number }
calls-locked-mine = you are calling now
calls-before = { $name } called:
calls-lock = I am calling now
calls-unlock = Not calling after all
calls-result = What came of it?
calls-note = What was said
calls-next = Call again at
call-why-no_reaction = no reaction
call-why-deadline = the deadline has passed
call-why-undeliverable = it could not be delivered
call-why-compromised_channel = their mail cannot be trusted
call-result-reached = spoke to somebody who can act
call-result-no_answer = no answer
call-result-call_back = they call back, or call later
call-result-wrong_number = wrong number
call-result-not_needed = not needed any more

# Working on findings
search = Search
search-example = gouda rdp 198.51.100.0/24
views = Lists
view-mine = Open and mine
view-open = Open
view-nobodys = Open and nobody's
view-all = All
view-keep = Keep this list as
view-forget = Forget a list
keep = Keep
forget = Forget
more-filters = More filters and columns
asleep-too = sleeping ones too
asleep-until = sleeps until { $at }
columns = Columns
column-severity = Severity
column-kind = Kind
column-target = Target
column-told = Told to
column-handler = Handler
column-deadline = Deadline
column-first_seen = First seen
column-last_seen = Last seen
column-sightings = Times seen
handler = Handler
handler-me = me
handled-by = Handler: { $name }
handled-by-nobody = No handler
findings-none-mine = You have no open findings. Look under "Open and nobody's" whether there is something for you.
with-ticked = With those ticked:
bulk-assign = Assign
bulk-snooze = Let sleep
bulk-answer = Record an answer
bulk-count = { $count ->
    [one] 1 finding
   *[other] { $count } findings
}
bulk-which = It is about these
as-a-file = This list as a file:
keys = Keys
keys-down-up = down, up
keys-open = open
keys-tick = tick
keys-search = search
keys-help = this help
work = Work
snooze-until = Let sleep until the end of
snooze-week = A week
snooze-wake = Wake
note-for-colleagues = Note for colleagues
note-add = Add the note
answer-title = Record an answer
answer-help = For somebody who calls, or lets you know otherwise how it stands.
answer-kind = Answer
answer-who = Who said it
answer-until = Until the end of
answer-reason = Reason
answer-more = More
answer-decided-by = Who accepts the risk
answer-supplier = Supplier
answer-text = What was said
answer-record = Record
answer-whoever = whoever was told
finding-line = What happened
finding-similar = Similar, at the same organisation
line-first_seen = Seen for the first time
line-last_seen = { $count ->
    [one] Seen last, once in all
   *[other] Seen last, { $count } times in all
}
line-call_due = { $name } on the calling list
line-called = { $who } called { $name }:
line-stepped = Ladder: step { $number } at { $name }
line-taken_back = { $who } handed it over and took it back
taken-back-open = still to be carried out
taken-back-withdrawn = taken back here as well
taken-back-shown_by_others = somebody else shows it too, so it stays
taken-back-for_desk = the desk decides
taken-back-kept = the desk decided that it stays
taken-back-noted = noted
line-assigned = { $who } assigned it to { $name }
line-unassigned = { $who } took the handler off
line-snoozed = { $who } let it sleep until { $at }
line-woken = { $who } woke it
line-noted = { $who } noted:
told-findings = Told
told-reminder = Told again
told-escalation = Escalated
told-overview = In the weekly overview
told-campaign = Told in a campaign
told-safety_net = Told by the safety net
told-handover = Handed over
told-letter = Letter
standing-proposed = waits for the desk
standing-taken = counts
standing-refused = does not count
rows-title = Rows of { $finding }
rows-count = { $count ->
    [one] 1 row
   *[other] { $count } rows
}
rows-link = { $count ->
    [one] once: look at the row
   *[other] { $count } times: look at the rows
}
rows-help = As the source gave them, with secrets masked; the newest first. That you look stands in the audit log.
rows-none = There are no rows any more: they were erased.
done-assigned = { $count ->
    [one] Assigned.
   *[other] { $count } findings assigned.
}
done-unassigned = { $count ->
    [one] The finding has no handler any more.
   *[other] { $count } findings have no handler any more.
}
done-snoozed = { $count ->
    [one] The finding sleeps.
   *[other] { $count } findings sleep.
}
done-woken = { $count ->
    [one] The finding is awake.
   *[other] { $count } findings are awake.
}
done-noted = The note was added.
done-recorded = { $count ->
    [one] The answer was recorded.
   *[other] The answer was recorded for { $count } findings.
}
done-nothing-different = It was so already: nothing was changed.
done-view-kept = The list was kept.
done-view-forgotten = The list was forgotten.
wrong-no-finding = Choose a finding first.
wrong-choose-day = Choose a day.
wrong-far = This is too far away: choose a day within a year.
wrong-empty = Fill this in.

# Vetting
vetting-title = To be vetted
vetting-count = { $count ->
    [0] nothing
    [one] 1 report
   *[other] { $count } reports
}
vetting-none = No report waits for you.
vetting-from = From
vetting-name = File
vetting-why = Why it waits
waits-blocked = the source is blocked
waits-extracted = what is in it was found in the text of a mail
waits-unknown-notifier = the notifier is unknown
waits-sender-not-proven = nothing proves that the sender is who they say
waits-vetted = somebody looks at all that this source sends
waits-sealed = it is encrypted, and none of our keys opens it
waits-format = this source may not send { $what } without being vetted
waits-too-large = larger than the { $what } bytes this source may send
waits-too-many = more than the { $what } reports an hour this source may send
vetting-what = What came
vetting-formats = Kind of file
vetting-no-format = unknown
vetting-rows = Rows
vetting-more-than = more than { $count }
vetting-rejected = { $count ->
    [one] 1 of them cannot be read
   *[other] { $count } of them cannot be read
}
vetting-would = What taking this in would do
vetting-would-busy = The service is busy. Load the page again to see what would happen.
vetting-would-nothing = The same content came in before: nothing changes.
vetting-would-new = New findings
vetting-would-again = Findings that were known
vetting-would-nobody = Nobody's
vetting-would-first = This is so for the first { $count } rows; there are more.
vetting-would-told = Is told
vetting-would-not-told = New, but not told
vetting-would-to = To
vetting-would-concern-nobody = Nobody hears anything new.
vetting-first = The first observations
vetting-whose = Whose
vetting-unreadable = Cannot be read
vetting-accept = Take in
vetting-accept-help = The report is dealt with, and whoever it concerns is told as the policy says.
vetting-as-it-came = as it came
receipt = Number
received = Received
bytes = Bytes
source = Source
nobody-known = unknown
sender-proven = the sender is certain
sender-not-proven = the sender is not certain
line-number = line { $number }
refuse = Refuse
reason-why = Why
done-taken-in = { $count ->
    [one] Taken in: 1 observation.
   *[other] Taken in: { $count } observations.
}
done-refused = Refused.
wrong-gone = This is not there any more: somebody else has done it.

# Answers
answers-way = Answers
answers-title = Answers that wait for you
answers-count = { $count ->
    [0] none
    [one] 1 answer
   *[other] { $count } answers
}
answers-none = No answer waits for you.
answer-waits-because = Waits because
answer-about = About
answer-about-all = everything in it
and-more = { $count ->
    [one] and 1 more
   *[other] and { $count } more
}
answer-contradicts = Contradicts
answer-accept = Accept
answer-dealt-with = Dealt with
way-mail = by mail
way-page = by the link
way-desk = by the desk
way-api = by the API
way-portal = in the portal
way-hub = by a hub
done-answer-accepted = The answer was accepted.
done-answer-refused = The answer was refused.

# Changing the register
findings-of-it = Look at open findings
whatif-title = What would have been told otherwise since yesterday
whatif-look = See what it does
whatif-nothing = Nothing: { $events } observations of the last day would have been told just so.
whatif-changes = { $findings ->
    [one] 1 finding changes, of { $events } observations of the last day.
   *[other] { $findings } findings change, of { $events } observations of the last day.
}
whatif-what = What
whatif-from = From
whatif-to = To
whatif-examples = Examples
whatif-moves = goes to somebody else
whatif-becomes_routed = becomes somebody's
whatif-becomes_unrouted = becomes nobody's
whatif-also_concerns = concerns them too
whatif-no_longer_concerns = concerns them no longer
whatif-can_be_told = can be told
whatif-cannot_be_told = cannot be told
asset-add = Add
asset-withdraw = Withdraw
withdraw = withdraw
asset-meets = This meets what is somebody else's. In the same role it becomes a conflict that somebody decides.
asset-looked = We have looked ourselves that it is theirs
asset-past = What was told already does not change by this. An administrator corrects the past with schakel reattribute.
contact-add = Add a contact
contact-edit = Contact
contact-help = A change of how a trusted contact is reached waits for a second person, who calls a known number back.
contact-right = Still right
contact-leave = Has left
contact-new = new
contact-webhook = webhook
contact-drop = folder
nameless = no name
mail-address = Mail address
phone-number = Telephone number
language = Language
language-nl = Dutch
language-en = English
joining = Joining
joining-step = Step
joining-with = With whom
joining-confirm = Record the step
joining-invitation = Invited
joining-acib = ACIB named
joining-vcib_form = Form for the VCIB received
joining-form_checked = Signature checked
joining-intake_talk = Intake talk held
joining-out_of_band_number = Telephone number learnt outside mail
joining-assets = Addresses and domains known
joining-products = Product inventory known
disputes-title = To be decided
conflicts-title = Conflicts ({ $count })
conflicts-none = There is no conflict.
conflict-number = Conflict { $number }
conflict-has-asset = is in the register
conflict-whose = Whose is it
conflict-both = of both
claim-state-open = claimed
claim-state-proven = proven
claim-state-lapsed = lapsed
claim-state-withdrawn = taken back
claim-state-refused = refused
decide = Decide
changes-title = Changes of trusted contacts ({ $count })
changes-none = No change waits.
requests-title = Requests of organisations about what is theirs ({ $count })
request-give_up = no longer theirs
request-change = change
request-give_up-accept = It leaves the register, with its claim.
request-change-accept = Change it in the register first.
asked-by = Asked by { $name }, { $at }
four-eyes = You asked for this yourself: a colleague has to approve it.
called-back-on = Called back on
approve = Approve
import-title = Import
import-text = Or paste the content of a file (CSV or JSON)
import-scope = What is not in it
scope-additions = stays as it is
scope-organisations = is withdrawn at the organisations that are named
scope-whole = is withdrawn
import-look = See what changes
import-help = Give a file of the register itself, or a list in a form that is recognised. Nothing changes until you confirm it after. Larger files go with schakel register import.
upload-files = Files (CSV or JSON)
upload-help = At most { $count } MB together, as UTF-8.
upload-chosen = Chosen:
upload-large = These files are more than { $count } MB together. Choose fewer, or use schakel register import.
upload-not-text = { $name } is no text in UTF-8. Save the list as "CSV UTF-8" and choose it again.
upload-not-csv = { $name } is no list that we know. Choose a CSV file.
upload-mixed = These files do not belong together. Import them one after the other.
upload-not-whole = This file cannot be the whole register. Choose another possibility.
upload-failed-title = The files did not arrive
upload-too-large = What you sent is too large. Nothing was changed.
upload-broken = The sending broke off, or the form could not be read. Nothing was changed.
import-changes = What changes
import-rows = Kind
import-added = new
import-changed = changed
import-withdrawn = withdrawn
import-unchanged = stays
import-problems = What is wrong
import-conflicts = Proven by somebody else
import-leaving = These organisations would go while something of theirs is open:
import-lines = Rows
import-apply = Apply
rows-of-organisations = organisations
rows-of-assets = addresses and domains
rows-of-contacts = contacts
rows-of-relations = relations
before = Was
after = Becomes
register-history = History
version = Version
who = Who
quality-title = Quality of the data
quality-score = { $score } of 100
quality-help = What can be better, and how much it counts.
quality-criterion = What
quality-weight = Counts for
quality-percent = In order
quality-why = Why
quality-gone = Names that are there no more
done-asset-added = Recorded.
done-asset-disputed = Recorded. It meets what is somebody else's: there is a conflict to decide.
done-asset-withdrawn = Withdrawn.
done-contact-saved = The contact was saved.
done-contact-waits = This waits for a second person, who calls a known number back.
done-contact-left = The contact is gone.
done-contact-right = Recorded that the contact is still right.
done-step-taken = The step was recorded.
done-decided = Decided.
done-imported = The import was applied.
criterion-proven = Proven
criterion-reachable = Reachable
criterion-fresh = Up to date
criterion-no_overlap = No overlap
criterion-names_resolve = Names resolve
criterion-prefixes_announced = Prefixes announced
criterion-nothing_near = Nothing of nobody near
# Picture of the sector
sector-way = Picture
sector-title = Picture of the sector
sector-days = The last { $count } days
sector-coarse = Counts are rounded down to fives. Small counts are left out, and so are organisations.
sector-per-day = { $count ->
    [one] One new finding
   *[other] { $number } new findings
}
sector-chart = New findings a day, by kind
sector-as-table = As a table
sector-day = Day
sector-all = Together
sector-nothing = Nothing new came in.
sector-times = How long it takes
sector-told = Until told
sector-answered = Until answered
sector-fixed = Until fixed
sector-answers = Answered
sector-of = { $answers } of { $count }
sector-unknown = unknown
sector-times-help = Half takes no longer; nine in ten no longer than the time in brackets. Until told counts from arrival, the others from telling.
sector-kinds = Most frequent
sector-kind = Kind
sector-family = Group
sector-new = New
sector-where = { $count ->
    [0] Where it is open
    [one] Open at one organisation
   *[other] Open at { $number } organisations
}
sector-open = Open
sector-silent = No answer
sector-map = Map: open findings by organisation. The table beside it shows the same counts.
sector-and-more = { $from } and more
sector-nothing-open = Nothing is open.
sector-no-map = There is no map: the administrator can name one with portal.map.
group-open-service = open service
group-vulnerable = vulnerable
group-infected = infected
group-ddos-amplifier = amplifier
group-compromised = compromised
group-harmful-url = harmful page
group-leaked = leaked
group-attacking = attacking
group-other = other
span-moment = at once
span-minutes = { $count } minutes
span-hours = { $count } hours
span-days = { $count } days

# What came in
reports-title = Reports
reports-none = Nothing has come yet.
report-state = Remarks
report-withdrawn = taken back
sources-title = Sources
sources-record = What each source led to
sources-answered = Answered
sources-none = There is no source yet.
feed-usual = Usually
feed-every = Comes every
feed-well = as usual
hours = { $count ->
    [one] hour
   *[other] { $count } hours
}
trust = Trust
trust-blocked = blocked
trust-vetted = vetted first
trust-automatic = automatic
row-events = observations
row-duplicates = duplicates
row-clears = reported as gone
row-rejected = could not be read
row-replayed = read again
ledger-day = Day
ledger-report = Report
ledger-list = Show rows
ledger-sums-title = Sums
ledger-rows = Rows
ledger-row = Row
ledger-by-organisation = By organisation
nothing = nothing
replay = Read again
replay-help = Was a column or a kind of report added since? Then what could not be read may be readable now.
done-replayed = { $count ->
    [one] 1 row was read again.
   *[other] { $count } rows were read again.
}
wrong-still-rejected = Nothing was changed: these rows still cannot be read.

# Rules and texts
policy-title = Policy
policy-document = The document (TOML)
policy-try = See what it does
policy-would = What this would have done since yesterday
policy-did = What each rule did since yesterday
policy-looked = { $assignments } assignments were new to somebody who can be told.
policy-different = { $assignments } assignments were new to somebody; { $different } of them become something else.
policy-rule = Rule
policy-no-rule = no rule: told at once
policy-changes = What changes
policy-kept = What it keeps
policy-undo = Put the one before in force again
put-in-force = Put in force
built-in = built in
tried = on trial
version-number = version { $number }
texts-title = Texts
text-name = Text
text-own = own text
text-text = Text
text-try = See how it reads
text-sample = sample
look = look
done-policy-set = This policy is in force from now on.
done-text-set = This text is in force from now on.
wrong-policy = This cannot be in force: see what is wrong.

# People
people-title = People
sessions-title-people = Signed in
desk = desk
shut-out = shut out since { $at }
shut-out-do = Shut out
invite-title = Invite somebody
invite-organisation = Code of the organisation (empty: the desk)
invite-do = Invite
invite-help = You get a link that is good for 72 hours and works once. Somebody who has an account and is invited again chooses a new password.
invited-link = Give this link to { $name }, by a way that only that person reads:
invited-help = The link stands here only. It works once, within 72 hours.
done-disabled = That person can no longer sign in.
wrong-yourself = You cannot shut yourself out.

# Audit log
audit-title = Audit log
audit-action = Action
audit-subject = About
audit-since = Since
audit-detail = Detail
audit-program = the program
audit-erased = erased

# Shift handover
shift-title = Handover
shift-now = As it stands now
shift-then = As it stood then
shift-write = Hand over
shift-text = What is going on, what was promised, what has to be done
shift-hand-over = Hand over
shift-of = { $name }, { $at }
shift-accepted = accepted by { $name }, { $at }
shift-accept = Accept
shift-waits = waits for a colleague
shift-none = Nothing was handed over yet.
shift-promised = Promised by members
shift-due = { $count ->
    [one] 1 ends
   *[other] { $count } end
}
shift-deadlines = Deadline within a day
shift-questions = Questions to us
done-handed-over = It is handed over.
done-shift-accepted = You have accepted it.
wrong-own-shift = You wrote this yourself: a colleague accepts it.

