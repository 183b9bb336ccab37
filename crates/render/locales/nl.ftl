# Korte teksten in het Nederlands. Elke regel van een advies is een stap.

findings-count = { $count ->
    [one] 1 bevinding
   *[other] { $count } bevindingen
}

# Ernst
severity-low = laag
severity-medium = gemiddeld
severity-high = hoog
severity-critical = kritiek

# Kolommen van de tabel
column-finding = Nr
column-utc = Gezien (UTC)
column-local = NL-tijd
column-address = IP-adres
column-port = Poort
column-name = Naam
column-detail = Details

# Waarom iemand dit bericht krijgt
recipient-acib = algemene contactpersoon informatiebeveiliging (ACIB)
recipient-vcib = vertrouwde contactpersoon informatiebeveiliging (VCIB)
recipient-findings = ontvanger van bevindingen
recipient-weekly = ontvanger van het weekoverzicht
recipient-ciso = CISO
recipient-fg = functionaris gegevensbescherming (FG)
recipient-duty = 24/7-contact
recipient-communication = contactpersoon communicatie
recipient-secretary = gemeentesecretaris
recipient-mayor = burgemeester

role-owner = eigenaar
role-operator = beheerder
role-supplier = leverancier
role-monitor = meelezer

asset-prefix = een IP-reeks
asset-address = een IP-adres
asset-asn = een AS-nummer
asset-domain = een domein
asset-hostname = een hostnaam
asset-url = een URL
asset-mail_domain = een maildomein
asset-country = een land
asset-ripe_handle = een RIPE-organisatie
asset-product = een product
asset-unknown = uw registratie

end-source = het probleem zit op uw systeem
end-target = uw systeem is het doel

why-successor-since = Dit gaat over { $organisation }, dat sinds { $day } in uw organisatie is opgegaan.
why-successor = Dit gaat over { $organisation }, dat in uw organisatie is opgegaan.
why-copy = Dit is een kopie van wat wij aan { $organisation } hebben gemeld. U krijgt die als leverancier van { $organisation }.
# Wat de desk aan de telefoon zegt
call-no-reaction = U spreekt met { $sender }. Op { $day } stuurden wij { $organisation } een mail over { $findings } (notificatie { $numbers }, hoogste ernst: { $severity }). Wij kregen geen reactie. Is die mail aangekomen, en wie pakt dit op? Wanneer horen wij van u?
call-deadline = U spreekt met { $sender }. Op { $day } stuurden wij { $organisation } een mail over { $findings } (notificatie { $numbers }, hoogste ernst: { $severity }). De termijn hiervoor is voorbij. Is het opgelost, of is het risico geaccepteerd? Door wie, en tot wanneer?
call-undeliverable = U spreekt met { $sender }. Wij hebben een mail voor { $organisation } over { $findings } (notificatie { $numbers }, hoogste ernst: { $severity }), maar die komt nergens aan. Naar wie kunnen wij die sturen? Wij bellen terug op een nummer dat wij al kennen voordat wij een adres veranderen.
call-compromised-channel = U spreekt met { $sender }. Wij hebben een belangrijk bericht voor { $organisation } (notificatie { $numbers }, hoogste ernst: { $severity }). Wij sturen het niet per mail, omdat de mail van uw organisatie misschien niet veilig is. Kan ik iemand spreken die over informatiebeveiliging gaat?

# Als iets al eerder gemeld is
occasion-reminder = Herinnering
occasion-campaign-deadline = Laat ons uiterlijk op { $day } weten hoe het ervoor staat.
occasion-escalation = Geen reactie
occasion-reminder-line = Dit is een herinnering. Wij meldden dit voor het eerst aan u op { $day }. Wij melden het nu weer, omdat:
occasion-escalation-own = Op { $day } stuurden wij notificatie { $number } naar een andere contactpersoon van uw organisatie. Wij kregen geen reactie. Daarom vragen wij nu aan u om hiernaar te kijken.
occasion-escalation-other = Op { $day } stuurden wij notificatie { $number } naar { $organisation }. Wij kregen geen reactie. U werkt voor { $organisation }. Daarom vragen wij nu aan u om hiernaar te kijken.
again-worse = het is erger geworden
again-exploited = er wordt nu misbruik van gemaakt
again-new-cve = het heeft nu een kwetsbaarheid (CVE) die het eerder niet had
again-came-back = het was opgelost, maar wij zien het weer
again-acceptance-over = de datum tot wanneer u het risico accepteerde is voorbij
again-doubt-over = wij zien het nog, en de datum tot wanneer het als onterechte melding gold is voorbij
again-still-seen = wij zien het nog steeds

why-security_txt = U staat genoemd in de security.txt van de site.
why-network = U staat genoemd als abusecontact van het netwerk, in het register van adressen (RDAP).
why-registrar = U staat genoemd als abusecontact van de registrar van het domein, in het register van domeinen (RDAP).
why-together = Deze mail is voor deze allemaal tegelijk, omdat u bij ons staat voor elk ervan: { $organisations }. In de bijlage staat welke bevinding wie betreft.
why-line = { $findings }: u staat geregistreerd als { $role } via { $asset }; { $end }.

# Soorten
family-open-service = Dienst is open voor iedereen
family-vulnerable = Kwetsbaar systeem
family-infected = Besmet systeem
family-ddos-amplifier = Dienst kan DDoS-aanvallen versterken
family-compromised = Systeem of account is overgenomen
family-harmful-url = Schadelijke pagina of schadelijk bestand
family-leaked = Gelekte gegevens
family-attacking = Systeem valt anderen aan
family-other = Melding

named-kind = { $family }: { $name }

kind-scan_rdp = Extern bureaublad (RDP) is open voor iedereen
kind-scan_smb = Bestandsdeling (SMB) is open voor iedereen
kind-scan_telnet = Telnet is open voor iedereen
kind-scan_ftp = FTP is open voor iedereen
kind-scan_vnc = Schermdeling (VNC) is open voor iedereen
kind-scan_http_vulnerable = Webdienst met een bekende kwetsbaarheid
kind-scan_exchange = Kwetsbare Microsoft Exchange-server
kind-scan_ssl_poodle = Verouderde versleuteling (SSLv3, POODLE)
kind-scan_snmp = Netwerkbeheer (SNMP) is open voor iedereen
kind-scan_dns = Open DNS-resolver
kind-scan_ntpmonitor = Tijdserver (NTP) kan DDoS-aanvallen versterken
kind-scan_memcached = Memcached is open voor iedereen
kind-scan_elasticsearch = Elasticsearch is open voor iedereen
kind-scan_mongodb = MongoDB is open voor iedereen
kind-scan_redis = Redis is open voor iedereen
kind-scan_mssql = Microsoft SQL Server is open voor iedereen
kind-scan_mysql = MySQL is open voor iedereen
kind-scan_ics = Industriële besturing (ICS) is open voor iedereen
kind-event4_sinkhole = Systeem zoekt contact met een botnet
kind-compromised_website = Gehackte website
kind-compromised_account = Gelekte inloggegevens
kind-scan_rsync = Kopieerdienst (rsync) is open voor iedereen
kind-scan_postgres = PostgreSQL is open voor iedereen
kind-scan_ldap_tcp = Adreslijst (LDAP) is open voor iedereen
kind-scan_ldap_udp = Adreslijst (LDAP over UDP) is open voor iedereen
kind-scan_ipmi = Beheerkaart van een server (IPMI) is open voor iedereen
kind-scan_ssdp = SSDP (UPnP) kan DDoS-aanvallen versterken
kind-scan_portmapper = Portmapper kan DDoS-aanvallen versterken
kind-scan_netbios = NetBIOS is open voor iedereen
kind-scan_ipp = Printer (IPP) is open voor iedereen
kind-scan_mqtt = Berichtendienst (MQTT) is open voor iedereen
kind-scan_mqtt_anon = Berichtendienst (MQTT) is open zonder aanmelding
kind-scan_docker = Beheer van Docker is open voor iedereen
kind-scan_kubernetes = Beheer van Kubernetes is open voor iedereen
kind-scan_isakmp = VPN-server (IKE) met een bekend lek of oude instelling
kind-scan_sip = Telefonie (SIP) is open voor iedereen
kind-scan_http_proxy = Open proxy
kind-scan_ntp = Tijdserver (NTP) geeft beheerinformatie aan iedereen
kind-scan_rdpeudp = Extern bureaublad (RDP over UDP) is open voor iedereen
kind-compromised_iot = Overgenomen apparaat
kind-device_id = Herkend apparaat op het internet
kind-malware_url = Webadres verspreidt malware
kind-event4_honeypot_brute_force = Systeem raadt wachtwoorden bij anderen
kind-event4_ddos_participant = Systeem doet mee aan DDoS-aanvallen

# Adviezen voor wat geen eigen tekst heeft (advice/nl)
advice-open-service =
    Controleer of deze dienst vanaf het internet bereikbaar moet zijn.
    Is dat niet nodig, sluit de poort dan af in de firewall.
    Is het wel nodig, geef dan alleen bekende adressen toegang en gebruik sterke aanmelding.
advice-vulnerable =
    Installeer de laatste updates van de leverancier.
    Kan dat niet snel, beperk dan de toegang of zet het systeem tijdelijk uit.
    Kijk in de logboeken of de kwetsbaarheid al is misbruikt.
advice-infected =
    Haal het systeem van het netwerk, maar zet het niet uit: sporen blijven dan bewaard.
    Zoek uit welk systeem achter dit adres zit. Gebruik daarvoor tijd en poort.
    Installeer het systeem opnieuw en wijzig de wachtwoorden die erop zijn gebruikt.
advice-ddos-amplifier =
    Sluit de poort af voor het internet als de dienst alleen intern nodig is.
    Is de dienst wel nodig, beperk dan wie een antwoord krijgt en hoe vaak.
advice-compromised =
    Ga ervan uit dat een ander toegang heeft. Volg uw procedure voor incidenten.
    Haal het systeem van het netwerk en bewaar sporen en logboeken.
    Wijzig wachtwoorden en sleutels en herstel vanaf een schone versie.
advice-harmful-url =
    Haal de pagina of het bestand weg en bewaar een kopie voor onderzoek.
    Zoek uit hoe het er kwam: een lek in de website, een gestolen account of een plug-in.
    Wijzig de wachtwoorden van de beheerders en werk de software bij.
advice-leaked =
    Laat de gebruiker het wachtwoord wijzigen, ook waar hetzelfde wachtwoord wordt gebruikt.
    Zet meervoudige aanmelding (MFA) aan en beëindig openstaande sessies.
    Kijk of het apparaat van de gebruiker besmet is en of met het account is aangemeld.
advice-attacking =
    Zoek uit welk systeem achter dit adres zit. Gebruik daarvoor tijd en poort.
    Een systeem dat anderen aanvalt is meestal zelf overgenomen: onderzoek het als incident.
advice-other =
    Bekijk de details in de bijlage en beoordeel of u iets moet doen.
    Weet u niet wat dit betekent, beantwoord dan deze mail.

# Delen van het advies per soort
part-what = Wat is het?
part-why = Waarom is het belangrijk?
part-check = Hoe controleert u het?
part-fix = Wat kunt u doen?
part-keep = Wat bewaart u?
explanation-file = uitleg

# Het weekoverzicht
delivery-delivered = bezorgd
delivery-partly = bij een deel van de ontvangers bezorgd
delivery-underway = nog niet bezorgd
delivery-failed = niet bezorgd: uw mailserver weigerde het
short-acib = ACIB
short-vcib = VCIB
short-findings = ontvanger van bevindingen
short-weekly = ontvanger van het weekoverzicht
short-ciso = CISO
short-fg = FG
short-duty = 24/7-contact
not-told-held = { $findings } aangehouden, waarvan { $new } nieuw: wij kijken er eerst naar.
not-told-suppressed = { $findings } onderdrukt door een regel, waarvan { $new } nieuw.
not-told-no_contact = { $findings } niet verstuurd, waarvan { $new } nieuw: niemand bij u mag of kan het ontvangen. Neem contact met ons op.
not-told-digest = { $findings } in een later overzicht, waarvan { $new } nieuw.
not-told-undeliverable = { $findings } onbestelbaar, waarvan { $new } nieuw: geen mailserver nam het bericht aan. Neem contact met ons op.
not-told-reason = Reden: { $reason }
open-state-told = zonder reactie { $count }
open-state-received = ontvangen { $count }
open-state-in_progress = in behandeling { $count }
open-state-passed_on = bij leverancier { $count }
open-state-fixed = opgelost gemeld { $count }
open-state-not_ours = niet van u { $count }
open-state-false_positive = onterecht { $count }
open-state-risk_accepted = risico geaccepteerd { $count }
open-state-question = vraag { $count }

# Stappen van aansluiten
step-invitation = de uitnodiging
step-acib = uw algemene contactpersoon (ACIB) opgeven
step-vcib_form = het ondertekende formulier van uw vertrouwde contactpersoon (VCIB) sturen
step-form_checked = wij controleren de handtekening op het formulier
step-intake_talk = een intakegesprek met uw vertrouwde contactpersoon
step-out_of_band_number = een telefoonnummer waarop wij u kunnen terugbellen
step-assets = uw IP-adressen, domeinen en URL's opgeven
step-products = uw ICT-foto opgeven

# Wat ontvangers antwoorden, en hoe het daarna staat.
answer-received = Ontvangen
answer-in-progress = In behandeling
answer-passed-on = Doorgezet naar een leverancier
answer-fixed = Opgelost
answer-not-ours = Niet van ons
answer-false-positive = Onterechte melding
answer-risk-accepted = Risico geaccepteerd
answer-question = Een vraag
stands-told = Gemeld, nog geen antwoord
stands-received = Ontvangen
stands-in-progress = In behandeling
stands-passed-on = Doorgezet naar een leverancier
stands-fixed = Opgelost, volgens u
stands-not-ours = Niet van u, volgens u
stands-false-positive = Onterechte melding, volgens u
stands-risk-accepted = Risico geaccepteerd
stands-question = Een vraag, bij ons in behandeling

# Onder elke mail
check-code =
    Komt deze mail van ons? Kijk op { $page } en vul in: nummer { $number }, controlecode { $code }.

# Een mail van het ene knooppunt aan het andere
hub-mail-subject = Voor het programma bij { $peer }, van { $ours }
hub-mail-text =
    Deze mail is voor een programma. { $ours } stuurt wat over de koppeling met { $peer } gaat per mail: { $lines } regels, in de bijlage.
    Leest u dit in een mailbox: er is niets mis, maar het programma haalt zijn mail hier niet op.
