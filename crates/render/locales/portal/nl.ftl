# De pagina's van het portaal.

skip-to-content = Naar de inhoud
navigation = Onderdelen
other-language = English
theme-dark = Donkere weergave
theme-light = Lichte weergave
accessibility = Toegankelijkheid
now-is = Het is nu { $at }
continue = Verder
sign-out = Uitloggen

month-1 = jan
month-2 = feb
month-3 = mrt
month-4 = apr
month-5 = mei
month-6 = jun
month-7 = jul
month-8 = aug
month-9 = sep
month-10 = okt
month-11 = nov
month-12 = dec

# Inloggen
sign-in = Inloggen
sign-in-name = Gebruikersnaam
password = Wachtwoord
sign-in-wrong = De gebruikersnaam of het wachtwoord klopt niet. Na een paar keer fout kunt u even niet inloggen: wacht dan een minuut of langer.
sign-in-no-account = Nog geen account? Dat krijgt u met een uitnodiging van de beheerder.
code-title = Code van uw telefoon
code = Code
code-help = Zes cijfers, uit de app waarmee u uw account hebt gemaakt.
code-wrong = De code klopt niet. Een code werkt één keer en ongeveer een minuut lang.
code-from-app = De code die de app nu laat zien
invitation-title = Uw account maken
invitation-hello = Welkom, { $name }. Kies een wachtwoord en koppel een app op uw telefoon. Die twee hebt u nodig als u inlogt.
password-new = Nieuw wachtwoord
password-help = Minstens { $count } tekens. Een zin van een paar woorden is goed te onthouden en moeilijk te raden.
password-short = Het wachtwoord is te kort: kies minstens { $count } tekens.
password-long = Het wachtwoord is te lang.
password-guessable = Dit wachtwoord is te makkelijk te raden. Kies een zin van een paar woorden.
invitation-code-wrong = De code klopt niet. Kijk of de klok van uw telefoon goed staat en typ de code die de app nu laat zien.
app-title = App voor codes
app-help = Scan deze code met een app zoals Aegis, Google Authenticator of Microsoft Authenticator.
app-secret = Lukt scannen niet? Typ dan deze sleutel in de app:
set-up = Account maken
invitation-gone-title = Deze link werkt niet meer
invitation-gone = Een uitnodiging is drie dagen geldig en werkt één keer. Vraag de beheerder om een nieuwe.
ready-title = Uw account is klaar
ready = U kunt nu inloggen met uw wachtwoord en een code uit de app.
signed-out-title = U bent uitgelogd
signed-out = Sluit het venster als anderen deze computer ook gebruiken.
not-found-title = Deze pagina is er niet
not-found = De pagina bestaat niet, of u mag haar niet zien.
forbidden-title = Dit mag u niet
forbidden = Uw rol geeft geen toegang tot dit onderdeel. Vraag de beheerder als u het nodig hebt.
form-old-title = Dit formulier is verlopen
form-old = Er is niets veranderd. Ga terug, laad de pagina opnieuw en probeer het nog eens.
slow-down-title = Te veel pogingen
slow-down = Wacht een minuut en probeer het opnieuw.
trouble-title = Er ging iets mis
trouble = Er is niets veranderd. Probeer het zo nog eens. Blijft het misgaan, vraag dan de beheerder.
back-to-start = Naar het begin

# Account
account-title = Uw account
known-as = Naam
organisation = Organisatie
roles = Rollen
role-portal-handler = behandelaar
role-portal-coordinator = coördinator
role-portal-register_desk = registerbeheer
role-portal-editor = redacteur
role-portal-manager = manager
role-portal-auditor = auditor
role-portal-administrator = beheerder
role-portal-acib = ACIB
role-portal-vcib = VCIB
role-portal-viewer = meelezer
role-portal-member_administrator = beheerder van de organisatie
sessions-title = Waar u bent ingelogd
sessions-help = Herkent u er een niet? Beëindig die en vraag de beheerder om een nieuwe uitnodiging.
browser = Browser
signed-in-at = Ingelogd
last-used = Laatst gebruikt
action = Actie
this-one = deze
end-session = Beëindigen

