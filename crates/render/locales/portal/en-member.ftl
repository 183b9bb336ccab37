# The pages of a member.

own-front = Overview
own-others = Also for
own-attention = { $count ->
    [one] 1 finding asks for your attention
   *[other] { $count } findings ask for your attention
}
own-overdue = { $count ->
    [one] 1 is past its deadline.
   *[other] { $count } are past their deadline.
}
own-silent = { $count ->
    [one] You have not responded to 1 yet.
   *[other] You have not responded to { $count } yet.
}
own-all-answered = You have responded to all of them.
own-all-open = All { $count } open findings
own-nothing = Nothing asks for your attention now
own-nothing-text = We have no open findings of your organisation that you may see. As soon as there is something, you get a mail.
own-late = Deadline was { $day }
own-before = Before { $day }
own-help = Need help?
own-help-text = { $sender } helps you. Name the number of the finding.
own-help-nobody = Reply to one of our mails. { $sender } reads them.
own-call = Call
own-mail = Mail
own-confidential = { $count ->
    [one] 1 confidential finding is waiting.
   *[other] { $count } confidential findings are waiting.
}
own-confidential-who = Only your VCIB may see what is in it: { $who }. Ask whether they know.
own-confidential-nobody = Only a VCIB may see what is in it.
own-sent = What we sent you
own-sent-last = Last sent
own-sent-all = Everything we sent you
own-sent-help = Every message is here. Is one missing from your mail? Check your spam folder and contact us.
own-sent-what = Kind
own-sent-confidential = Confidential, only for your VCIB
own-sent-findings = findings
own-sent-reminder = reminder
own-sent-escalation = escalation
own-sent-overview = weekly overview
own-sent-campaign = campaign
own-sent-safety_net = safety net
own-sent-handover = handover
own-sent-letter = letter
own-number = no. { $number }
own-what = Address, name or kind
own-where = Where
own-problem = What it is
own-deadline = Deadline
own-state = Your response
own-count = { $count ->
    [one] 1 finding.
   *[other] { $count } findings.
}
own-csv = Download as CSV
own-more = More
own-todo = What to do
own-about = What this is
own-details = Details
own-because = Yours because of
own-cves = Vulnerabilities
own-history = What happened
own-answered = You answered: { $what }
own-state-now = Where it stands
own-is-closed = This finding is closed.
own-standing-proposed = we are looking at this
own-standing-refused = does not count
own-standing-taken = counts
place-address = IP address
place-port = Port
place-name = Name
place-reverse = Name in DNS
place-url = URL
place-account = Account
place-asn = AS number
place-protocol = Protocol
place-malware = Malware
place-tags = Tags
place-seen = First seen
own-message = Message
own-message-to = To whom
own-message-nobody = This message went to nobody.
own-message-findings = Findings in this message
own-message-none = This message names no findings that you may see.
own-message-answers = Answers
own-delivery-waiting = waits to be sent
own-delivery-unknown = on its way
own-delivery-accepted = delivered
own-delivery-given_up = not delivered
own-delivery-withheld = withheld
own-weekly = Weekly overview
own-weekly-from = From { $since } to { $until }.
own-week-before = Week before
own-week-after = Week after
own-weekly-sent = Sent
own-weekly-nothing = Nothing was sent in this week.
own-weekly-not-told = Not told, and why
own-weekly-new = ({ $count } new)
own-weekly-open = Open now
own-how-many = How many
own-without-answer = No response
own-oldest = Oldest
own-days = { $count ->
    [one] 1 day
   *[other] { $count } days
}
own-register = Your details
own-register-help = By this we decide whether a finding is yours, and who gets a message. Keep it right: then every message arrives.
own-contacts = Who gets messages
own-contacts-none = We have no contact of yours. You get no messages.
own-contact-waits = Change waits for a check: { $role } { $name },
own-assets-none = We do not know which IP addresses, domains and URLs are yours. Findings do not reach you.
own-claims = Claimed, not proven yet
own-claim-state = State
own-claim-open = waits for proof
own-claim-lapsed = proof has lapsed
own-claim-proven = proven
own-claim-refused = refused
own-claim-withdrawn = withdrawn
own-answer = What was done?
own-answer-busy = We are working on it
own-answer-fixed = It is fixed
own-answer-else = Say something else
own-answer-what = Your response
own-answer-until = Until which day
own-answer-until-help = Needed when you accept a risk. Otherwise it may stay empty.
own-answer-text = Explanation
own-answer-text-help = Needed for a false positive, an accepted risk or a question.
own-answer-supplier = To which supplier
own-answer-decided-by = Who accepts the risk
own-answer-send = Send
own-answer-undo = Take back
own-say-received = We have received it
own-say-in_progress = We are working on it
own-say-passed_on = Our supplier fixes it
own-say-fixed = It is fixed
own-say-not_ours = This is not ours
own-say-false_positive = The report is wrong
own-say-risk_accepted = We accept the risk
own-say-question = We have a question
done-answered = Thank you. Your response counts.
done-answer-proposed = Thank you. We look at your response before it counts.

