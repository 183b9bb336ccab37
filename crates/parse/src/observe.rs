//! The lean way through a row: only what attribution and the finding's key need, borrowed from the record.
//!
//! It gives the same values as the event of the row (a test compares them), but in our words: four severities,
//! `blocklist`, addresses that are real and in their simplest form.

use std::borrow::Cow;

use schakel_model::{
    classification::ClassificationType,
    observation::{Endpoint, Identity, Observation, ObservedAt, Polarity, Transport},
    reject::Reject,
    severity::Severity,
};

use crate::{
    address,
    convert::{self, Convert, Row},
    cut::{Dialect, Record},
    fields::{self, Fields},
    hostname, idf_field,
    layout::Layout,
    number, row, text, time,
};

/// Where in a record each part of an observation stands.
#[derive(Debug)]
pub(crate) struct Lean {
    time: Option<usize>,
    source: LeanEnd,
    target: LeanEnd,
    transport: Given<Transport>,
    classification: Given<ClassificationType>,
    identifier: Given<String>,
    malware: Option<Place>,
    family: Option<usize>,
    severity_column: Option<usize>,
    severity: Severity,
    identity: Identity,
    columns_wanted: usize,
}

/// Where one end of an event stands.
#[derive(Debug, Default)]
struct LeanEnd {
    ip: Option<usize>,
    port: Option<usize>,
    fqdn: Option<Place>,
    reverse_dns: Option<Place>,
    url: Option<UrlPlaces>,
    account: Option<Place>,
    asn: Option<usize>,
    country: Option<Place>,
}

/// A column, and whether its `0` and `unknown` say nothing.
#[derive(Clone, Copy, Debug)]
struct Place {
    column: usize,
    convert: Convert,
}

/// The same for all rows, or in a column.
#[derive(Debug)]
enum Given<T> {
    Constant(T),
    Column(Place),
    Nowhere,
}

/// The columns a URL is made of.
#[derive(Debug)]
struct UrlPlaces {
    url: Place,
    parts: [(&'static str, Option<usize>); 4],
}

impl Lean {
    pub(crate) fn of(layout: &Layout, severity: Severity, identity: Identity) -> Self {
        let place = |field: &str| {
            let filling = layout.fillings.iter().rfind(|filling| filling.field == field)?;
            Some(Place { column: filling.column, convert: filling.convert })
        };
        let column = |field: &str| place(field).map(|place| place.column);
        let end = |end: &str| LeanEnd {
            ip: column(&format!("{end}.ip")),
            port: column(&format!("{end}.port")),
            fqdn: place(&format!("{end}.fqdn")),
            reverse_dns: place(&format!("{end}.reverse_dns")),
            url: place(&format!("{end}.url")).map(|url| UrlPlaces {
                url,
                parts: ["http_host", "hostname", "ip", "application"].map(|name| (name, layout.column(name))),
            }),
            account: place(&format!("{end}.account")),
            asn: column(&format!("{end}.asn")),
            country: place(&format!("{end}.geolocation.cc")),
        };
        let mut lean = Self {
            time: column("time.source"),
            source: end("source"),
            target: end("destination"),
            transport: match layout.constant("protocol.transport") {
                Some(name) => Given::Constant(Transport::from_name(name)),
                None => place("protocol.transport").map_or(Given::Nowhere, Given::Column),
            },
            classification: match layout.constant("classification.type").map(str::parse) {
                Some(Ok(kind)) => Given::Constant(kind),
                _ => place("classification.type").map_or(Given::Nowhere, Given::Column),
            },
            identifier: match layout.constant("classification.identifier") {
                Some(identifier) => Given::Constant(identifier.to_lowercase()),
                None => place("classification.identifier").map_or(Given::Nowhere, Given::Column),
            },
            malware: place("malware.name"),
            family: layout.column("family").or_else(|| layout.column("infection")),
            severity_column: column("severity"),
            severity,
            identity,
            columns_wanted: 0,
        };
        lean.columns_wanted = lean.places().max().map_or(0, |last| last + 1);
        lean
    }

    /// How many columns from the left hold all that is wanted.
    pub(crate) fn columns_wanted(&self) -> usize {
        self.columns_wanted
    }

    /// Every column looked at.
    fn places(&self) -> impl Iterator<Item = usize> {
        let place = |place: Option<Place>| place.map(|place| place.column);
        let end = |end: &LeanEnd| {
            let url = end
                .url
                .iter()
                .flat_map(|url| url.parts.iter().filter_map(|(_, column)| *column).chain([url.url.column]));
            let parts = [
                end.ip,
                end.port,
                place(end.fqdn),
                place(end.reverse_dns),
                place(end.account),
                end.asn,
                place(end.country),
            ];
            parts.into_iter().flatten().chain(url).collect::<Vec<_>>()
        };
        let given = [self.transport.column(), self.classification.column(), self.identifier.column()];
        let single = [self.time, place(self.malware), self.family, self.severity_column];
        let ends = [end(&self.source), end(&self.target)];
        given.into_iter().chain(single).flatten().chain(ends.into_iter().flatten())
    }

    #[inline]
    pub(crate) fn observe<'a>(
        &'a self,
        record: Record<'a>,
        dialect: Dialect,
    ) -> Result<Observation<'a>, Reject> {
        let cells = Cells { record, dialect };
        let observed_at = self.time(&cells)?;
        let malware = self.malware.and_then(|place| malware_name(cells.said(place)));
        Ok(Observation {
            observed_at,
            source: self.source.read(&cells),
            target: self.target.read(&cells),
            transport: match &self.transport {
                Given::Constant(transport) => *transport,
                Given::Column(place) => transport(&cells.bytes(place.column)),
                Given::Nowhere => Transport::Unknown,
            },
            classification: match &self.classification {
                Given::Constant(kind) => *kind,
                Given::Column(place) => classification(place.convert, &cells.said(*place)),
                Given::Nowhere => ClassificationType::Undetermined,
            },
            identifier: match &self.identifier {
                Given::Constant(identifier) => Cow::Borrowed(identifier.as_str()),
                Given::Column(place) => identifier(place.convert, cells.said(*place)),
                Given::Nowhere => Cow::Borrowed(""),
            },
            malware: match (malware, self.family) {
                (Some(name), _) => name,
                (None, Some(column)) => lower(cells.said(Place { column, convert: Convert::Text })),
                (None, None) => Cow::Borrowed(""),
            },
            severity: self
                .severity_column
                .and_then(|column| severity(&cells.bytes(column)))
                .unwrap_or(self.severity),
            polarity: Polarity::Seen,
            identity: self.identity,
        })
    }