# Ochtend
morning = Ochtend
morning-title = Vandaag, { $day }
waiting-title = Wat op u wacht
waiting-vetting = { $count ->
    [one] melding te beoordelen
   *[other] meldingen te beoordelen
}
waiting-answers = { $count ->
    [one] antwoord te beslissen
   *[other] antwoorden te beslissen
}
waiting-calls = { $count ->
    [one] organisatie te bellen
   *[other] organisaties te bellen
}
waiting-conflicts = { $count ->
    [one] conflict over eigendom
   *[other] conflicten over eigendom
}
waiting-changes = { $count ->
    [one] gevraagde wijziging van het register
   *[other] gevraagde wijzigingen van het register
}
waiting-unrouted = { $count ->
    [one] toewijzing van niemand
   *[other] toewijzingen van niemand
}
waiting-no-contact = { $count ->
    [one] toewijzing zonder contact
   *[other] toewijzingen zonder contact
}
waiting-withheld = { $count ->
    [one] vertrouwelijk bericht tegengehouden
   *[other] vertrouwelijke berichten tegengehouden
}
waiting-given-up = { $count ->
    [one] bericht niet bezorgd
   *[other] berichten niet bezorgd
}
waiting-mailboxes = { $count ->
    [one] mailbox die niet werkt
   *[other] mailboxen die niet werken
}
waiting-breaches = { $count ->
    [one] mogelijk datalek te beslissen
   *[other] mogelijke datalekken te beslissen
}
waiting-feeds = { $count ->
    [one] bron anders dan anders
   *[other] bronnen anders dan anders
}
came-title = Binnengekomen sinds { $since }
came-reports = Meldingen
came-rows = Regels
came-events = Waarnemingen
came-rejected = Onleesbaar
came-new = Nieuwe bevindingen
came-notifications = Notificaties
ahead-title = { $count ->
    [0] De komende 24 uur
    [one] De komende 24 uur: 1 stap
   *[other] De komende 24 uur: { $count } stappen
}
ahead-none = Niemand staat op de ladder voor een volgende stap.
severity = Ernst
ahead-list = Alle volgende stappen
ahead-help = Dit gebeurt als niemand reageert. Komt er een reactie, dan vervalt de stap.
ahead-count = { $count ->
    [one] 1 stap
   *[other] { $count } stappen
}
within-any = Wanneer dan ook
within-day = Binnen een dag
within-week = Binnen een week
next-step = Volgende stap
when = Wanneer
turn-second_contact = tweede contact
turn-partner = samenwerkingsverband of leverancier
turn-calling_list = belijst
feeds-title = Bronnen
feeds-none = Alle bronnen zijn zoals altijd.
feed = Bron
feed-alarm = Wat er is
feed-last = Laatst gekomen
alarm-silent = stil
alarm-late = laat
alarm-shrunken = veel minder regels
alarm-exploded = veel meer regels
alarm-schema_changed = andere kolommen
ledger-title = Grootboek
ledger-balanced = klopt
ledger-not-balanced = klopt niet
ledger-sums = Regels: { $rows }, toewijzingen: { $assignments }
fate = Bestemming
assignments = Toewijzingen
fate-queued = in verzending
fate-notified = gemeld
fate-known = bekend
fate-digest = in overzicht
fate-handed_over = overgedragen
fate-safety_net = vangnet
fate-undeliverable = onbestelbaar
fate-suppressed = onderdrukt
fate-held = aangehouden
fate-no_contact = geen contact
fate-unrouted = niet toegewezen
fate-withdrawn = teruggenomen

# Toegankelijkheid
accessibility-aim = Wij willen dat iedereen dit portaal kan gebruiken. We volgen de richtlijnen van WCAG 2.2, niveau A en AA.
accessibility-how = Elke pagina wordt getest met een programma en met alleen het toetsenbord. U kunt de letters vergroten tot 200 procent en kiezen voor een lichte of donkere weergave.
accessibility-report = Lukt iets niet? Neem contact op met { $sender }. We zoeken een oplossing en helpen u intussen op een andere manier.
waiting-none = Er wacht niets op u:
waiting-none-else = Verder niets:

# Uitleg
explain-way = Waarom?
explain-title = Van wie is dit, en waarom?
explain-what = Adres, naam, URL of mailadres
explain-at = Gezien op (leeg: nu)
explain-ask = Uitleggen
explain-help = Vul in wat er gezien is. U ziet elke organisatie die ervoor in aanmerking komt, en waarom die wel of niet wordt gemeld.
explain-wrong = "{ $what }" is geen adres, naam, URL, AS-nummer of mailadres.
explain-told = Gemeld wordt:
explain-nobody-won = Niemand wordt gemeld: er zijn organisaties die in aanmerking komen, maar geen ervan geldt.
explain-nobody = Dit is van niemand: niets in het register komt hiermee overeen.
explain-caption = Volgens versie { $version } van het register.
explain-outcome = Uitkomst
explain-won = ja
explain-lost = nee
explain-by = Op grond van
explain-why = Waarom
explain-instead = In de plaats daarvan wordt { $name } gemeld.
explain-by-hub = Overgedragen aan het knooppunt { $hub }.
finding-by-hub = Overgedragen aan { $hub } op { $at }: { $state }.
finding-at-hub = Zo ver kwam het: { $status }.
parcel-waiting = wacht op zijn beurt
parcel-sent = verzonden, nog geen ontvangstbewijs
parcel-answered = ontvangstbewijs ontvangen
parcel-given_up = wordt niet meer verzonden
hub-status-received = ontvangen
hub-status-delivered = iemand is gemeld
hub-status-acknowledged = bevestigd
hub-status-fixed = opgelost
hub-status-not_mine = niet van hen
hub-status-undeliverable = kon niet worden gemeld
rule-longest_prefix = De kleinste reeks gaat voor.
rule-host_over_domain = Een hostnaam gaat voor een domein.
rule-name_over_asn = Een adres of naam gaat voor een AS-nummer.
rule-proven = Wat bewezen is gaat voor wat alleen is opgegeven.
rule-not_valid_then = Gold toen niet.
rule-shared_hosting = Gedeelde hosting: het adres zegt niets over de eigenaar van een naam.
rule-excluded = Uitgezonderd binnen een groter bereik.
rule-country = Alleen het land komt overeen.

