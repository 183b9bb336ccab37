# Gesprekken, de mail van het team, datalekken.
mail-way = Mail
mail-to = Aan
marking = Markering
from = Van

told-reply = Beantwoord per mail
conversation-title = Gesprek N{ $number }
reply-title = Antwoord schrijven
reply-help = Per mail, aan contactpersonen die het mogen lezen. U ziet het voordat het weggaat.
reply-to = over N{ $number } aan { $name }
reply-text = Uw tekst
reply-look = Laat zien hoe het eruitziet
reply-preview = Dit krijgen zij
reply-preview-help = Er is nog niets verstuurd. Een vertrouwelijk bericht dat niet versleuteld kan worden, wacht in het postvak.
reply-send = Versturen
reply-marking = De markering is TLP:{ $tlp }, net als het bericht waar het over gaat. Schrijf er niets in dat een hogere markering nodig heeft.
reply-not-yours = U mag dit gesprek lezen, maar er niet in schrijven.
reply-not-no_address = heeft geen mailadres
reply-not-clearance = mag deze markering niet ontvangen
reply-not-no_named_person = TLP:RED is alleen voor personen die wij bij naam kennen
reply-not-circle = met deze markering mag het niet naar deze organisatie
reply-not-source = de bron staat niet toe dat iemand het hoort
reply-not-closed = dit adres bestaat niet meer, of iemand anders leest mee
done-reply-sent = { $count ->
    [one] Uw antwoord staat klaar om verstuurd te worden.
   *[other] Uw antwoord aan { $count } mensen staat klaar om verstuurd te worden.
}
done-reply-withheld = Uw antwoord wacht: het is vertrouwelijk en kan niet voor iedereen versleuteld worden.
wrong-too-long = Dit is te lang.
wrong-nobody-chosen = Kies wie het krijgt.

outbox-title = Uitgaand
outbox-open = Wacht
outbox-withheld = tegengehouden
outbox-given_up = opgegeven
outbox-waiting = wacht
outbox-accepted = bezorgd
outbox-paused = Na het terugzetten van een back-up wordt niets verstuurd. Iemand moet bevestigen dat het weer mag:
outbox-message = Bericht
outbox-state = Stand
outbox-attempts = Pogingen
outbox-next = Volgende poging
outbox-outcome = Wat de andere kant zei
outbox-none = Niets.
outbox-help = Wat mislukt, gaat vanzelf opnieuw, twee dagen lang. Wat dan opgegeven is en bevindingen meldde, staat op de belijst.
outbox-one = Bericht { $number }
outbox-erased = De tekst is gewist.
outbox-more = De rest staat hier niet.
outbox-release = Laten gaan
outbox-release-help = Dit bericht is vertrouwelijk en er is geen sleutel om het te versleutelen. Laat u het gaan en is er nog steeds geen sleutel, dan gaat het als gewone mail.
outbox-release-not-yours = Een coördinator beslist of het weg mag.
done-released-encrypted = Het bericht gaat weg, versleuteld.
done-released-open = Het bericht gaat weg als gewone mail.

incoming-title = Binnengekomen
incoming-which-all = alles
incoming-which-aside = weggelegd
incoming-which-taken = ingenomen
incoming-receipt = Ontvangst
incoming-became = Wat ervan werd
incoming-why = Waarom
incoming-none = Er kwam geen mail binnen.
incoming-help = Wat niet begrepen is, wacht bij "te beoordelen". Wat weggelegd is, blijft een tijd bewaard: zo lang kunt u er toch naar laten kijken.
incoming-decide = Anders beslissen
incoming-to-vetting = Laten beoordelen
incoming-answers = Antwoord op
incoming-is-answer = Vastleggen als antwoord
became-waiting = net binnen
became-held = wacht op een mens
became-taken = ingenomen
became-known = al bekend
became-refused = geweigerd
became-no_report = geen melding
done-handed-to-vetting = Het wacht nu op beoordeling.
done-handed-to-answer = Het is vastgelegd als antwoord.
wrong-notification = Vul het nummer in van een bericht van ons, zoals N17.

mailboxes-title = Adressen
mailboxes-none = Over geen enkel adres is iets bekend.
mailbox-closed = hier gaat geen mail heen
mailbox-compromised = Iemand anders kan meelezen
mailbox-failed = Postvak bestaat niet
mailbox-complained = Als ongewenst gemarkeerd
mailbox-failures = Teruggekomen
mailbox-accepted = Laatst aangenomen
mailbox-never = nooit
mailbox-why-trust = Waarom het weer goed is, en hoe u dat vroeg
mailbox-trust = Weer gebruiken
mailbox-mark = Iemand anders kan een adres lezen
mailbox-mark-help = Er gaat dan niets meer heen. Wat ervoor wacht, hoort een andere contactpersoon, of wordt gebeld.
done-mailbox-trusted = Er gaat weer mail naar dit adres.
done-mailbox-compromised = Er gaat geen mail meer naar dit adres.

