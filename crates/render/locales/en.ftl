# Short texts in English. Every line of an advice is a step.

findings-count = { $count ->
    [one] 1 finding
   *[other] { $count } findings
}

# Severity
severity-low = low
severity-medium = medium
severity-high = high
severity-critical = critical

# Columns of the table
column-finding = No
column-utc = Seen (UTC)
column-local = NL time
column-address = IP address
column-port = Port
column-name = Name
column-detail = Details

# Why somebody gets this message
recipient-acib = general contact for information security (ACIB)
recipient-vcib = trusted contact for information security (VCIB)
recipient-findings = recipient of findings
recipient-weekly = recipient of the weekly overview
recipient-ciso = CISO
recipient-fg = data protection officer
recipient-duty = 24/7 contact
recipient-communication = contact for communication
recipient-secretary = municipal secretary
recipient-mayor = mayor

role-owner = owner
role-operator = operator
role-supplier = supplier
role-monitor = monitor

asset-prefix = an IP prefix
asset-address = an IP address
asset-asn = an AS number
asset-domain = a domain
asset-hostname = a host name
asset-url = a URL
asset-mail_domain = a mail domain
asset-country = a country
asset-ripe_handle = a RIPE organisation
asset-product = a product
asset-unknown = your registration

end-source = the problem is on your system
end-target = your system is the target

why-successor-since = This concerns { $organisation }, which became part of your organisation on { $day }.
why-successor = This concerns { $organisation }, which became part of your organisation.
why-copy = This is a copy of what we told { $organisation }. You get it as a supplier of { $organisation }.
# What the desk says on the telephone
call-no-reaction = This is { $sender }. On { $day } we sent { $organisation } a mail about { $findings } (notification { $numbers }, highest severity: { $severity }). We got no reaction. Did that mail arrive, and who takes this up? When will we hear from you?
call-deadline = This is { $sender }. On { $day } we sent { $organisation } a mail about { $findings } (notification { $numbers }, highest severity: { $severity }). The deadline for this has passed. Is it fixed, or was the risk accepted? By whom, and until when?
call-undeliverable = This is { $sender }. We have a mail for { $organisation } about { $findings } (notification { $numbers }, highest severity: { $severity }), but it arrives nowhere. To whom can we send it? We call back on a number that we know already before we change an address.
call-compromised-channel = This is { $sender }. We have an important message for { $organisation } (notification { $numbers }, highest severity: { $severity }). We do not send it by mail, because the mail of your organisation may not be safe. Can I speak to somebody who deals with information security?

# When something was told before
occasion-reminder = Reminder
occasion-campaign-deadline = Tell us by { $day } at the latest how it stands.
occasion-escalation = No reaction
occasion-reminder-line = This is a reminder. We first told you about this on { $day }. We tell it again because:
occasion-escalation-own = On { $day } we sent notification { $number } to another contact of your organisation. We got no reaction. So we now ask you to look at it.
occasion-escalation-other = On { $day } we sent notification { $number } to { $organisation }. We got no reaction. You work for { $organisation }. So we now ask you to look at it.
again-worse = it got worse
again-exploited = it is being exploited now
again-new-cve = it has a vulnerability (CVE) that it did not have before
again-came-back = it was fixed, but we see it again
again-acceptance-over = the date until which you accepted the risk has passed
again-doubt-over = we still see it, and the date until which it counted as a false positive has passed
again-still-seen = we still see it

why-security_txt = You are named in the security.txt of the site.
why-network = You are named as abuse contact of the network, in the registry of addresses (RDAP).
why-registrar = You are named as abuse contact of the registrar of the domain, in the registry of domains (RDAP).
why-together = This mail is for all of these at once, because you are on record for each of them: { $organisations }. The attachment says which finding concerns which.
why-line = { $findings }: you are registered as { $role } by { $asset }; { $end }.

# Kinds
family-open-service = Service is open to everybody
family-vulnerable = Vulnerable system
family-infected = Infected system
family-ddos-amplifier = Service can amplify DDoS attacks
family-compromised = System or account was taken over
family-harmful-url = Harmful page or file
family-leaked = Leaked data
family-attacking = System attacks others
family-other = Report

named-kind = { $family }: { $name }

kind-scan_rdp = Remote desktop (RDP) is open to everybody
kind-scan_smb = File sharing (SMB) is open to everybody
kind-scan_telnet = Telnet is open to everybody
kind-scan_ftp = FTP is open to everybody
kind-scan_vnc = Screen sharing (VNC) is open to everybody
kind-scan_http_vulnerable = Web service with a known vulnerability
kind-scan_exchange = Vulnerable Microsoft Exchange server
kind-scan_ssl_poodle = Outdated encryption (SSLv3, POODLE)
kind-scan_snmp = Network management (SNMP) is open to everybody
kind-scan_dns = Open DNS resolver
kind-scan_ntpmonitor = Time server (NTP) can amplify DDoS attacks
kind-scan_memcached = Memcached is open to everybody
kind-scan_elasticsearch = Elasticsearch is open to everybody
kind-scan_mongodb = MongoDB is open to everybody
kind-scan_redis = Redis is open to everybody
kind-scan_mssql = Microsoft SQL Server is open to everybody
kind-scan_mysql = MySQL is open to everybody
kind-scan_ics = Industrial control (ICS) is open to everybody
kind-event4_sinkhole = System tries to reach a botnet
kind-compromised_website = Hacked website
kind-compromised_account = Leaked credentials
kind-scan_rsync = Copying service (rsync) is open to everybody
kind-scan_postgres = PostgreSQL is open to everybody
kind-scan_ldap_tcp = Directory (LDAP) is open to everybody
kind-scan_ldap_udp = Directory (LDAP over UDP) is open to everybody
kind-scan_ipmi = Management card of a server (IPMI) is open to everybody
kind-scan_ssdp = SSDP (UPnP) can amplify DDoS attacks
kind-scan_portmapper = Portmapper can amplify DDoS attacks
kind-scan_netbios = NetBIOS is open to everybody
kind-scan_ipp = Printer (IPP) is open to everybody
kind-scan_mqtt = Message service (MQTT) is open to everybody
kind-scan_mqtt_anon = Message service (MQTT) is open without a login
kind-scan_docker = Management of Docker is open to everybody
kind-scan_kubernetes = Management of Kubernetes is open to everybody
kind-scan_isakmp = VPN server (IKE) with a known flaw or an old setting
kind-scan_sip = Telephony (SIP) is open to everybody
kind-scan_http_proxy = Open proxy
kind-scan_ntp = Time server (NTP) gives management information to everybody
kind-scan_rdpeudp = Remote desktop (RDP over UDP) is open to everybody
kind-compromised_iot = Device that was taken over
kind-device_id = Recognised device on the internet
kind-malware_url = Web address spreads malware
kind-event4_honeypot_brute_force = System guesses passwords of others
kind-event4_ddos_participant = System takes part in DDoS attacks