    #[inline]
    fn time(&self, cells: &Cells<'_>) -> Result<ObservedAt, Reject> {
        let bytes = self.time.map_or(Cow::Borrowed(&b""[..]), |column| cells.bytes(column));
        let seconds = match time::read_usual(&bytes) {
            Some(seconds) => seconds,
            None => row::read_time(&text::decode(&bytes))?.seconds,
        };
        row::check_time(seconds).map(ObservedAt)
    }
}

impl<T> Given<T> {
    fn column(&self) -> Option<usize> {
        match self {
            Self::Column(place) => Some(place.column),
            Self::Constant(_) | Self::Nowhere => None,
        }
    }
}

impl LeanEnd {
    #[inline]
    fn read<'a>(&self, cells: &Cells<'a>) -> Endpoint<'a> {
        Endpoint {
            ip: self.ip.and_then(|column| {
                let bytes = cells.bytes(column);
                address::real_address(&bytes)
                    .or_else(|| address::real_address(text::decode(&bytes).as_bytes()))
            }),
            port: self.port.map_or(0, |column| port(&cells.bytes(column))),
            fqdn: self.fqdn.map_or(Cow::Borrowed(""), |place| name(cells.said(place))),
            reverse_dns: self.reverse_dns.map_or(Cow::Borrowed(""), |place| name(cells.said(place))),
            url: self.url.as_ref().map_or(Cow::Borrowed(""), |url| url.read(cells)),
            account: self.account.map_or(Cow::Borrowed(""), |place| trimmed(cells.said(place))),
            asn: self.asn.map_or(0, |column| asn(&cells.bytes(column))),
            country: self.country.map_or([0; 2], |place| country(&cells.bytes(place.column))),
        }
    }
}

/// One record, and how to find its cells.
struct Cells<'a> {
    record: Record<'a>,
    dialect: Dialect,
}

impl<'a> Cells<'a> {
    /// The bytes of a cell without quotes; empty when the row ends before it.
    #[inline]
    fn bytes(&self, column: usize) -> Cow<'a, [u8]> {
        let raw = match self.record.noted_field(column) {
            Some(raw) => raw,
            None if self.record.all_fields_noted() => b"",
            None => Fields::of(self.record.raw(), self.dialect).nth(column).unwrap_or(b""),
        };
        fields::value(raw, self.dialect.quote)
    }

    #[inline]
    fn text(&self, column: usize) -> Cow<'a, str> {
        text::decode_cow(self.bytes(column))
    }

    /// The text of a cell; empty when it says nothing.
    #[inline]
    fn said(&self, place: Place) -> Cow<'a, str> {
        let text = self.text(place.column);
        let nothing = idf_field::says_nothing(&text)
            || (place.convert == Convert::Text && convert::says_nothing(&text));
        if nothing { Cow::Borrowed("") } else { text }
    }
}

