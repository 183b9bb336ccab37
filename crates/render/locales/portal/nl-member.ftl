# De pagina's van een aangesloten organisatie.

own-front = Overzicht
own-others = Ook voor
own-attention = { $count ->
    [one] 1 bevinding vraagt uw aandacht
   *[other] { $count } bevindingen vragen uw aandacht
}
own-overdue = { $count ->
    [one] Van 1 is de termijn voorbij.
   *[other] Van { $count } is de termijn voorbij.
}
own-silent = { $count ->
    [one] Op 1 hebt u nog niet gereageerd.
   *[other] Op { $count } hebt u nog niet gereageerd.
}
own-all-answered = U hebt op alles gereageerd.
own-all-open = Alle { $count } open bevindingen
own-nothing = Er is nu niets dat uw aandacht vraagt
own-nothing-text = We hebben geen open bevindingen van uw organisatie die u mag zien. Zodra er iets is, krijgt u een mail.
own-late = Termijn was { $day }
own-before = Vóór { $day }
own-help = Hulp nodig?
own-help-text = { $sender } helpt u verder. Noem het nummer van de bevinding.
own-help-nobody = Beantwoord een van onze mails. { $sender } leest mee.
own-call = Bel
own-mail = Mail
own-confidential = { $count ->
    [one] Er wacht 1 vertrouwelijke bevinding.
   *[other] Er wachten { $count } vertrouwelijke bevindingen.
}
own-confidential-who = Alleen uw VCIB mag de inhoud zien: { $who }. Vraag of die ervan weet.
own-confidential-nobody = Alleen een VCIB mag de inhoud zien.
own-sent = Wat we u stuurden
own-sent-last = Laatst gestuurd
own-sent-all = Alles wat we u stuurden
own-sent-help = Hier staat elk bericht. Mist u een bericht in uw mail? Controleer uw ongewenste mail en neem contact met ons op.
own-sent-what = Soort
own-sent-confidential = Vertrouwelijk, alleen voor uw VCIB
own-sent-findings = bevindingen
own-sent-reminder = herinnering
own-sent-escalation = escalatie
own-sent-overview = weekoverzicht
own-sent-campaign = actie
own-sent-safety_net = vangnet
own-sent-handover = overdracht
own-sent-letter = brief
own-number = nr. { $number }
own-what = Adres, naam of soort
own-where = Waar
own-problem = Wat er is
own-deadline = Termijn
own-state = Uw reactie
own-count = { $count ->
    [one] 1 bevinding.
   *[other] { $count } bevindingen.
}
own-csv = Downloaden als CSV
own-more = Meer
own-todo = Wat u moet doen
own-about = Wat dit is
own-details = Details
own-because = Van u vanwege
own-cves = Kwetsbaarheden
own-history = Wat er gebeurde
own-answered = U antwoordde: { $what }
own-state-now = Hoe het ervoor staat
own-is-closed = Deze bevinding is gesloten.
own-standing-proposed = wij beoordelen dit
own-standing-refused = telt niet
own-standing-taken = telt
place-address = IP-adres
place-port = Poort
place-name = Naam
place-reverse = Naam in DNS
place-url = URL
place-account = Account
place-asn = AS-nummer
place-protocol = Protocol
place-malware = Malware
place-tags = Kenmerken
place-seen = Voor het eerst gezien
own-message = Bericht
own-message-to = Naar wie
own-message-nobody = Dit bericht ging naar niemand.
own-message-findings = Bevindingen in dit bericht
own-message-none = Dit bericht noemt geen bevindingen die u mag zien.
own-message-answers = Antwoorden
own-delivery-waiting = wacht op verzending
own-delivery-unknown = onderweg
own-delivery-accepted = bezorgd
own-delivery-given_up = niet bezorgd
own-delivery-withheld = tegengehouden
own-weekly = Weekoverzicht
own-weekly-from = Van { $since } tot { $until }.
own-week-before = Vorige week
own-week-after = Volgende week
own-weekly-sent = Gestuurd
own-weekly-nothing = In deze week is niets gestuurd.
own-weekly-not-told = Niet gemeld, en waarom
own-weekly-new = ({ $count } nieuw)
own-weekly-open = Nu open
own-how-many = Aantal
own-without-answer = Zonder reactie
own-oldest = Oudste
own-days = { $count ->
    [one] 1 dag
   *[other] { $count } dagen
}
own-register = Uw gegevens
own-register-help = Hiermee bepalen wij of een bevinding van u is, en wie bericht krijgt. Houd dit bij: dan komt elk bericht goed aan.
own-contacts = Wie bericht krijgt
own-contacts-none = We hebben geen contactpersoon van u. U krijgt geen berichten.
own-contact-waits = Wijziging wacht op controle: { $role } { $name },
own-assets-none = We weten niet welke IP-adressen, domeinen en URL's van u zijn. Bevindingen komen niet bij u aan.
own-claims = Opgegeven, nog niet bewezen
own-claim-state = Status
own-claim-open = wacht op bewijs
own-claim-lapsed = bewijs verlopen
own-claim-proven = bewezen
own-claim-refused = afgewezen
own-claim-withdrawn = ingetrokken
own-answer = Wat is er gedaan?
own-answer-busy = Wij zijn ermee bezig
own-answer-fixed = Het is opgelost
own-answer-else = Iets anders zeggen
own-answer-what = Uw reactie
own-answer-until = Tot en met welke dag
own-answer-until-help = Nodig als u een risico accepteert. Anders mag het leeg blijven.
own-answer-text = Toelichting
own-answer-text-help = Nodig bij een onterechte melding, een geaccepteerd risico of een vraag.
own-answer-supplier = Naar welke leverancier
own-answer-decided-by = Wie het risico accepteert
own-answer-send = Versturen
own-answer-undo = Terugnemen
own-say-received = We hebben het ontvangen
own-say-in_progress = We zijn ermee bezig
own-say-passed_on = Onze leverancier lost het op
own-say-fixed = Het is opgelost
own-say-not_ours = Dit is niet van ons
own-say-false_positive = De melding klopt niet
own-say-risk_accepted = We accepteren het risico
own-say-question = We hebben een vraag
done-answered = Dank u. Uw reactie telt.
done-answer-proposed = Dank u. Wij kijken naar uw reactie voordat die telt.