# Organisaties
organisations = Organisaties
organisations-count = { $count ->
    [one] 1 organisatie
   *[other] { $count } organisaties
}
organisations-name = Naam of code
organisations-more = Alleen de eerste { $count } staan hier. Zoek op naam om de rest te zien.
organisations-none = Geen organisatie voldoet hieraan.
organisation-code = Code
organisation-kind = Soort
table = tabel
all = alle
show = Tonen
kind-municipality = gemeente
kind-it_partnership = ICT-samenwerkingsverband
kind-tax_partnership = belastingsamenwerking
kind-social_service = sociale dienst
kind-joint_arrangement = gemeenschappelijke regeling
kind-supplier = leverancier
kind-provider = provider
kind-province = provincie
kind-water_board = waterschap
kind-central_government = rijksoverheid
kind-authority = andere overheid
kind-hub = knooppunt
assets = IP-adressen, domeinen en URL's
assets-none = Er staat niets in het register dat van deze organisatie is. Meldingen komen niet aan.
asset = Soort
asset-role = Rol
asset-kind-prefix = IP-reeks
asset-kind-address = IP-adres
asset-kind-asn = AS-nummer
asset-kind-domain = domein
asset-kind-hostname = hostnaam
asset-kind-url = URL
asset-kind-mail_domain = maildomein
asset-kind-country = land
asset-kind-ripe_handle = RIPE-handle
asset-kind-product = product
flag-dynamic = dynamisch
flag-shared_hosting = gedeelde hosting
flag-excluded = uitzondering
value = Waarde
proof = Verificatie
proof-asserted = opgegeven
proof-desk = door de desk
proof-mail = mail
proof-dns = DNS
proof-file = bestand
proof-rdap = RDAP
valid = Geldig
valid-from = vanaf { $at }
valid-until = tot { $at }
valid-always = altijd
note = Notitie
contacts = Contacten
contacts-none = Geen contact: niemand kan worden gemeld.
contact-role = Rol
contact-acib = ACIB
contact-vcib = VCIB
contact-findings = bevindingen
contact-weekly = weekoverzicht
contact-ciso = CISO
contact-fg = FG
contact-duty = 24/7
contact-communication = communicatie
contact-secretary = gemeentesecretaris
contact-mayor = burgemeester
mail-and-phone = Mail en telefoon
up-to = Tot en met
relations = Relaties
relations-none = Geen relaties.
relations-drawn = Tekening van de relaties
relations-drawn-of = { $name } en de organisaties eromheen. In de tabel hieronder staat hetzelfde.
relations-many = { $count } organisaties
part-of = is onderdeel van
parts = heeft als onderdeel
relation = Relatie
relation-serves-from = werkt voor
relation-serves-to = wordt bediend door
relation-supplies-from = levert aan
relation-supplies-to = neemt af van
relation-participates_in-from = neemt deel aan
relation-participates_in-to = heeft als deelnemer
relation-merged_into-from = is opgegaan in
relation-merged_into-to = komt voort uit
mandate-through_member = hoort via het lid
mandate-copied = krijgt kopie
mandate-direct = mag direct
findings = Bevindingen
findings-open = Open bevindingen
findings-silent = Daarvan zonder reactie
notifications-sent = Verstuurde notificaties
notifications-none = Nog niets verstuurd.
notification = Nummer
subject = Onderwerp

# Bellen
calls-title = Belijst
calls-count = { $count ->
    [0] niemand te bellen
    [one] 1 organisatie
   *[other] { $count } organisaties
}
calls-none = Er hoeft niemand gebeld te worden.
calls-locked = { $name } belt nu
calls-later = niet voor { $at }
calls-nobody = Het register heeft niemand met een telefoonnummer. Zoek een nummer en leg vast wie u sprak.
calls-what-to-say = Wat u kunt zeggen