impl UrlPlaces {
    fn read<'a>(&self, cells: &Cells<'a>) -> Cow<'a, str> {
        let given = cells.text(self.url.column);
        if given.is_empty() {
            return given;
        }
        let made = if self.url.convert == Convert::Url {
            let parts = self
                .parts
                .map(|(name, column)| (name, column.map_or(Cow::Borrowed(""), |column| cells.text(column))));
            Cow::Owned(convert::absolute_url(&given, &Parts(parts)))
        } else {
            given
        };
        through(made, |text| idf_field::url(text).map(Cow::Borrowed)).unwrap_or_default()
    }
}

/// The cells a URL is made of.
struct Parts<'a>([(&'static str, Cow<'a, str>); 4]);

impl Row for Parts<'_> {
    fn text(&self, column: &str) -> &str {
        self.0.iter().find(|(name, _)| *name == column).map_or("", |(_, text)| text)
    }
}

/// Runs a reading that borrows on text that may be our own.
#[inline]
fn through<'a>(
    text: Cow<'a, str>,
    read: impl for<'b> Fn(&'b str) -> Option<Cow<'b, str>>,
) -> Option<Cow<'a, str>> {
    match text {
        Cow::Borrowed(text) => read(text),
        Cow::Owned(text) => read(&text).map(|read| Cow::Owned(read.into_owned())),
    }
}

#[inline]
fn name(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.is_empty() {
        return text;
    }
    through(text, hostname::read).unwrap_or(Cow::Borrowed(""))
}

#[inline]
fn malware_name(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    through(text, idf_field::malware_name)
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    through(text, |text| Some(Cow::Borrowed(text.trim()))).unwrap_or_default()
}

fn lower(text: Cow<'_, str>) -> Cow<'_, str> {
    let lower = |text: &str| text.trim().to_lowercase();
    if text.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) {
        Cow::Owned(lower(&text))
    } else {
        trimmed(text)
    }
}

fn identifier(convert: Convert, text: Cow<'_, str>) -> Cow<'_, str> {
    match convert {
        Convert::WebshellIdentifier => Cow::Borrowed(convert::webshell_identifier(&text)),
        _ => lower(text),
    }
}

fn classification(convert: Convert, text: &str) -> ClassificationType {
    match convert {
        Convert::WebshellType if convert::is_webshell(text) => ClassificationType::SystemCompromise,
        Convert::WebshellType => ClassificationType::VulnerableSystem,
        _ => text.trim().parse().unwrap_or(ClassificationType::Undetermined),
    }
}

#[inline]
fn transport(bytes: &[u8]) -> Transport {
    match bytes {
        b"tcp" => Transport::Tcp,
        b"udp" => Transport::Udp,
        _ => {
            let text = text::decode(bytes);
            let text = text.trim();
            if idf_field::says_nothing(text) { Transport::Unknown } else { Transport::from_name(text) }
        }
    }
}

/// Our step for the row's own word; allocates nothing.
#[inline]
fn severity(word: &[u8]) -> Option<Severity> {
    let word = word.trim_ascii();
    let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    Severity::ALL
        .into_iter()
        .find(|severity| is(severity.as_str()))
        .or_else(|| (is("info") || is("none")).then_some(Severity::Low))
}

#[inline]
fn port(bytes: &[u8]) -> u16 {
    match number::port(bytes) {
        0 => number::whole(&text::decode(bytes)).and_then(|number| u16::try_from(number).ok()).unwrap_or(0),
        port => port,
    }
}

#[inline]
fn asn(bytes: &[u8]) -> u32 {
    match number::unsigned(bytes) {
        Some(number) => u32::try_from(number).unwrap_or(0),
        None => {
            number::whole(&text::decode(bytes)).and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
        }
    }
}

#[inline]
fn country(bytes: &[u8]) -> [u8; 2] {
    match bytes {
        [a, b] if a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric() => {
            [a.to_ascii_uppercase(), b.to_ascii_uppercase()]
        }
        [] => [0; 2],
        _ => idf_field::country(&text::decode(bytes)).unwrap_or([0; 2]),
    }
}
