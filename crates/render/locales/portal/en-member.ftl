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
own-number = { $number }
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
own-register-help = By this we decide whether a finding is yours, and who gets a message. Is something wrong? Tell us.
own-contacts = Who gets messages
own-contacts-none = We have no contact of yours. You get no messages.
own-contact-waits = Change waits for a check: { $role } { $name }.
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