# Bevindingen
findings-in-all = { $count } in totaal
findings-what = IP-adres, reeks of naam
findings-organisation = Organisatie
findings-kind = Soort
findings-state = Terugkoppeling
findings-open-closed = Open of gesloten
findings-told = Gemeld aan
findings-nobody = Er is geen organisatie met de code of de naam "{ $name }".
findings-none = Geen bevinding voldoet hieraan.
finding = Bevinding
target = Doel
first-seen = Voor het eerst gezien
last-seen = Laatst gezien
seen = Keer gezien
open = open
closed = gesloten
clear = Wissen
older = Oudere
nobody = niemand
report = Melding
since = sinds { $at }
to = aan
finding-what = Wat er is
finding-says = Wat de ontvangers zeggen
finding-tellings = { $count ->
    [one] Een keer gemeld, { $at }
   *[other] { $count } keer gemeld, laatst { $at }
}
finding-not-told = Dit is aan niemand gemeld.
finding-why = Van wie het is, en waarom
finding-became = Wat ermee gebeurde
finding-fields = Alle gegevens van de eerste waarneming
state-told = geen reactie
state-received = ontvangen
state-in_progress = in behandeling
state-passed_on = bij leverancier
state-fixed = opgelost
state-not_ours = niet van ons
state-false_positive = onterechte melding
state-risk_accepted = risico geaccepteerd
state-question = vraag
message-waiting = wacht
message-unknown = onbekend
message-accepted = aangenomen
message-given_up = opgegeven
message-withheld = tegengehouden

# Wat een pagina zegt over wat er is gedaan
undo = Ongedaan maken
done-saved = Opgeslagen.
done-undone = Ongedaan gemaakt.
done-session-ended = De sessie is beëindigd.
wrong-busy = Er is niets veranderd: het systeem is bezig. Probeer het over een paar seconden opnieuw.
wrong-unknown = Het duurt lang. Kijk straks of het is gedaan, voordat u het opnieuw probeert.
wrong-refused = Er is niets veranderd:
done-calling = U belt nu. Leg daarna vast wat het opleverde.
done-not-calling = U belt niet meer.
done-called = Het gesprek is vastgelegd.
wrong-choose = Kies er een.
wrong-moment = Dit is geen dag en tijd.
wrong-past = Kies een moment dat nog moet komen.
wrong-call-ended = Met dit resultaat gaat de organisatie van de lijst: een volgend gesprek hoort daar niet bij.
choose = kies
save = Opslaan
notification-number = notificatie N{ $number }
calls-locked-mine = u belt nu
calls-before = { $name } belde:
calls-lock = Ik bel nu
calls-unlock = Toch niet bellen
calls-result = Wat kwam ervan?
calls-note = Wat is er gezegd
calls-next = Opnieuw bellen op
call-why-no_reaction = geen reactie
call-why-deadline = deadline voorbij
call-why-undeliverable = niet te bezorgen
call-why-compromised_channel = de mail is niet te vertrouwen
call-result-reached = gesproken met iemand die kan handelen
call-result-no_answer = geen gehoor
call-result-call_back = bellen terug, of later bellen
call-result-wrong_number = verkeerd nummer
call-result-not_needed = niet meer nodig

