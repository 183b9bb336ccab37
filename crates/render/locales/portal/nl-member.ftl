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
own-number = { $number }
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
own-register-help = Hiermee bepalen wij of een bevinding van u is, en wie bericht krijgt. Klopt iets niet? Meld het.
own-contacts = Wie bericht krijgt
own-contacts-none = We hebben geen contactpersoon van u. U krijgt geen berichten.
own-contact-waits = Wijziging wacht op controle: { $role } { $name }.
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