# Other ways to sign in
passkey-help = Do you have a passkey on this device or on your telephone?
passkey-sign-in = Sign in with a passkey
passkey-failed-title = Signing in with a passkey did not work
passkey-failed = Try again, or sign in with your password and code.
passkey-not-added = The passkey was not added. Try again on this device.
passkeys-title = Passkeys
passkeys-help = With a passkey you sign in with your finger, face or PIN. You need no password and no code then.
passkey-name = Name, for example "my telephone"
passkey-add = Add a passkey
passkey-remove = Remove
passkey-used = last used { $at }
done-passkey-added = The passkey was added.
done-passkey-removed = The passkey was removed.
provider-help = Or sign in through your organisation:
provider-invited = Do you sign in through your organisation? Link that to your account. You need no password and no app then.
provider-title = You also sign in through
provider-failed-title = Signing in through your organisation did not work
provider-failed = Signing in was broken off. Try again. If it goes on, ask the administrator.
provider-away = Your organisation cannot say who you are now. Try again in a few minutes, or sign in with your password.
provider-unknown = You are known there, but no account here is linked to it. Ask the administrator for an invitation and choose your organisation there.
provider-gone = The invitation was used or is too old, or this sign-in belongs to somebody else. Ask the administrator for a new invitation.
provider-no-second-factor = You showed no second factor there, such as a code or a key. Turn it on at your organisation and try again.
recovery-title = Recovery codes
recovery-help = Have you lost your telephone? With a recovery code instead of the code of the app you still sign in. Each code works once.
recovery-left = { $count ->
    [0] You have none.
    [one] You have 1 left.
   *[other] You have { $count } left.
}
recovery-make = Make new codes
recovery-new = Keep these codes on paper or in a password safe. You see them only now. Earlier codes work no more.
password-breached = This password stands in a list of leaked passwords. Choose another.
own-closed = Days on which you are closed
own-closed-help = On these days we wait longer for your answer before we ask somebody else. That does not hold for what is critical. We know public holidays already.
own-closed-none = You have named no days.
own-closed-open = Open after all
own-closed-from = Closed on, or from
own-closed-until = Up to and including (may be empty)