# Werken aan bevindingen
search = Zoeken
search-example = gouda rdp 198.51.100.0/24
views = Lijsten
view-mine = Open en van mij
view-open = Open
view-nobodys = Open en van niemand
view-all = Alle
view-keep = Bewaar deze lijst als
view-forget = Vergeet een lijst
keep = Bewaren
forget = Vergeten
more-filters = Meer filters en kolommen
asleep-too = ook die slapen
asleep-until = slaapt tot { $at }
columns = Kolommen
column-severity = Ernst
column-kind = Soort
column-target = Doel
column-told = Gemeld aan
column-handler = Behandelaar
column-deadline = Deadline
column-first_seen = Voor het eerst gezien
column-last_seen = Laatst gezien
column-sightings = Keer gezien
handler = Behandelaar
handler-me = ik
handled-by = Behandelaar: { $name }
handled-by-nobody = Geen behandelaar
findings-none-mine = U hebt geen open bevindingen. Kijk bij "Open en van niemand" of er iets voor u ligt.
with-ticked = Met de aangekruiste:
bulk-assign = Toewijzen
bulk-snooze = Laten slapen
bulk-answer = Antwoord vastleggen
bulk-count = { $count ->
    [one] 1 bevinding
   *[other] { $count } bevindingen
}
bulk-which = Om deze gaat het
as-a-file = Deze lijst als bestand:
keys = Toetsen
keys-down-up = omlaag, omhoog
keys-open = openen
keys-tick = aankruisen
keys-search = zoeken
keys-help = deze uitleg
work = Werk
snooze-until = Laten slapen tot en met
snooze-week = Een week
snooze-wake = Wakker maken
note-for-colleagues = Notitie voor collega's
note-add = Notitie toevoegen
answer-title = Antwoord vastleggen
answer-help = Voor wie belt of anders laat weten hoe het ervoor staat.
answer-kind = Antwoord
answer-who = Wie zei het
answer-until = Tot en met
answer-reason = Reden
answer-more = Meer
answer-decided-by = Wie het risico accepteert
answer-supplier = Leverancier
answer-text = Wat er is gezegd
answer-record = Vastleggen
answer-whoever = wie het is gemeld
finding-line = Wat er gebeurde
finding-similar = Vergelijkbaar, bij dezelfde organisatie
line-first_seen = Voor het eerst gezien
line-last_seen = { $count ->
    [one] Laatst gezien, 1 keer in totaal
   *[other] Laatst gezien, { $count } keer in totaal
}
line-call_due = { $name } op de belijst
line-called = { $who } belde { $name }:
line-stepped = Ladder: stap { $number } bij { $name }
line-taken_back = { $who } droeg het over en nam het terug
taken-back-open = wordt nog uitgevoerd
taken-back-withdrawn = hier ook teruggenomen
taken-back-shown_by_others = een ander laat het ook zien, dus het blijft
taken-back-for_desk = de desk beslist
taken-back-kept = de desk besliste dat het blijft
taken-back-noted = genoteerd
line-assigned = { $who } wees het toe aan { $name }
line-unassigned = { $who } haalde de behandelaar eraf
line-snoozed = { $who } liet het slapen tot { $at }
line-woken = { $who } maakte het wakker
line-noted = { $who } noteerde:
told-findings = Gemeld
told-reminder = Opnieuw gemeld
told-escalation = Doorgemeld
told-overview = In het weekoverzicht
told-campaign = Gemeld in een actie
told-safety_net = Gemeld via het vangnet
told-handover = Overgedragen
told-letter = Brief
standing-proposed = wacht op de desk
standing-taken = telt
standing-refused = geldt niet
rows-title = Regels van { $finding }
rows-count = { $count ->
    [one] 1 regel
   *[other] { $count } regels
}
rows-link = { $count ->
    [one] 1 keer: bekijk de regel
   *[other] { $count } keer: bekijk de regels
}
rows-help = Zoals de bron ze gaf, met geheimen afgedekt; de nieuwste eerst. Dat u kijkt staat in het auditlog.
rows-none = Er zijn geen regels meer: ze zijn gewist.
done-assigned = { $count ->
    [one] Toegewezen.
   *[other] { $count } bevindingen toegewezen.
}
done-unassigned = { $count ->
    [one] De bevinding heeft geen behandelaar meer.
   *[other] { $count } bevindingen hebben geen behandelaar meer.
}
done-snoozed = { $count ->
    [one] De bevinding slaapt.
   *[other] { $count } bevindingen slapen.
}
done-woken = { $count ->
    [one] De bevinding is wakker.
   *[other] { $count } bevindingen zijn wakker.
}
done-noted = De notitie staat erbij.
done-recorded = { $count ->
    [one] Het antwoord is vastgelegd.
   *[other] Het antwoord is vastgelegd bij { $count } bevindingen.
}
done-nothing-different = Het was al zo: er is niets veranderd.
done-view-kept = De lijst is bewaard.
done-view-forgotten = De lijst is vergeten.
wrong-no-finding = Kies eerst een bevinding.
wrong-choose-day = Kies een dag.
wrong-far = Dit is te ver weg: kies een dag binnen een jaar.
wrong-empty = Vul dit in.

# Beoordelen
vetting-title = Te beoordelen
vetting-count = { $count ->
    [0] niets
    [one] 1 melding
   *[other] { $count } meldingen
}
vetting-none = Er wacht geen melding op u.
vetting-from = Van
vetting-name = Bestand
vetting-why = Waarom het wacht
waits-blocked = de bron is geblokkeerd
waits-extracted = wat erin staat, is gevonden in de tekst van een mail
waits-unknown-notifier = de melder is onbekend
waits-sender-not-proven = niets bewijst dat de afzender is wie hij zegt
waits-vetted = iemand bekijkt alles wat deze bron stuurt
waits-sealed = het is versleuteld, en onze sleutels openen het niet
waits-format = deze bron mag { $what } niet zonder beoordeling sturen
waits-too-large = groter dan de { $what } bytes die deze bron mag sturen
waits-too-many = meer dan de { $what } meldingen per uur die deze bron mag sturen
vetting-what = Wat er is gekomen
vetting-formats = Soort bestand
vetting-no-format = onbekend
vetting-rows = Regels
vetting-more-than = meer dan { $count }
vetting-rejected = { $count ->
    [one] waarvan 1 niet te lezen
   *[other] waarvan { $count } niet te lezen
}
vetting-would = Wat er gebeurt als u dit inneemt
vetting-would-busy = De dienst heeft het druk. Laad de pagina opnieuw om te zien wat er gebeurt.
vetting-would-nothing = Dezelfde inhoud kwam al eerder binnen: er verandert niets.
vetting-would-new = Nieuwe bevindingen
vetting-would-again = Bevindingen die al bekend waren
vetting-would-nobody = Van niemand
vetting-would-first = Dit geldt voor de eerste { $count } regels; er zijn er meer.
vetting-would-told = Wordt gemeld
vetting-would-not-told = Nieuw, maar niet gemeld
vetting-would-to = Aan
vetting-would-concern-nobody = Niemand krijgt iets nieuws.
vetting-first = De eerste waarnemingen
vetting-whose = Van wie
vetting-unreadable = Niet te lezen
vetting-accept = Innemen
vetting-accept-help = De melding wordt verwerkt, en wie het aangaat wordt gemeld volgens het beleid.
vetting-as-it-came = zoals het kwam
receipt = Nummer
received = Ontvangen
bytes = Bytes
source = Bron
nobody-known = onbekend
sender-proven = afzender staat vast
sender-not-proven = afzender staat niet vast
line-number = regel { $number }
refuse = Weigeren
reason-why = Waarom
done-taken-in = { $count ->
    [one] Ingenomen: 1 waarneming.
   *[other] Ingenomen: { $count } waarnemingen.
}
done-refused = Geweigerd.
wrong-gone = Dit is er niet meer: iemand anders heeft het al gedaan.

# Antwoorden
answers-way = Antwoorden
answers-title = Antwoorden die op u wachten
answers-count = { $count ->
    [0] geen
    [one] 1 antwoord
   *[other] { $count } antwoorden
}
answers-none = Er wacht geen antwoord op u.
answer-waits-because = Wacht omdat
answer-about = Over
answer-about-all = alles wat erin staat
and-more = { $count ->
    [one] en nog 1
   *[other] en nog { $count }
}
answer-contradicts = Spreekt tegen
answer-accept = Aannemen
answer-dealt-with = Afgehandeld
way-mail = per mail
way-page = via de link
way-desk = via de desk
way-api = via de API
way-portal = in het portaal
way-hub = via een knooppunt
done-answer-accepted = Het antwoord is aangenomen.
done-answer-refused = Het antwoord is geweigerd.

# Het register wijzigen
findings-of-it = Open bevindingen bekijken
whatif-title = Wat er gisteren en vandaag anders was gemeld
whatif-look = Bekijk wat het doet
whatif-nothing = Niets: { $events } waarnemingen van de laatste dag waren net zo gemeld.
whatif-changes = { $findings ->
    [one] 1 bevinding verandert, van { $events } waarnemingen van de laatste dag.
   *[other] { $findings } bevindingen veranderen, van { $events } waarnemingen van de laatste dag.
}
whatif-what = Wat
whatif-from = Van
whatif-to = Naar
whatif-examples = Voorbeelden
whatif-moves = gaat naar een ander
whatif-becomes_routed = wordt van iemand
whatif-becomes_unrouted = wordt van niemand
whatif-also_concerns = gaat er ook over
whatif-no_longer_concerns = gaat er niet meer over
whatif-can_be_told = kan worden gemeld
whatif-cannot_be_told = kan niet worden gemeld
asset-add = Toevoegen
asset-withdraw = Intrekken
withdraw = intrekken
asset-meets = Dit raakt wat van anderen is. In dezelfde rol wordt het een conflict dat iemand beslist.
asset-looked = We hebben zelf nagegaan dat het van hen is
asset-past = Wat al is gemeld verandert hier niet door. Een correctie over het verleden doet een beheerder met schakel reattribute.
contact-add = Contact toevoegen
contact-edit = Contact
contact-help = Verandert hoe een vertrouwde contactpersoon wordt bereikt, dan wacht dat op een tweede persoon die een bekend nummer terugbelt.
contact-right = Klopt nog
contact-leave = Is weg
contact-new = nieuw
contact-webhook = webhook
contact-drop = map
nameless = zonder naam
mail-address = Mailadres
phone-number = Telefoonnummer
language = Taal
language-nl = Nederlands
language-en = Engels
joining = Aansluiten
joining-step = Stap
joining-with = Met wie
joining-confirm = Stap vastleggen
joining-invitation = Uitgenodigd
joining-acib = ACIB aangewezen
joining-vcib_form = Formulier voor de VCIB binnen
joining-form_checked = Handtekening gecontroleerd
joining-intake_talk = Intakegesprek gevoerd
joining-out_of_band_number = Telefoonnummer buiten de mail om
joining-assets = IP-adressen en domeinen bekend
joining-products = ICT-foto bekend
disputes-title = Te beslissen
conflicts-title = Conflicten ({ $count })
conflicts-none = Er is geen conflict.
conflict-number = Conflict { $number }
conflict-has-asset = staat in het register
conflict-whose = Van wie is het
conflict-both = van beide
claim-state-open = geclaimd
claim-state-proven = bewezen
claim-state-lapsed = verlopen
claim-state-withdrawn = teruggenomen
claim-state-refused = geweigerd
decide = Beslissen
changes-title = Wijzigingen van vertrouwde contacten ({ $count })
changes-none = Er wacht geen wijziging.
requests-title = Verzoeken van organisaties over wat van hen is ({ $count })
request-give_up = niet meer van hen
request-change = wijziging
request-give_up-accept = Het gaat uit het register, met de opgave.
request-change-accept = Pas het eerst aan in het register.
asked-by = Gevraagd door { $name }, { $at }
four-eyes = U vroeg dit zelf: een collega moet het goedkeuren.
called-back-on = Teruggebeld op
approve = Goedkeuren
import-title = Importeren
import-text = Of plak de inhoud van een bestand (CSV of JSON)
import-scope = Wat er niet in staat
scope-additions = blijft zoals het is
scope-organisations = wordt ingetrokken bij de organisaties die genoemd worden
scope-whole = wordt ingetrokken
import-look = Bekijk wat er verandert
import-help = Geef een bestand van het register zelf, of een lijst in een vorm die wordt herkend. Er verandert pas iets als u dat daarna bevestigt. Grotere bestanden gaan met schakel register import.
upload-files = Bestanden (CSV of JSON)
upload-help = Samen hoogstens { $count } MB, als UTF-8.
upload-chosen = Gekozen:
upload-large = Deze bestanden zijn samen groter dan { $count } MB. Kies er minder, of gebruik schakel register import.
upload-not-text = { $name } is geen tekst in UTF-8. Sla de lijst op als "CSV UTF-8" en kies hem opnieuw.
upload-not-csv = { $name } is geen lijst die wij herkennen. Kies een CSV-bestand.
upload-mixed = Deze bestanden horen niet bij elkaar. Importeer ze na elkaar.
upload-not-whole = Dit bestand kan niet het hele register zijn. Kies een andere mogelijkheid.
upload-failed-title = De bestanden zijn niet aangekomen
upload-too-large = Wat u stuurde is te groot. Er is niets veranderd.
upload-broken = Het sturen brak af, of het formulier was niet te lezen. Er is niets veranderd.
import-changes = Wat er verandert
import-rows = Soort
import-added = nieuw
import-changed = gewijzigd
import-withdrawn = ingetrokken
import-unchanged = blijft
import-problems = Wat er mis is
import-conflicts = Van een ander bewezen
import-leaving = Deze organisaties zouden verdwijnen terwijl er iets openstaat:
import-lines = Regels
import-apply = Doorvoeren
rows-of-organisations = organisaties
rows-of-assets = adressen en domeinen
rows-of-contacts = contacten
rows-of-relations = relaties
before = Was
after = Wordt
register-history = Geschiedenis
version = Versie
who = Wie
quality-title = Kwaliteit van de gegevens
quality-score = { $score } van 100
quality-help = Wat er beter kan, met hoeveel het meetelt.
quality-criterion = Waarop
quality-weight = Telt mee
quality-percent = Op orde
quality-why = Waarom
quality-gone = Namen die niet meer bestaan
done-asset-added = Vastgelegd.
done-asset-disputed = Vastgelegd. Het raakt wat van een ander is: er is een conflict om te beslissen.
done-asset-withdrawn = Ingetrokken.
done-contact-saved = Het contact is opgeslagen.
done-contact-waits = Dit wacht op een tweede persoon, die een bekend nummer terugbelt.
done-contact-left = Het contact is weg.
done-contact-right = Vastgelegd dat het contact nog klopt.
done-step-taken = De stap is vastgelegd.
done-decided = Beslist.
done-imported = De import is doorgevoerd.
criterion-proven = Bewezen
criterion-reachable = Bereikbaar
criterion-fresh = Actueel
criterion-no_overlap = Geen overlap
criterion-names_resolve = Namen bestaan
criterion-prefixes_announced = Reeksen aangekondigd
criterion-nothing_near = Niets van niemand dichtbij
# Beeld van de sector
sector-way = Beeld
sector-title = Beeld van de sector
sector-days = De laatste { $count } dagen
sector-coarse = Aantallen zijn afgerond naar beneden op vijf. Kleine aantallen staan er niet in, en geen organisaties.
sector-per-day = { $count ->
    [one] Eén nieuwe bevinding
   *[other] { $number } nieuwe bevindingen
}
sector-chart = Nieuwe bevindingen per dag, naar soort
sector-as-table = Als tabel
sector-day = Dag
sector-all = Samen
sector-nothing = Er kwam niets nieuws binnen.
sector-times = Hoe lang het duurt
sector-told = Tot melding
sector-answered = Tot antwoord
sector-fixed = Tot opgelost
sector-answers = Beantwoord
sector-of = { $answers } van { $count }
sector-unknown = onbekend
sector-times-help = De helft duurt niet langer; negen van de tien niet langer dan de tijd tussen haakjes. Tot melding telt vanaf de ontvangst, de andere vanaf de melding.
sector-kinds = Wat het meest voorkomt
sector-kind = Soort
sector-family = Groep
sector-new = Nieuw
sector-where = { $count ->
    [0] Waar het openstaat
    [one] Open bij één organisatie
   *[other] Open bij { $number } organisaties
}
sector-open = Open
sector-silent = Zonder antwoord
sector-map = Kaart: open bevindingen per organisatie. De tabel ernaast toont dezelfde aantallen.
sector-and-more = { $from } en meer
sector-nothing-open = Er staat niets open.
sector-no-map = Er is geen kaart: de beheerder kan er een opgeven met portal.map.
group-open-service = open dienst
group-vulnerable = kwetsbaar
group-infected = besmet
group-ddos-amplifier = versterker
group-compromised = gehackt
group-harmful-url = schadelijke pagina
group-leaked = gelekt
group-attacking = aanvallend
group-other = overig
span-moment = meteen
span-minutes = { $count } minuten
span-hours = { $count } uur
span-days = { $count } dagen