# Andere manieren om in te loggen
passkey-help = Hebt u een passkey op dit apparaat of op uw telefoon?
passkey-sign-in = Inloggen met een passkey
passkey-failed-title = Inloggen met een passkey lukt niet
passkey-failed = Probeer het nog eens, of log in met uw wachtwoord en code.
passkey-not-added = De passkey is niet toegevoegd. Probeer het nog eens op dit apparaat.
passkeys-title = Passkeys
passkeys-help = Met een passkey logt u in met uw vinger, gezicht of pincode. U hebt dan geen wachtwoord en code nodig.
passkey-name = Naam, bijvoorbeeld "mijn telefoon"
passkey-add = Passkey toevoegen
passkey-remove = Verwijderen
passkey-used = laatst gebruikt { $at }
done-passkey-added = De passkey is toegevoegd.
done-passkey-removed = De passkey is verwijderd.
provider-help = Of log in via uw organisatie:
provider-invited = Logt u in via uw organisatie? Koppel dan die aan uw account. U hebt dan geen wachtwoord en app nodig.
provider-title = U logt ook in via
provider-failed-title = Inloggen via uw organisatie lukt niet
provider-failed = Het inloggen is afgebroken. Probeer het nog eens. Blijft het misgaan, vraag dan de beheerder.
provider-away = Uw organisatie kan nu niet zeggen wie u bent. Probeer het over een paar minuten, of log in met uw wachtwoord.
provider-unknown = U bent daar bekend, maar hebt hier geen account dat ermee is gekoppeld. Vraag de beheerder om een uitnodiging en kies daar uw organisatie.
provider-gone = De uitnodiging is gebruikt of te oud, of deze inlog hoort al bij iemand anders. Vraag de beheerder om een nieuwe uitnodiging.
provider-no-second-factor = U hebt daar geen tweede factor laten zien, zoals een code of een sleutel. Zet die aan bij uw organisatie en probeer het opnieuw.
recovery-title = Herstelcodes
recovery-help = Bent u uw telefoon kwijt? Met een herstelcode in plaats van de code uit de app logt u toch in. Elke code werkt één keer.
recovery-left = { $count ->
    [0] U hebt er geen.
    [one] U hebt er nog 1.
   *[other] U hebt er nog { $count }.
}
recovery-make = Nieuwe codes maken
recovery-new = Bewaar deze codes op papier of in een wachtwoordkluis. U ziet ze alleen nu. Eerdere codes werken niet meer.
password-breached = Dit wachtwoord staat in een lijst van gelekte wachtwoorden. Kies een ander.
own-closed = Dagen waarop u gesloten bent
own-closed-help = Op deze dagen wachten wij langer op uw antwoord voordat wij iemand anders vragen. Voor wat kritiek is geldt dat niet. Feestdagen weten wij al.
own-closed-none = U hebt geen dagen opgegeven.
own-closed-open = Toch open
own-closed-from = Gesloten op, of vanaf
own-closed-until = Tot en met (mag leeg zijn)

# Wat van hen is, en hoe dat blijkt
own-assets = Wat van u is
own-asset-role = Uw rol
own-proof = Hoe wij dat weten
own-change = Wijzigen
own-cancel = Annuleren
own-claim-add = Iets van u opgeven
own-claim-add-help = Noem een domein, IP-adres of ander onderdeel van uw organisatie. Wordt daar een probleem gezien, dan krijgt u bericht. Daarna laat u zien dat het van u is.
own-claim-kind = Wat wilt u opgeven?
own-kind-domain = Domein, met alles eronder (voorbeeldstad.nl)
own-kind-hostname = Eén hostnaam (mail.voorbeeldstad.nl)
own-kind-prefix = Reeks IP-adressen (192.0.2.0/24 of 192.0.2.10-192.0.2.20)
own-kind-address = Eén IP-adres (192.0.2.7)
own-kind-url = Deel van een website (https://www.voorbeeldstad.nl/loket)
own-kind-mail_domain = Maildomein (wat achter de @ staat)
own-kind-asn = AS-nummer (64496)
own-kind-ripe_handle = RIPE-handle (ORG-VB1-RIPE)
own-claim-value = Welke?
own-claim-value-help = Schrijf het zoals in het voorbeeld hierboven.
own-claim-role = Wat hebt u ermee te maken?
own-as-owner = Het is van ons
own-as-operator = Wij beheren het voor een ander
own-as-supplier = Wij leveren het aan een ander
own-role-owner = eigenaar
own-role-operator = beheerder
own-role-supplier = leverancier
own-role-monitor = volger
own-claim-note = Opmerking (mag leeg zijn)
own-claim-next = Opgeven
own-claim-since = Opgegeven op { $day }
own-proof-asserted = opgegeven, niet bewezen
own-proof-desk = door ons nagekeken
own-proof-mail = code per mail
own-proof-dns = record in de DNS
own-proof-file = bestand op de website
own-proof-rdap = register van IP-adressen
own-claim-disputed-short = een ander geeft dit ook op; wij zoeken het uit
own-claim-disputed = Een andere organisatie geeft dit ook op.
own-claim-disputed-text = { $sender } zoekt uit van wie het is, en neemt zo nodig contact met u op.
own-claim-disputed-prove = U helpt ons door nu te laten zien dat het van u is.
own-claim-is-proven = U hebt laten zien dat dit van u is: { $how }.
own-claim-until = Dat telt tot { $day }. Laat het record of bestand staan: wij kijken elke dag.
own-claim-failing = Sinds { $day } vinden wij het bewijs niet meer. Zet het terug, anders telt het straks niet meer.
own-claim-lapsed-text = Het bewijs telt niet meer.
own-claim-prove-again = U krijgt nog wel bericht. Geeft een ander dit ook op, dan gaat die voor. Bewijs het opnieuw.
own-claim-open-text = Dit is nog niet bewezen.
own-claim-open-counts = U krijgt er al wel bericht over.
own-claim-open-not = U krijgt er pas bericht over als u laat zien dat het van u is.
own-prove = Laat zien dat het van u is
own-prove-one = Kies één van deze manieren. Weet u niet hoe, stuur deze pagina dan naar uw ICT-afdeling of leverancier.
own-prove-dns = Met een record in de DNS
own-prove-dns-text = Voeg dit record toe bij de beheerder van uw domein. Het kan een uur duren voordat wij het zien.
own-dns-name = Naam
own-dns-type = Soort
own-dns-value = Waarde
own-check-dns = Nu kijken in de DNS
own-prove-file = Met een bestand op de website
own-prove-file-text = Zet een tekstbestand op dit adres, met alleen deze tekst erin.
own-file-where = Adres
own-file-what = Tekst
own-check-file = Nu kijken op de website
own-prove-mail = Met een code per mail
own-prove-mail-text = Wij sturen een code naar een vast adres van het domein. Wie die mail leest, geeft u de code.
own-mailbox = Adres
own-code-send = Code sturen
own-code-send-again = Nieuwe code sturen
own-code-sent = Er is een code gestuurd naar { $address }.
own-code-until = De code werkt tot { $at }. U kunt nog { $count ->
    [one] 1 keer
   *[other] { $count } keer
} proberen.
own-code = Code uit de mail
own-code-check = Code controleren
own-prove-rdap = Met het register van IP-adressen
own-prove-rdap-text = Staat in het register (RIPE) de naam "{ $name }", of een RIPE-handle die al van u is bewezen? Dan hoeft u niets te doen.
own-check-rdap = Nu kijken in het register
own-prove-desk = Lukt het niet?
own-prove-desk-text = Neem contact op met { $sender }. Wij kunnen het ook zelf nakijken.
own-tried = Wat er is geprobeerd
own-tried-nothing = Nog niets.
own-tried-dns = DNS
own-tried-file = website
own-tried-mail = code per mail
own-tried-rdap = register van IP-adressen
own-tried-desk = door ons nagekeken
own-found = gevonden
own-not-found = niet gevonden
own-claim-take-back = Opgave intrekken
own-claim-take-back-text = Is het niet van u, of was het een vergissing? Trek de opgave dan in. U kunt het later opnieuw opgeven.
own-wrong-value = Dit herkennen wij niet. Kijk naar het voorbeeld bij de soort die u koos.
own-wrong-wide = Dit is te veel in één keer. Geef het op in kleinere delen.
own-wrong-same = Dit hebt u al opgegeven. Het staat bij uw gegevens.
own-wrong-many-claims = Er wachten al veel opgaven op bewijs. Bewijs die eerst, of neem contact met ons op.
own-wrong-means = Er is niets veranderd: dit kan zo niet (meer) voor deze opgave.
own-wrong-codes = Er zijn vandaag al drie codes gestuurd. Probeer het morgen weer, of kies een andere manier.
own-wrong-no-code = Deze code telt niet meer. Vraag een nieuwe.
done-claim-entered = { $count ->
    [one] Opgegeven. Laat nu zien dat het van u is.
   *[other] { $count } opgaven vastgelegd. Laat nu van elk zien dat het van u is.
}
done-claim-disputed = Opgegeven. Een andere organisatie geeft dit ook op. Wij zoeken het uit; laat intussen zien dat het van u is.
done-claim-proven = Gevonden. Het is bewezen: vanaf nu krijgt u hier bericht over.
done-claim-proven-disputed = Gevonden. Een andere organisatie geeft dit ook op. Wij zoeken het uit en laten het u weten.
done-claim-not-proven = Nog niet gevonden. Zie hieronder wat wij vonden. Net aangepast? Probeer het over een uur opnieuw.
done-claim-taken-back = De opgave is ingetrokken.
done-code-sent = De code is onderweg. Vul hem hieronder in.
done-code-wrong = Deze code klopt niet. Kijk goed in de mail en probeer het opnieuw.

# Wie bericht krijgt
own-contact-add = Iemand toevoegen
own-contact-for = Waarvoor
own-contact-acib = Algemene contactpersoon (ACIB)
own-contact-vcib = Vertrouwde contactpersoon (VCIB)
own-contact-findings = Bevindingen ontvangen
own-contact-weekly = Weekoverzicht ontvangen
own-contact-ciso = CISO
own-contact-fg = Functionaris gegevensbescherming (FG)
own-contact-duty = Dag en nacht te bellen
own-contact-communication = Communicatie
own-contact-secretary = Gemeentesecretaris
own-contact-mayor = Burgemeester
own-contact-language = Taal van de berichten
own-contact-waits-why = Wij bellen eerst terug op een nummer dat wij al kenden. Tot dan blijft alles zoals het is.
own-contact-vcib-help = Dit is uw vertrouwde contactpersoon. Verandert u het mailadres of telefoonnummer, dan bellen wij eerst terug op een nummer dat wij al kenden. Tot dan blijft alles zoals het is.
own-contact-right = Klopt dit nog?
own-contact-right-text = Zegt u dat het klopt, dan vragen wij het u voorlopig niet per mail.
own-contact-right-do = Ja, dit klopt
own-contact-gone = Werkt deze persoon hier niet meer?
own-contact-gone-text = Dan krijgt deze persoon meteen geen berichten meer. Wat nog niet was gestuurd, gaat naar de anderen.
own-contact-remove = Verwijderen
own-wrong-contact-name = Voor deze rol is een naam nodig.
own-wrong-contact-email = Voor deze rol is een mailadres nodig.
own-wrong-contact-phone = Voor deze rol is een telefoonnummer nodig.
own-wrong-address = Dit is geen mailadres.
own-wrong-first-vcib = De eerste vertrouwde contactpersoon wijst u aan met een formulier. Neem contact met ons op.
own-wrong-vcib = Een vertrouwde contactpersoon verwijdert zichzelf, of wij doen dat. Bel ons.
own-wrong-last = Dit is de laatste die berichten kan krijgen. Voeg eerst iemand anders toe.
done-own-contact-waits = Wij hebben uw verzoek. Voordat het telt, bellen wij terug op een nummer dat wij al kenden.
done-own-contact-left = Deze persoon krijgt geen berichten meer.

# Wie inlogt
own-people = Wie kan inloggen
own-people-help = Deze mensen van uw organisatie kunnen hier inloggen. Wie nooit inlogt, mist niets: alles komt ook per mail.
own-people-nobody = Niemand van deze organisatie kan nu anderen uitnodigen of weren.
own-people-you = dat bent u
own-people-invite = Iemand uitnodigen
own-people-invite-do = Link maken
own-people-invite-help = U krijgt een link. Geef die aan deze persoon. De link werkt één keer, binnen 72 uur.
own-people-name = Gebruikersnaam
own-people-name-help = Neem het mailadres van deze persoon.
own-people-role = Wat mag deze persoon?
own-can-acib = Reageren en wijzigen (ACIB)
own-can-viewer = Alleen kijken
own-is-acib = reageert en wijzigt (ACIB)
own-is-vcib = ziet ook wat vertrouwelijk is (VCIB)
own-is-viewer = kijkt
own-is-member_administrator = beheerder
own-people-invited = Uitgenodigd. De link werkt tot { $at }.
own-people-invitation-over = Uitgenodigd, maar de link werkt niet meer. Maak een nieuwe.
own-people-shut-out = kan niet inloggen sinds { $day }
own-people-signed-in = Ingelogd, laatst gebruikt { $at }
own-people-end = Uitloggen
own-people-invite-again = Nieuwe link maken
own-people-invite-again-text = Voor wie wachtwoord of telefoon kwijt is, of weer mag inloggen. Wat deze persoon had om in te loggen, werkt niet meer zodra de link is gebruikt.
own-people-shut-out-do = Niet meer laten inloggen
own-people-shut-out-text = Bijvoorbeeld als iemand weggaat. Dit geldt meteen. Berichten per mail verandert u bij "Uw gegevens".
own-administration-add = Ook beheerder maken
own-administration-add-text = { $name } kan dan ook anderen uitnodigen en weren.
own-administration-hand_over = Mijn beheer overdragen
own-administration-hand_over-text = { $name } wordt beheerder in uw plaats. U bent het dan niet meer.
own-administration-lay_down = Stoppen als beheerder
own-administration-lay_down-text = De andere beheerder blijft over. U kunt dit zelf niet terugdraaien.
own-people-rules = Goed om te weten
own-people-rule-administrators = { $count ->
    [one] Er is 1 beheerder.
   *[other] Er zijn hoogstens { $count } beheerders, en altijd minstens 1.
}
own-people-rule-vcib = Wie vertrouwelijke bevindingen mag zien (VCIB), bepaalt u samen met { $sender }. Dat kan hier niet.
own-people-rule-mail = Wie hier kan inloggen, krijgt daarmee nog geen mail. Wie mail krijgt, staat bij "Uw gegevens".
own-wrong-yourself = Dit kunt u niet voor uzelf doen.
own-wrong-people-vcib = Dit gaat over een vertrouwde contactpersoon (VCIB). Neem contact met ons op.
own-wrong-their-administrator = Over beheerders beslist de organisatie zelf.
own-wrong-administrators = Er zijn al twee beheerders.
own-wrong-last-administrator = Er moet een beheerder overblijven. Maak eerst iemand anders beheerder.
own-wrong-not-ready = Deze persoon heeft nog niet ingelogd. Dat moet eerst.
own-wrong-name = Deze gebruikersnaam kan niet. Neem een mailadres, of een andere naam zonder spaties.
own-wrong-many-people = Er kunnen niet meer mensen bij. Neem contact met ons op.
done-role-given = Opgeslagen. Het geldt vanaf nu.
done-administrator-added = Deze persoon is nu ook beheerder.
done-administration-handed-over = Het beheer is overgedragen.
done-administration-laid-down = U bent geen beheerder meer.
own-sent-reply = antwoord

# Iets van hen wijzigen of opgeven
own-asset-proof = Bekijk het bewijs
own-asset-change = Klopt er iets niet?
own-asset-change-what = Wat moet er anders?
own-asset-change-ask = Vraag om wijziging
own-asset-give-up = Is dit niet meer van u?
own-asset-give-up-text = Wij kijken het eerst na. Daarna krijgt u hier geen bericht meer over.
own-asset-give-up-why = Waarom, of van wie is het nu? (mag leeg zijn)
own-asset-give-up-ask = Dit is niet meer van ons
own-asked-give_up = Niet meer van u: wij kijken dit na.
own-asked-change = Wijziging gevraagd: wij kijken dit na.
own-asked-text = Gevraagd op { $day }. Tot dan blijft alles zoals het is.
own-wrong-asked = Hierover hebt u al iets gevraagd. Wij kijken ernaar.
done-asset-asked = Wij hebben uw verzoek en kijken ernaar. Tot dan blijft alles zoals het is.

# Kort geleden ingelogd
recent-title = Log opnieuw in
recent = Voordat u verandert hoe u inlogt, logt u opnieuw in. Zo kan niemand dat doen op een scherm dat u open liet staan.
recent-help = Wilt u veranderen hoe u inlogt? Log dan eerst opnieuw in.
recent-do = Opnieuw inloggen

# Wachtwoord en app
password-and-app = Wachtwoord en app
password-change = Wachtwoord veranderen
password-present = Huidig wachtwoord
password-present-wrong = Het huidige wachtwoord klopt niet. Na een paar foute pogingen moet u even wachten: een minuut of langer.
app-change = Andere app koppelen
app-change-help = De app die u nu hebt, blijft werken tot u hier een code uit de nieuwe app typt.
renewal-help = U logt in met een wachtwoord en een code uit een app.
renewal-none = U hebt hier geen wachtwoord. Met een wachtwoord en een app komt u ook binnen als inloggen via uw organisatie niet lukt.
renewal-set = Wachtwoord en app instellen
renewal-ends = Daarna bent u overal uitgelogd, behalve hier.
done-password-changed = Uw wachtwoord is veranderd. U bent overal uitgelogd, behalve hier.
done-app-changed = De nieuwe app is gekoppeld. U bent overal uitgelogd, behalve hier.
