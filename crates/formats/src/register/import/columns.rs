//! What the columns of a spreadsheet are called, in Dutch and English, and the words that people write for roles.

use schakel_model::register::ContactRole;

macro_rules! fields {
    ($($(#[$doc:meta])* $field:ident $shown:literal: $($name:literal)*;)*) => {
        /// What a column of a spreadsheet says.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub(super) enum Field { $($(#[$doc])* $field,)* }

        impl Field {
            /// What it is called to a person: the first name in Dutch and in English.
            pub const SHOWN: &[&str] = &[$($shown,)*];

            /// Every name that is known.
            #[cfg(test)]
            const NAMES: &[&str] = &[$($($name,)*)*];

            /// The column with this name: case, spaces and punctuation do not matter.
            pub fn find(name: &str) -> Option<Self> {
                match plain(name).as_str() {
                    $($($name)|* => Some(Self::$field),)*
                    _ => None,
                }
            }
        }
    };
}

// Names as `plain` leaves them.
fields! {
    /// Code or name of the organisation.
    Organisation "gemeente, organisatie / organisation":
        "gemeente" "gemeentenaam" "naamgemeente" "organisatie" "organisatienaam" "naamorganisatie" "organisation"
        "organization" "organisationname" "municipality" "lid" "member" "eigenaar" "owner" "deelnemer";
    /// Its code.
    Code "gemeentecode / code":
        "code" "gemeentecode" "cbscode" "organisatiecode" "organisationcode" "cbsnummer" "gmcode";
    /// Its kind, or that of the asset.
    Kind "soort / kind":
        "soort" "kind" "type" "soortorganisatie" "organisatietype" "soortgegeven" "assetkind" "assettype";
    /// Addresses: prefixes, ranges, single ones.
    Network "IP-reeks, IP-adres, netwerk / prefix, IP address, network":
        "ipreeks" "ipreeksen" "ipadres" "ipadressen" "iprange" "ipranges" "ipaddress" "ipaddresses" "ip" "ips"
        "netwerk" "netwerken" "network" "networks" "prefix" "prefixes" "prefixen" "subnet" "subnets" "cidr" "ipblok"
        "ipblokken" "adresreeks" "ipv4" "ipv6" "ipv4adres" "ipv4adressen" "ipv6adres" "ipv6adressen" "ipv4reeks"
        "ipv4reeksen" "ipv6reeks" "ipv6reeksen" "publiekipadres" "publiekeipadressen" "externipadres"
        "externeipadressen" "externip" "publiekip" "netblock" "netblocks" "ipv4adresreeks" "ipv6adresreeks"
        "ipadresreeks" "ipadresreeksen" "address" "addresses";
    /// The first address of a range, the last stands in the next column.
    FirstAddress "eerste adres / first IP":
        "eersteadres" "eersteip" "firstip" "beginadres" "startip" "ipvan" "vanip" "startadres" "fromip";
    /// The last address of a range.
    LastAddress "laatste adres / last IP":
        "laatsteadres" "laatsteip" "lastip" "eindadres" "endip" "iptot" "totip" "iptm" "toip";
    /// A domain with everything below it.
    Domain "domein, domeinnaam / domain":
        "domein" "domeinen" "domeinnaam" "domeinnamen" "domain" "domains" "domainname" "domainnames" "hoofddomein"
        "maindomain" "internetdomein" "internetdomeinen";
    /// One name.
    Hostname "hostnaam / host name":
        "hostnaam" "hostname" "hostnames" "host" "hosts" "fqdn" "fqdns" "servernaam" "subdomein" "subdomeinen"
        "subdomain" "subdomains";
    /// A web site or page.
    Url "website, URL / website, URL":
        "website" "websites" "url" "urls" "webadres" "webadressen" "webapplicatie" "webapplicaties" "site" "sites"
        "internetadres" "internetadressen" "webpagina" "link";
    /// Accounts at this domain.
    MailDomain "e-maildomein / mail domain":
        "emaildomein" "emaildomeinen" "maildomein" "maildomeinen" "maildomain" "maildomains" "emaildomain"
        "emaildomains";
    /// An AS number.
    Asn "AS-nummer / AS number": "asnummer" "asnummers" "asn" "asnumber" "asnumbers" "autonomoussystem";
    /// A RIPE organisation handle.
    RipeHandle "RIPE-handle / RIPE handle":
        "ripehandle" "ripehandles" "ripeorg" "ripeorganisatie" "orgid" "ripe";
    /// A product in use.
    Product "product, software / product":
        "product" "producten" "products" "software" "applicatie" "applicaties" "application" "applications" "hardware";
    /// A value of which another column says the kind.
    Value "waarde / value": "waarde" "value" "asset" "gegeven";
    /// Role of a contact, or that of an organisation with an asset.
    Role "rol, functie / role":
        "rol" "rollen" "functie" "functies" "role" "roles" "function" "position" "contactrol" "contactrole" "jobtitle";
    /// Name of a contact.
    ContactName "contactpersoon, naam / contact, name":
        "contactpersoon" "contactpersonen" "contact" "contacts" "naam" "name" "naamcontactpersoon" "contactname"
        "contactperson" "volledigenaam" "fullname" "persoon" "medewerker";
    /// Given name of a contact.
    FirstName "voornaam / first name": "voornaam" "firstname" "givenname" "roepnaam";
    /// What stands before a family name.
    Infix "tussenvoegsel": "tussenvoegsel" "tussenvoegsels" "infix";
    /// Family name of a contact.
    LastName "achternaam / last name": "achternaam" "lastname" "surname" "familyname";
    /// Mail address of a contact.
    Email "e-mail / e-mail":
        "email" "emailadres" "emailadressen" "mail" "mailadres" "mailadressen" "emailaddress" "emailaddresses"
        "mailaddress" "emailcontactpersoon" "contactemail";
    /// Telephone number of a contact.
    Phone "telefoon / phone":
        "telefoon" "telefoonnummer" "telefoonnummers" "tel" "telnr" "telefoonnr" "phone" "phonenumber" "telephone"
        "mobiel" "mobielnummer" "mobiele" "mobile" "mobilephone" "06nummer" "gsm";
    /// Language of a contact.
    Language "taal / language": "taal" "language" "voertaal";
    /// The highest marking a contact may get.
    TlpMax "TLP": "tlp" "tlpmax" "maxtlp" "hoogstetlp";
    /// Place of a contact in its role.
    Order "volgorde / order": "volgorde" "order" "prioriteit" "priority";
    /// From when.
    From "van, vanaf / from":
        "van" "vanaf" "from" "validfrom" "geldigvan" "geldigvanaf" "ingangsdatum" "begindatum" "startdatum"
        "startdate" "start" "sinds" "since";
    /// Until when, that day not included.
    Until "tot / until": "tot" "until" "validuntil" "geldigtot" "to";
    /// Until when, that day included.
    Through "t/m, einddatum / through":
        "tm" "totenmet" "einddatum" "eind" "through" "enddate" "end" "geldigtm" "geldigtotenmet";
    /// How sure.
    Proof "bewijs / proof": "bewijs" "proof" "verificatie";
    /// What else holds.
    Flags "vlaggen / flags": "vlaggen" "flags" "kenmerken";
    /// A remark.
    Note "opmerking / note":
        "opmerking" "opmerkingen" "note" "notes" "remark" "remarks" "comment" "comments" "toelichting" "omschrijving"
        "description" "notitie" "notities" "bijzonderheden" "doel" "purpose";
}

/// A name without what people write differently: case, spaces, punctuation, what stands in brackets.
pub(super) fn plain(name: &str) -> String {
    let name = name.split(['(', '[']).next().unwrap_or_default();
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The roles that a text names: `CISO / ACIB`, `Functionaris gegevensbescherming`.
///
/// # Errors
/// The first word that names none.
pub(super) fn contact_roles(text: &str) -> Result<Vec<ContactRole>, String> {
    if let Some(role) = contact_role(text) {
        return Ok(vec![role]);
    }
    let mut roles = Vec::new();
    let words = text
        .split([',', ';', '/', '&', '+', '\n', '|'])
        .flat_map(|part| part.split(" en "))
        .flat_map(|part| part.split(" and "));
    for word in words.map(str::trim).filter(|word| !word.is_empty()) {
        let role = contact_role(word).ok_or_else(|| word.to_owned())?;
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    Ok(roles)
}

/// The role of an organisation with an asset, in the register's word; a word that is not known stays as it is.
pub(super) fn asset_role(text: &str) -> &str {
    match plain(text).as_str() {
        "eigenaar" | "houder" => "owner",
        "beheerder" | "beheer" => "operator",
        "leverancier" | "hostingpartij" | "hoster" | "hosting" => "supplier",
        _ => text,
    }
}

fn contact_role(text: &str) -> Option<ContactRole> {
    Some(match plain(text).as_str() {
        "acib"
        | "algemeencontactpersoon"
        | "algemenecontactpersoon"
        | "algemeencontact"
        | "generalcontact"
        | "algemenecontactpersooninformatiebeveiliging"
        | "algemeen" => ContactRole::Acib,
        "vcib"
        | "vertrouwdcontactpersoon"
        | "vertrouwdecontactpersoon"
        | "vertrouwdcontact"
        | "trustedcontact"
        | "vertrouwdecontactpersooninformatiebeveiliging"
        | "vertrouwd" => ContactRole::Vcib,
        "findings"
        | "bevindingen"
        | "meldingen"
        | "abuse"
        | "kwetsbaarheidswaarschuwingen"
        | "soc"
        | "csirt"
        | "cert" => ContactRole::Findings,
        "weekly" | "weekoverzicht" | "weekbericht" | "weeklyoverview" => ContactRole::Weekly,
        "ciso" | "chiefinformationsecurityofficer" | "informatiebeveiliging" => ContactRole::Ciso,
        "fg"
        | "functionarisgegevensbescherming"
        | "functionarisvoorgegevensbescherming"
        | "dpo"
        | "dataprotectionofficer" => ContactRole::Fg,
        "duty" | "247" | "24x7" | "24uur" | "piket" | "piketdienst" | "oncall" | "wacht"
        | "storingsdienst" => ContactRole::Duty,
        "communication" | "communicatie" | "communicatieadviseur" | "woordvoerder" | "persvoorlichting" => {
            ContactRole::Communication
        }
        "secretary" | "gemeentesecretaris" | "secretaris" | "municipalsecretary" => ContactRole::Secretary,
        "mayor" | "burgemeester" => ContactRole::Mayor,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_known_however_they_are_written() {
        for (name, field) in [
            ("IP-reeks", Some(Field::Network)),
            ("IP adressen (publiek)", Some(Field::Network)),
            ("Domeinnaam", Some(Field::Domain)),
            ("E-mail", Some(Field::Email)),
            ("e-maildomein", Some(Field::MailDomain)),
            ("Telefoonnummer:", Some(Field::Phone)),
            ("valid_from", Some(Field::From)),
            ("T/m", Some(Field::Through)),
            ("Overzicht IP-adressen", None),
            ("", None),
        ] {
            assert_eq!(Field::find(name), field, "{name}");
        }
    }

    #[test]
    fn every_name_is_one_that_can_be_met_and_stands_once() {
        let mut seen = std::collections::HashSet::new();
        for name in Field::NAMES {
            assert_eq!(plain(name), *name);
            assert!(seen.insert(name), "{name} stands twice");
        }
    }

    #[test]
    fn roles_are_known_by_their_words() {
        for (text, roles) in [
            ("CISO", Ok(vec![ContactRole::Ciso])),
            ("ACIB / ciso", Ok(vec![ContactRole::Acib, ContactRole::Ciso])),
            ("24/7", Ok(vec![ContactRole::Duty])),
            ("Functionaris Gegevensbescherming (FG)", Ok(vec![ContactRole::Fg])),
            ("burgemeester en gemeentesecretaris", Ok(vec![ContactRole::Mayor, ContactRole::Secretary])),
            ("VCIB, tuinman", Err("tuinman".to_owned())),
            ("", Ok(vec![])),
        ] {
            assert_eq!(contact_roles(text), roles, "{text}");
        }
    }
}