# Wat er binnenkwam
reports-title = Meldingen
reports-none = Er is nog niets gekomen.
report-state = Bijzonderheden
report-withdrawn = teruggenomen
sources-title = Bronnen
sources-record = Wat elke bron opleverde
sources-answered = Beantwoord
sources-none = Er is nog geen bron.
feed-usual = Gewoonlijk
feed-every = Komt elke
feed-well = zoals altijd
hours = { $count ->
    [one] 1 uur
   *[other] { $count } uur
}
trust = Vertrouwen
trust-blocked = geblokkeerd
trust-vetted = eerst beoordelen
trust-automatic = automatisch
row-events = waarnemingen
row-duplicates = dubbel
row-clears = opgelost gemeld
row-rejected = onleesbaar
row-replayed = opnieuw gelezen
ledger-day = Dag
ledger-report = Melding
ledger-list = Laat regels zien
ledger-sums-title = Sommen
ledger-rows = Regels
ledger-row = Regel
ledger-by-organisation = Per organisatie
nothing = niets
replay = Opnieuw lezen
replay-help = Is er sindsdien een kolom of een soort melding bijgekomen? Dan is wat eerst onleesbaar was misschien nu te lezen.
done-replayed = { $count ->
    [one] 1 regel is opnieuw gelezen.
   *[other] { $count } regels zijn opnieuw gelezen.
}
wrong-still-rejected = Er is niets veranderd: deze regels zijn nog steeds niet te lezen.

