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
# When something was told before
occasion-reminder = Reminder
occasion-escalation = No reaction
occasion-reminder-line = This is a reminder. We first told you about this on { $day }. We tell it again because:
occasion-escalation-own = On { $day } we sent notification { $number } to another contact of your organisation. We got no reaction. So we now ask you to look at it.
occasion-escalation-other = On { $day } we sent notification { $number } to { $organisation }. We got no reaction. You work for { $organisation }. So we now ask you to look at it.
again-worse = it got worse
again-exploited = it is being exploited now
again-came-back = it was fixed, but we see it again
again-acceptance-over = the date until which you accepted the risk has passed
again-doubt-over = we still see it, and the date until which it counted as a false positive has passed
again-still-seen = we still see it

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

# Advice by kind
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

advice-scan_rdp =
    Close port 3389 to the internet. Let people work through a VPN.
    Switch on multi-factor authentication (MFA) and Network Level Authentication.
    Look in the logs for unknown logins.
advice-scan_smb =
    Close ports 139 and 445 to the internet. SMB belongs on the internal network only.
    Switch off SMB version 1 and install the latest updates.
advice-scan_telnet =
    Switch off Telnet: passwords cross the internet unencrypted. Use SSH.
    Change the device's default password and check whether it is infected.
advice-scan_ftp =
    Use SFTP or FTPS instead of FTP.
    Check that anonymous login is off and which files can be read.
advice-scan_vnc =
    Close the VNC port to the internet and work through a VPN.
    Set a strong password: without one everybody can watch.
advice-scan_http_vulnerable =
    See in the details which weakness was seen, and install the update.
    Keep administration pages and files such as .git off the internet.
    Look in the web server's logs for misuse.
advice-scan_exchange =
    Install Microsoft's latest cumulative update and security update.
    Look for web shells and unknown administrators: these holes are widely used.
    If your version gets no more updates, take the server off the internet.
advice-scan_ssl_poodle =
    Switch off SSLv3 on the server. Use TLS 1.2 or newer.
advice-scan_snmp =
    Close UDP port 161 to the internet.
    Use SNMP version 3 with a password; change the names "public" and "private".
advice-scan_dns =
    Let the resolver answer your own networks only.
    If this is a DNS server for your domain, switch off recursion.
advice-scan_ntpmonitor =
    Update the NTP software or switch off the "monlist" command.
    Close UDP port 123 if others do not need this time server.
advice-scan_memcached =
    Close port 11211 (TCP and UDP) to the internet and switch off UDP.
    Assume that data in the cache has been read.
advice-scan_elasticsearch =
    Close port 9200 to the internet and switch on authentication.
    Find out which data could be read. If it is personal data, this may be a data breach.
advice-scan_mongodb =
    Close port 27017 to the internet and switch on authentication.
    Find out which data could be read. If it is personal data, this may be a data breach.
advice-scan_redis =
    Close port 6379 to the internet and set a password.
    Check the system for unknown jobs and keys: open Redis servers are often taken over.
advice-scan_mssql =
    Close ports 1433 (TCP) and 1434 (UDP) to the internet.
    Check the logins of the account "sa".
advice-scan_mysql =
    Close port 3306 to the internet. Allow your own applications only.
    Check which accounts may log in from outside.
advice-scan_ics =
    Take the controls off the internet at once: whoever reaches them can operate equipment.
    Give the supplier access through a VPN with strong authentication.
    Ask the operator whether settings were changed.
advice-event4_sinkhole =
    A system behind this address tried to reach a server of criminals, which researchers now hold.
    Search the logs of firewall or NAT for the system. Use the time and the port.
    Take the system off the network and install it afresh.
advice-compromised_website =
    Take the site offline or show a temporary page, and keep a copy for investigation.
    Restore from a clean backup and update the system and all plug-ins.
    Change all passwords of administrators and of the database.
advice-compromised_account =
    Have the user change the password at once, also where the same password is used.
    Switch on multi-factor authentication (MFA) and end open sessions.
    Often malware on the device is the cause: look at devices used at home too.

# Steps of joining
step-invitation = the invitation
step-acib = naming your general contact (ACIB)
step-vcib_form = sending the signed form of your trusted contact (VCIB)
step-form_checked = we check the signature on the form
step-intake_talk = an intake talk with your trusted contact
step-out_of_band_number = a telephone number at which we can call you back
step-assets = naming your IP addresses, domains and URLs
step-products = naming your products