# What is theirs, and how that is known
own-assets = What is yours
own-asset-role = Your role
own-proof = How we know
own-change = Change
own-cancel = Cancel
own-claim-add = Add something of yours
own-claim-add-help = Name a domain, an IP address or another part of your organisation. When a problem is seen there, you get a message. After this you show that it is yours.
own-claim-kind = What do you want to add?
own-kind-domain = Domain, with all below it (voorbeeldstad.nl)
own-kind-hostname = One host name (mail.voorbeeldstad.nl)
own-kind-prefix = Range of IP addresses (192.0.2.0/24 or 192.0.2.10-192.0.2.20)
own-kind-address = One IP address (192.0.2.7)
own-kind-url = Part of a website (https://www.voorbeeldstad.nl/loket)
own-kind-mail_domain = Mail domain (what stands after the @)
own-kind-asn = AS number (64496)
own-kind-ripe_handle = RIPE handle (ORG-VB1-RIPE)
own-claim-value = Which one?
own-claim-value-help = Write it as in the example above.
own-claim-role = What have you to do with it?
own-as-owner = It is ours
own-as-operator = We run it for somebody else
own-as-supplier = We supply it to somebody else
own-role-owner = owner
own-role-operator = operator
own-role-supplier = supplier
own-role-monitor = monitor
own-claim-note = Remark (may be empty)
own-claim-next = Add
own-claim-since = Added on { $day }
own-proof-asserted = said, not proven
own-proof-desk = checked by us
own-proof-mail = code by mail
own-proof-dns = record in the DNS
own-proof-file = file on the website
own-proof-rdap = registry of IP addresses
own-claim-disputed-short = somebody else says it is theirs too; we find out
own-claim-disputed = Another organisation says that this is theirs too.
own-claim-disputed-text = { $sender } finds out whose it is, and contacts you when needed.
own-claim-disputed-prove = You help us when you show now that it is yours.
own-claim-is-proven = You have shown that this is yours: { $how }.
own-claim-until = That counts until { $day }. Leave the record or file there: we look every day.
own-claim-failing = Since { $day } we do not find the proof any more. Put it back, or it will count no longer.
own-claim-lapsed-text = The proof counts no longer.
own-claim-prove-again = You still get messages. When somebody else says it is theirs, they come first. Prove it again.
own-claim-open-text = This is not proven yet.
own-claim-open-counts = You get messages about it already.
own-claim-open-not = You get messages about it once you show that it is yours.
own-prove = Show that it is yours
own-prove-one = Choose one of these ways. When you do not know how, send this page to your IT department or supplier.
own-prove-dns = By a record in the DNS
own-prove-dns-text = Add this record where your domain is managed. It can take an hour before we see it.
own-dns-name = Name
own-dns-type = Type
own-dns-value = Value
own-check-dns = Look in the DNS now
own-prove-file = By a file on the website
own-prove-file-text = Put a text file at this address, with only this text in it.
own-file-where = Address
own-file-what = Text
own-check-file = Look on the website now
own-prove-mail = By a code in a mail
own-prove-mail-text = We send a code to a fixed address of the domain. Whoever reads that mail gives you the code.
own-mailbox = Address
own-code-send = Send a code
own-code-send-again = Send a new code
own-code-sent = A code was sent to { $address }.
own-code-until = It works until { $at }. You can try { $count ->
    [one] once more
   *[other] { $count } times more
}.
own-code = Code from the mail
own-code-check = Check the code
own-prove-rdap = By the registry of IP addresses
own-prove-rdap-text = Does the registry (RIPE) have the name "{ $name }", or a RIPE handle that is proven to be yours? Then there is nothing to do.
own-check-rdap = Look in the registry now
own-prove-desk = Does it not work?
own-prove-desk-text = Contact { $sender }. We can also check it ourselves.
own-tried = What was tried
own-tried-nothing = Nothing yet.
own-tried-dns = DNS
own-tried-file = website
own-tried-mail = code by mail
own-tried-rdap = registry of IP addresses
own-tried-desk = checked by us
own-found = found
own-not-found = not found
own-claim-take-back = Take it back
own-claim-take-back-text = Is it not yours, or was it a mistake? Take it back. You can add it again later.
own-wrong-value = We do not know what this is. Look at the example of the kind that you chose.
own-wrong-wide = This is too much at once. Add it in smaller parts.
own-wrong-same = You have added this already. It stands under your details.
own-wrong-many-claims = Many things wait for proof already. Prove those first, or contact us.
own-wrong-means = Nothing was changed: this cannot be done (any more) for this one.
own-wrong-codes = Three codes were sent today. Try again tomorrow, or choose another way.
own-wrong-no-code = This code counts no longer. Ask for a new one.
done-claim-entered = { $count ->
    [one] Added. Now show that it is yours.
   *[other] { $count } added. Now show of each that it is yours.
}
done-claim-disputed = Added. Another organisation says that it is theirs too. We find out; meanwhile, show that it is yours.
done-claim-proven = Found. It is proven: from now on you get messages about it.
done-claim-proven-disputed = Found. Another organisation says that it is theirs too. We find out and let you know.
done-claim-not-proven = Not found yet. See below what we found. Just changed it? Try again in an hour.
done-claim-taken-back = It is taken back.
done-code-sent = The code is on its way. Type it below.
done-code-wrong = This code is not right. Look closely at the mail and try again.

# Who gets messages
own-contact-add = Add somebody
own-contact-for = For what
own-contact-acib = General contact (ACIB)
own-contact-vcib = Trusted contact (VCIB)
own-contact-findings = Gets findings
own-contact-weekly = Gets the weekly overview
own-contact-ciso = CISO
own-contact-fg = Data protection officer (FG)
own-contact-duty = To be called day and night
own-contact-communication = Communication
own-contact-secretary = Municipal secretary
own-contact-mayor = Mayor
own-contact-language = Language of the messages
own-contact-waits-why = We first call back a number that we knew before. Until then everything stays as it is.
own-contact-vcib-help = This is your trusted contact. When you change the mail address or telephone number, we first call back a number that we knew before. Until then everything stays as it is.
own-contact-right = Is this still right?
own-contact-right-text = When you say so, we do not ask you by mail for some time.
own-contact-right-do = Yes, this is right
own-contact-gone = Does this person no longer work here?
own-contact-gone-text = Then this person gets no more messages from now on. What was not sent yet goes to the others.
own-contact-remove = Remove
own-wrong-contact-name = This role needs a name.
own-wrong-contact-email = This role needs a mail address.
own-wrong-contact-phone = This role needs a telephone number.
own-wrong-address = This is no mail address.
own-wrong-first-vcib = You name the first trusted contact by a form. Contact us.
own-wrong-vcib = A trusted contact removes themselves, or we do. Call us.
own-wrong-last = This is the last one who can get messages. First add somebody else.
done-own-contact-waits = We have your request. Before it counts, we call back a number that we knew before.
done-own-contact-left = This person gets no more messages.

# Who signs in
own-people = Who can sign in
own-people-help = These people of your organisation can sign in here. Who never signs in misses nothing: everything comes by mail too.
own-people-nobody = Nobody of this organisation can invite others or shut them out now.
own-people-you = that is you
own-people-invite = Invite somebody
own-people-invite-do = Make a link
own-people-invite-help = You get a link. Give it to this person. It works once, within 72 hours.
own-people-name = User name
own-people-name-help = Take the mail address of this person.
own-people-role = What may this person do?
own-can-acib = Respond and change (ACIB)
own-can-viewer = Only look
own-is-acib = responds and changes (ACIB)
own-is-vcib = also sees what is confidential (VCIB)
own-is-viewer = looks
own-is-member_administrator = administrator
own-people-invited = Invited. The link works until { $at }.
own-people-invitation-over = Invited, but the link no longer works. Make a new one.
own-people-shut-out = cannot sign in since { $day }
own-people-signed-in = Signed in, last used { $at }
own-people-end = Sign out
own-people-invite-again = Make a new link
own-people-invite-again-text = For who lost a password or telephone, or may sign in again. What this person had to sign in by stops working once the link is used.
own-people-shut-out-do = No longer let sign in
own-people-shut-out-text = For example when somebody leaves. It counts at once. You change messages by mail under "Your details".
own-administration-add = Make administrator too
own-administration-add-text = Then { $name } can invite others and shut them out too.
own-administration-hand_over = Hand over my administration
own-administration-hand_over-text = { $name } becomes administrator in your place. You no longer are.
own-administration-lay_down = Stop as administrator
own-administration-lay_down-text = The other administrator stays. You cannot undo this yourself.
own-people-rules = Good to know
own-people-rule-administrators = { $count ->
    [one] There is 1 administrator.
   *[other] There are { $count } administrators at most, and always at least 1.
}
own-people-rule-vcib = Who may see confidential findings (VCIB) is decided together with { $sender }. That cannot be done here.
own-people-rule-mail = Who can sign in here gets no mail by that. Who gets mail stands under "Your details".
own-wrong-yourself = You cannot do this for yourself.
own-wrong-people-vcib = This is about a trusted contact (VCIB). Contact us.
own-wrong-their-administrator = Its administrators are for the organisation itself to decide about.
own-wrong-administrators = There are two administrators already.
own-wrong-last-administrator = An administrator has to stay. First make somebody else administrator.
own-wrong-not-ready = This person has not signed in yet. That has to come first.
own-wrong-name = This user name cannot be used. Take a mail address, or another name without spaces.
own-wrong-many-people = No more people can be added. Contact us.
done-role-given = Saved. It counts from now on.
done-administrator-added = This person is administrator too now.
done-administration-handed-over = The administration is handed over.
done-administration-laid-down = You are no administrator any more.
own-sent-reply = reply

# To change or give up something of theirs
own-asset-proof = See the proof
own-asset-change = Is something not right?
own-asset-change-what = What has to be different?
own-asset-change-ask = Ask for a change
own-asset-give-up = Is this no longer yours?
own-asset-give-up-text = We check it first. After that you get no messages about it any more.
own-asset-give-up-why = Why, or whose is it now? (may be empty)
own-asset-give-up-ask = This is no longer ours
own-asked-give_up = No longer yours: we check this.
own-asked-change = Change asked for: we check this.
own-asked-text = Asked on { $day }. Until then everything stays as it is.
own-wrong-asked = You have asked something about this already. We are looking at it.
done-asset-asked = We have your request and look at it. Until then everything stays as it is.

# Signed in just now
recent-title = Sign in again
recent = Before you change how you sign in, sign in again. Then nobody can do so on a screen that you left open.
recent-help = Do you want to change how you sign in? Then sign in again first.
recent-do = Sign in again

# Password and app
password-and-app = Password and app
password-change = Change password
password-present = Present password
password-present-wrong = The present password is not right. After a few wrong tries you have to wait: a minute or longer.
app-change = Link another app
app-change-help = The app that you have now keeps working until you type a code from the new app here.
renewal-help = You sign in with a password and a code from an app.
renewal-none = You have no password here. With a password and an app you also get in when signing in at your organisation does not work.
renewal-set = Set a password and an app
renewal-ends = After that you are signed out everywhere but here.
done-password-changed = Your password was changed. You are signed out everywhere but here.
done-app-changed = The new app was linked. You are signed out everywhere but here.