# Regels en teksten
policy-title = Beleid
policy-document = Het document (TOML)
policy-try = Bekijk wat het doet
policy-would = Wat dit gisteren en vandaag had gedaan
policy-did = Wat elke regel gisteren en vandaag deed
policy-looked = { $assignments } toewijzingen waren nieuw voor iemand die gemeld kan worden.
policy-different = { $assignments } toewijzingen waren nieuw voor iemand; { $different } daarvan worden iets anders.
policy-rule = Regel
policy-no-rule = geen regel: meteen melden
policy-changes = Wat er verandert
policy-kept = Wat het tegenhoudt
policy-undo = Vorige weer laten gelden
put-in-force = Laten gelden
built-in = ingebouwd
tried = op proef
version-number = versie { $number }
texts-title = Teksten
text-name = Tekst
text-own = eigen tekst
text-text = Tekst
text-try = Bekijk hoe het leest
text-sample = voorbeeld
look = bekijken
done-policy-set = Dit beleid geldt vanaf nu.
done-text-set = Deze tekst geldt vanaf nu.
wrong-policy = Dit kan niet gelden: zie wat er mis is.

# Mensen
people-title = Mensen
sessions-title-people = Ingelogd
desk = desk
shut-out = geweerd sinds { $at }
shut-out-do = Weren
invite-title = Iemand uitnodigen
invite-organisation = Code van de organisatie (leeg: de desk)
invite-do = Uitnodigen
invite-help = U krijgt een link die 72 uur geldig is en één keer werkt. Wie al een account heeft en opnieuw wordt uitgenodigd, kiest een nieuw wachtwoord.
invited-link = Geef deze link aan { $name }, op een manier die alleen die persoon leest:
invited-help = De link staat alleen hier. Hij werkt één keer, binnen 72 uur.
done-disabled = Die persoon kan niet meer inloggen.
wrong-yourself = U kunt uzelf niet weren.

# Auditlog
audit-title = Auditlog
audit-action = Handeling
audit-subject = Waarover
audit-since = Vanaf
audit-detail = Bijzonderheden
audit-program = het programma
audit-erased = gewist

# Overdracht
shift-title = Overdracht
shift-now = Zo staat het nu
shift-then = Zo stond het toen
shift-write = Overdragen
shift-text = Wat loopt er, wat is beloofd, wat moet er gebeuren
shift-hand-over = Overdragen
shift-of = { $name }, { $at }
shift-accepted = overgenomen door { $name }, { $at }
shift-accept = Overnemen
shift-waits = wacht op een collega
shift-none = Er is nog niets overgedragen.
shift-promised = Toegezegd door leden
shift-due = { $count ->
    [one] 1 loopt af
   *[other] { $count } lopen af
}
shift-deadlines = Deadline binnen een dag
shift-questions = Vragen aan ons
done-handed-over = De overdracht staat klaar.
done-shift-accepted = U hebt het overgenomen.
wrong-own-shift = Dit schreef u zelf: een collega neemt het over.