breach = Datalek
breaches-title = Datalekken
breaches-known = Geopend
breaches-none = Geen.
breach-about = Gaat over
breach-discovered = Ontdekt
breach-decision = Besluit
breach-deadline = Te beslissen voor
breach-overdue = te laat
breach-left = nog { $span }
breach-reported = gemeld bij de toezichthouder
breach-not_reported = niet gemeld bij de toezichthouder
breach-new = Er ging iets naar de verkeerde
breach-new-help = Noem de bevinding, het bericht of de correctie. U ziet wie het kreeg voordat er iets gebeurt.
breach-what = Wat
breach-only = Alleen wat deze organisatie kreeg
breach-look = Wie kreeg het?
breach-received = Wie het kreeg
breach-taken-back = { $name } ({ $sent } van { $of } verstuurd)
breach-recalled = Teruggenomen met
breach-nobody-received = Niemand kreeg het per mail.
breach-open-warning = Iedereen in deze lijst krijgt een mail met de vraag om het te verwijderen, en de 72 uur gaan in.
breach-open-it = Datalek openen
breach-close = Besluit vastleggen
breach-close-not-yours = Een coördinator legt het besluit vast.
wrong-breach-subject = Vul een bevinding (F12), een bericht (N3) of een correctie (K1) in, en de code van een organisatie die er is.
wrong-breach-nobody = Dit is aan niemand gemeld.
wrong-decided = Hierover is al beslist.
done-breach-opened = Het datalek is geopend. Wie het kreeg, krijgt de vraag om het te verwijderen.
done-breach-closed = Het besluit is vastgelegd.

