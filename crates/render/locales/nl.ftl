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
# Als iets al eerder gemeld is
occasion-reminder = Herinnering
occasion-escalation = Geen reactie
occasion-reminder-line = Dit is een herinnering. Wij meldden dit voor het eerst aan u op { $day }. Wij melden het nu weer, omdat:
occasion-escalation-own = Op { $day } stuurden wij notificatie { $number } naar een andere contactpersoon van uw organisatie. Wij kregen geen reactie. Daarom vragen wij nu aan u om hiernaar te kijken.
occasion-escalation-other = Op { $day } stuurden wij notificatie { $number } naar { $organisation }. Wij kregen geen reactie. U werkt voor { $organisation }. Daarom vragen wij nu aan u om hiernaar te kijken.
again-worse = het is erger geworden
again-exploited = er wordt nu misbruik van gemaakt
again-came-back = het was opgelost, maar wij zien het weer
again-acceptance-over = de datum tot wanneer u het risico accepteerde is voorbij
again-doubt-over = wij zien het nog, en de datum tot wanneer het als onterechte melding gold is voorbij
again-still-seen = wij zien het nog steeds

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

# Adviezen per soort
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

advice-scan_rdp =
    Sluit poort 3389 af voor het internet. Laat medewerkers via een VPN werken.
    Zet meervoudige aanmelding (MFA) en Network Level Authentication aan.
    Kijk in de logboeken of er onbekende aanmeldingen zijn.
advice-scan_smb =
    Sluit de poorten 139 en 445 af voor het internet. SMB hoort alleen op het interne netwerk.
    Zet SMB versie 1 uit en installeer de laatste updates.
advice-scan_telnet =
    Zet Telnet uit: wachtwoorden gaan onversleuteld over het internet. Gebruik SSH.
    Wijzig het standaardwachtwoord van het apparaat en controleer of het besmet is.
advice-scan_ftp =
    Gebruik SFTP of FTPS in plaats van FTP.
    Controleer of anoniem aanmelden uit staat en welke bestanden leesbaar zijn.
advice-scan_vnc =
    Sluit de poort van VNC af voor het internet en werk via een VPN.
    Stel een sterk wachtwoord in: zonder wachtwoord kijkt iedereen mee.
advice-scan_http_vulnerable =
    Kijk bij de details welke kwetsbaarheid is gezien en installeer de update.
    Zet beheerpagina's en bestanden zoals .git niet op het internet.
    Kijk in de logboeken van de webserver of er misbruik is geweest.
advice-scan_exchange =
    Installeer de laatste cumulatieve update en beveiligingsupdate van Microsoft.
    Controleer op webshells en onbekende beheerders: deze lekken worden veel misbruikt.
    Krijgt uw versie geen updates meer, haal de server dan van het internet.
advice-scan_ssl_poodle =
    Zet SSLv3 uit op de server. Gebruik TLS 1.2 of nieuwer.
advice-scan_snmp =
    Sluit UDP-poort 161 af voor het internet.
    Gebruik SNMP versie 3 met wachtwoord; verander de namen "public" en "private".
advice-scan_dns =
    Laat de resolver alleen antwoorden aan uw eigen netwerken.
    Is dit een DNS-server voor uw domein, zet dan recursie uit.
advice-scan_ntpmonitor =
    Werk de NTP-software bij of zet de opdracht "monlist" uit.
    Sluit UDP-poort 123 af als anderen deze tijdserver niet nodig hebben.
advice-scan_memcached =
    Sluit poort 11211 (TCP en UDP) af voor het internet en zet UDP uit.
    Ga ervan uit dat gegevens in de cache zijn gelezen.
advice-scan_elasticsearch =
    Sluit poort 9200 af voor het internet en zet aanmelding aan.
    Ga na welke gegevens leesbaar waren. Zijn het persoonsgegevens, dan kan dit een datalek zijn.
advice-scan_mongodb =
    Sluit poort 27017 af voor het internet en zet aanmelding aan.
    Ga na welke gegevens leesbaar waren. Zijn het persoonsgegevens, dan kan dit een datalek zijn.
advice-scan_redis =
    Sluit poort 6379 af voor het internet en stel een wachtwoord in.
    Controleer het systeem op onbekende taken en sleutels: open Redis wordt vaak overgenomen.
advice-scan_mssql =
    Sluit poort 1433 (TCP) en 1434 (UDP) af voor het internet.
    Controleer de aanmeldingen van het account "sa".
advice-scan_mysql =
    Sluit poort 3306 af voor het internet. Laat alleen de eigen toepassingen toe.
    Controleer welke accounts van buiten mogen aanmelden.
advice-scan_ics =
    Haal de besturing meteen van het internet: wie erbij kan, kan installaties bedienen.
    Geef de leverancier toegang via een VPN met sterke aanmelding.
    Vraag de beheerder of er instellingen zijn gewijzigd.
advice-event4_sinkhole =
    Een systeem achter dit adres zocht contact met een server van criminelen. Die is nu van onderzoekers.
    Zoek in de logboeken van firewall of NAT welk systeem het is. Gebruik tijd en poort.
    Haal het systeem van het netwerk en installeer het opnieuw.
advice-compromised_website =
    Zet de website offline of toon een tijdelijke pagina, en bewaar een kopie voor onderzoek.
    Herstel vanaf een schone back-up en werk het systeem en alle plug-ins bij.
    Wijzig alle wachtwoorden van beheerders en van de database.
advice-compromised_account =
    Laat de gebruiker het wachtwoord meteen wijzigen, ook waar hetzelfde wachtwoord wordt gebruikt.
    Zet meervoudige aanmelding (MFA) aan en beëindig openstaande sessies.
    Vaak komt dit door malware op het apparaat: onderzoek ook apparaten die thuis worden gebruikt.

# Stappen van aansluiten
step-invitation = de uitnodiging
step-acib = uw algemene contactpersoon (ACIB) opgeven
step-vcib_form = het ondertekende formulier van uw vertrouwde contactpersoon (VCIB) sturen
step-form_checked = wij controleren de handtekening op het formulier
step-intake_talk = een intakegesprek met uw vertrouwde contactpersoon
step-out_of_band_number = een telefoonnummer waarop wij u kunnen terugbellen
step-assets = uw IP-adressen, domeinen en URL's opgeven
step-products = uw ICT-foto opgeven