# Advice for what has no text of its own (advice/en)
advice-open-service =
    Check whether this service must be reachable from the internet.
    If not, close the port in the firewall.
    If it must, allow known addresses only and use strong authentication.
advice-vulnerable =
    Install the supplier's latest updates.
    If that takes time, restrict access or switch the system off for now.
    Look in the logs for signs that the weakness was used already.
advice-infected =
    Take the system off the network, but do not switch it off: traces are kept that way.
    Find out which system is behind this address. Use the time and the port.
    Install the system afresh and change the passwords that were used on it.
advice-ddos-amplifier =
    Close the port to the internet if the service is needed inside only.
    If others need it, limit who gets an answer and how often.
advice-compromised =
    Assume that somebody else has access. Follow your incident procedure.
    Take the system off the network and keep traces and logs.
    Change passwords and keys and restore from a clean version.
advice-harmful-url =
    Remove the page or file and keep a copy for investigation.
    Find out how it got there: a hole in the site, a stolen account or a plug-in.
    Change the administrators' passwords and update the software.
advice-leaked =
    Have the user change the password, also where the same password is used.
    Switch on multi-factor authentication (MFA) and end open sessions.
    Check whether the user's device is infected and whether the account was used.
advice-attacking =
    Find out which system is behind this address. Use the time and the port.
    A system that attacks others has usually been taken over itself: treat it as an incident.
advice-other =
    Read the details in the attachment and decide whether you must act.
    If you do not know what this means, answer this mail.

# Parts of the advice by kind
part-what = What is it?
part-why = Why does it matter?
part-check = How do you check it?
part-fix = What can you do?
part-keep = What do you keep?
explanation-file = advice

# The weekly overview
delivery-delivered = delivered
delivery-partly = delivered to some of the recipients
delivery-underway = not delivered yet
delivery-failed = not delivered: your mail server refused it
short-acib = ACIB
short-vcib = VCIB
short-findings = recipient of findings
short-weekly = recipient of the weekly overview
short-ciso = CISO
short-fg = FG
short-duty = 24/7 contact
not-told-held = { $findings } held, { $new } of them new: we look at them first.
not-told-suppressed = { $findings } suppressed by a rule, { $new } of them new.
not-told-no_contact = { $findings } not sent, { $new } of them new: nobody of yours may or can receive them. Contact us.
not-told-digest = { $findings } in a later overview, { $new } of them new.
not-told-undeliverable = { $findings } undeliverable, { $new } of them new: no mail server took the message. Contact us.
not-told-reason = Reason: { $reason }
open-state-told = without a reaction { $count }
open-state-received = received { $count }
open-state-in_progress = in progress { $count }
open-state-passed_on = with a supplier { $count }
open-state-fixed = said to be fixed { $count }
open-state-not_ours = not yours { $count }
open-state-false_positive = false positive { $count }
open-state-risk_accepted = risk accepted { $count }
open-state-question = question { $count }

# Steps of joining
step-invitation = the invitation
step-acib = naming your general contact (ACIB)
step-vcib_form = sending the signed form of your trusted contact (VCIB)
step-form_checked = we check the signature on the form
step-intake_talk = an intake talk with your trusted contact
step-out_of_band_number = a telephone number at which we can call you back
step-assets = naming your IP addresses, domains and URLs
step-products = naming your products

# What recipients answer, and where it stands then.
answer-received = Received
answer-in-progress = In progress
answer-passed-on = Passed on to a supplier
answer-fixed = Fixed
answer-not-ours = Not ours
answer-false-positive = False positive
answer-risk-accepted = Risk accepted
answer-question = A question
stands-told = Told, no answer yet
stands-received = Received
stands-in-progress = In progress
stands-passed-on = Passed on to a supplier
stands-fixed = Fixed, as you say
stands-not-ours = Not yours, as you say
stands-false-positive = A false positive, as you say
stands-risk-accepted = Risk accepted
stands-question = A question that we look at

# Under every mail
check-code =
    Is this mail from us? Go to { $page } and fill in: number { $number }, check code { $code }.

# A mail from one hub to another
hub-mail-subject = For the program at { $peer }, from { $ours }
hub-mail-text =
    This mail is for a program. { $ours } sends what goes over the link with { $peer } by mail: { $lines } lines, in the attachment.
    If you read this in a mailbox: nothing is wrong, but the program does not fetch its mail from here.