# Wat een handeling weigert. De namen tussen accolades komen uit het programma.
refused-no-organisation = Er staat geen organisatie { $code } in het register.
refused-no-reason = Schrijf op waarom.
refused-ends-before = De periode eindigt voordat zij begint.
refused-many-prefixes = { $value } is { $count } IP-reeksen. Geef er hoogstens { $most } tegelijk op.
refused-same-claim = Opgave { $claim } zegt al hetzelfde.
refused-many-conflicts = { $value } raakt { $count } opgaven en gegevens van anderen. Geef op wat van hen is in kleinere delen.
refused-no-claim = Er is geen opgave { $claim }.
refused-claim-over = Over opgave { $claim } is al beslist.
refused-asset-gone = Dit gegeven staat niet meer in het register van { $code }.
refused-no-contact = Deze contactpersoon is er niet meer.
refused-not-their-contact = Deze contactpersoon is van een andere organisatie.
refused-contact-lacks = Bij een contactpersoon met deze rol hoort ook een naam, mailadres of telefoonnummer dat nu ontbreekt.
refused-nothing-changes = Er verandert niets.
refused-no-change = Deze wijziging is er niet.
refused-change-decided = Over wijziging { $change } is al beslist.
refused-own-change = U vroeg deze wijziging zelf aan. Iemand anders moet haar goedkeuren.
refused-not-on-record = { $number } was nog niet bekend voordat deze wijziging werd gevraagd. Bel terug op een nummer dat wel bekend was: { $known }
refused-none-on-record = { $number } was nog niet bekend voordat deze wijziging werd gevraagd, en een ander nummer ook niet. Weiger de wijziging en vraag om een nieuw formulier.
refused-contact-changed = Deze contactpersoon is intussen veranderd. Weiger deze wijziging en vraag haar opnieuw aan.
refused-no-conflict = Er is geen conflict { $conflict }.
refused-conflict-decided = Over conflict { $conflict } is al beslist.
refused-no-side = Die organisatie hoort niet bij dit conflict.
refused-import-errors = Er zijn { $errors } fouten, of er zouden organisaties verdwijnen waar nog iets openstaat.
refused-import-nothing = Dit verandert niets.
refused-text = Deze tekst kan niet gebruikt worden: { $problems }
refused-text-built-in = Dit is de ingebouwde tekst. Die is nooit veranderd.
refused-policy-built-in = De ingebouwde policy geldt: er is niets terug te draaien.
policy-error = Fout
policy-warning = Let op
policy-line = regel { $number }
policy-too-large = Het document heeft { $bytes } bytes. Wij lezen er hoogstens { $most }.
policy-unreadable = Dit is geen geldige TOML: { $text }
policy-unknown-word = Dit woord kennen wij niet: { $text }
policy-ended = Deze regel liep tot { $until } en doet niets meer. Haal hem weg of geef hem een ander einde.
policy-never-matches = Deze regel doet nooit iets: { $before } gaat voor.
policy-keeps-everything = Dit houdt alles tegen wat niet onder een eerdere regel valt.
policy-suppresses-critical = Dit onderdrukt ook wat kritiek is.
policy-same-name = Een andere regel heeft dezelfde naam.
policy-no-contact = Geen contact heeft het adres "{ $address }".
policy-no-rule-in-force = Er geldt geen enkele regel. Alles wordt dan meteen gemeld.
policy-no-organisation = Er is geen organisatie "{ $code }".
policy-no-source = Er is geen bron "{ $code }". Ze staan bij Bronnen.
policy-no-calendar = Er is geen kalender "{ $name }".
policy-kind-unseen = Er kwam nog niets binnen van de soort "{ $kind }". Klopt de naam?
policy-empty = Vul "{ $key }" in.
policy-no-end = "until = { $written }" is geen dag. Schrijf 2027-01-31.
policy-no-closed-day = "closed": { $written } is geen dag. Schrijf 2026-12-24.
policy-suppress-without-end = Een regel die onderdrukt, heeft een einde nodig. Voeg toe: until = "2027-01-31".
policy-time-of-nothing = "at", "days" en "on" horen alleen bij daily en weekly.
policy-no-time = "{ $key } = { $written }" is geen tijd. Schrijf "09:00".
policy-no-days = "days = { $written }": gebruik every of working.
policy-no-weekday = "{ $written }" is geen dag van de week. Gebruik monday tot en met sunday.
policy-no-rhythm = Bij hourly hoort geen tijd, bij daily horen "at" en "days", bij weekly "on" en "at".
policy-no-action = "then = { $written }": gebruik at_once, hourly, daily, weekly, hold of suppress.
policy-no-role = "role = { $written }": bevindingen gaan naar findings, vcib of acib.
policy-nobody-in-role = "role" noemt niemand.
policy-no-calendar-name = Geef de kalender een eigen naam. "always" is dag en nacht.
policy-closes-first = De kalender sluit om { $until }, voordat hij om { $from } opengaat.
policy-no-holidays = "holidays = { $written }": gebruik office, legal of none.
policy-many-steps = Dit zijn { $count } stappen. Er gelden er hoogstens { $most }.
policy-no-turn = "to = { $written }": gebruik second_contact, partner of calling_list.
policy-no-term = "after = { $written }": schrijf "30 minutes", "4 hours" of "2 days", hoogstens twee jaar.
policy-out-of-range = "{ $written }": kies een getal van { $least } tot en met { $most }.
policy-no-start = "starts = { $written }": gebruik told of received.
policy-names-nothing = "{ $key }" noemt niets, dus past er niets. Laat het weg als het er niet toe doet.
policy-no-place = "{ $written }" is geen prefix, adres of domein.
policy-whose-preference = Een voorkeur is van een "organisation" of van een "contact". Schrijf een van de twee.
policy-contact-with-when = De voorkeur van een contact heeft geen "when": hij geldt voor alles wat kan wachten.
policy-no-address = "contact = { $written }" is geen mailadres.
policy-organisation-in-when = De organisatie staat naast "when", niet erin.
policy-not-for-recipients = Een ontvanger kan kiezen uit hourly, daily en weekly. De regels bepalen wat meteen of niet wordt gemeld.
policy-no-mode = "mode = { $written }": gebruik off, shadow, desk of live.
refused-no-template = Er is geen tekst { $name }.
refused-not-a-name = Een naam om mee in te loggen heeft geen spaties en is niet leeg: een korte naam, of een mailadres.
refused-no-role = Kies ten minste één rol.
refused-role-of-member = Dit is een rol van een aangesloten organisatie, niet van het team. Kies een rol van het team.
refused-role-of-desk = Dit is een rol van het team, niet van een aangesloten organisatie. Kies acib, vcib, viewer of member_administrator.
refused-name-of-desk = { $name } heet al iemand van het team. Kies een andere naam.
refused-name-taken = { $name } hoort al bij een andere organisatie. Kies een andere naam.
refused-nobody = Niemand logt in als { $name }.
refused-just-came = { $receipt } komt net binnen en is nog niet bekeken. Probeer het zo nog eens.
refused-put-aside = { $receipt } is al weggelegd.
refused-waits-no-more = { $receipt } wacht niet meer.
refused-nothing-waits = Er wacht geen { $receipt }.
refused-not-kept = De inhoud van { $receipt } wordt niet meer bewaard.
refused-no-mail = { $receipt } is geen mail.
refused-waits-already = { $receipt } wacht al op een mens.
refused-no-answer = Er is geen terugkoppeling A{ $answer }.
refused-answer-decided = Over terugkoppeling A{ $answer } is al beslist, of er valt niets te beslissen.
refused-answer-taken-back = Terugkoppeling A{ $answer } is al teruggenomen of geweigerd.
refused-answer-done = Het register is al veranderd door terugkoppeling A{ $answer }. Zet het daar recht.
refused-not-told = { $finding } is aan niemand gemeld, of niet aan deze organisatie.
refused-several-told = { $finding } is aan meer organisaties gemeld. Kies welke antwoordt.
refused-nothing-to-answer = Bericht N{ $number } meldt geen bevindingen waarop geantwoord kan worden, of de mail is een automatisch antwoord.
refused-no-notification = Er is geen bericht N{ $number } waarop geantwoord kan worden.
refused-no-message = Er is geen bericht { $message }.
refused-not-withheld = Bericht { $message } wordt niet tegengehouden.
refused-mailbox-well = Over { $address } is niets bekend.
refused-not-theirs = { $address } is geen contactpersoon van { $code }.
refused-nobody-chosen = Kies wie het krijgt.
refused-nothing-told = Van { $subject } is niets aan iemand gemeld.

export-list = Deze lijst als bestand:
