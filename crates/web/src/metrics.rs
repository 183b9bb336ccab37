//! `/metrics`, in the text format of OpenMetrics, which Prometheus reads. Names follow
//! <https://prometheus.io/docs/practices/naming/>: the unit last, then `_total` for what only grows (the encoder adds both).

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use axum::{
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, text},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge, info::Info},
    registry::{Registry, Unit},
};
use schakel_app::{handover::queues::Queue, polls::PollCount, serve::Counters};

use schakel_store::parcel_queues::Waiting;

use crate::server::Served;

/// As the OpenMetrics specification gives it.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `GET /metrics`.
pub async fn metrics(State(served): State<Served>) -> Response {
    let mut body = String::new();
    match text::encode(&mut body, &served.registry) {
        Ok(()) => ([(CONTENT_TYPE, OPEN_METRICS)], body).into_response(),
        Err(fmt::Error) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Everything that is shown.
pub fn registry(counters: Arc<Counters>, started_at: i64) -> Registry {
    let mut registry = Registry::default();
    let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("schakel_build", "The program that runs", version);
    registry.register_collector(Box::new(Running { counters, started_at }));
    registry
}

/// Reads the counters of the running server at each request.
struct Running {
    counters: Arc<Counters>,
    started_at: i64,
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("started_at", &self.started_at).finish_non_exhaustive()
    }
}

impl Collector for Running {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let Counters {
            reports,
            reports_failed,
            rows,
            rejected,
            events,
            findings_new,
            notifications,
            mails_accepted,
            mails_given_up,
            breaches_open,
            breaches_overdue,
            organisations_unreachable,
            feeds_alarmed,
            answers_waiting,
            mailboxes_unusable,
            parcels_late,
            mails_received,
            mails_fetched,
            mailbox_last_success_at,
            arrivals,
            held,
            polls,
            hubs,
            ready,
            last_round_at,
        } = &*self.counters;
        let plain = [
            ("schakel_reports", "Reports taken in", reports),
            ("schakel_reports_failed", "Files that could not be taken in, or only in part", reports_failed),
            ("schakel_mails_received", "Mails that a mail server handed over", mails_received),
            ("schakel_mails_fetched", "Mails fetched from a mailbox", mails_fetched),
            ("schakel_arrivals", "Reports that came through a door and were dealt with", arrivals),
            ("schakel_rows", "Rows read", rows),
            ("schakel_rows_rejected", "Rows that could not be read", rejected),
            ("schakel_events", "Rows that became events", events),
            ("schakel_findings_new", "Findings not known before", findings_new),
            ("schakel_notifications", "Notifications made", notifications),
        ];
        for (name, help, count) in plain {
            let counter = ConstCounter::new(count.load(Relaxed));
            counter.encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)?;
        }
        let mut mails = encoder.encode_descriptor(
            "schakel_mails",
            "Mails that are over and done with, by how they ended",
            None,
            MetricType::Counter,
        )?;
        for (state, count) in [("accepted", mails_accepted), ("given_up", mails_given_up)] {
            ConstCounter::new(count.load(Relaxed)).encode(mails.encode_family(&[("state", state)])?)?;
        }
        self.encode_polls(&mut encoder, &polls.all())?;
        encode_hubs(&mut encoder, &hubs.all())?;
        let count = |of: &AtomicU64| i64::try_from(of.load(Relaxed)).unwrap_or(i64::MAX);
        let gauges = [
            (
                "schakel_breaches_open",
                "Possible data breaches without a decision",
                None,
                count(breaches_open),
            ),
            (
                "schakel_breaches_overdue",
                "Possible data breaches past their 72 hours",
                None,
                count(breaches_overdue),
            ),
            (
                "schakel_mailbox_last_success_timestamp",
                "When the mailbox could last be looked at",
                Some(&Unit::Seconds),
                count(mailbox_last_success_at),
            ),
            (
                "schakel_feeds_alarmed",
                "Feeds that are late, silent, or not of their usual size or columns",
                None,
                count(feeds_alarmed),
            ),
            (
                "schakel_organisations_unreachable",
                "Organisations with assets that nobody can be told anything of",
                None,
                count(organisations_unreachable),
            ),
            ("schakel_answers_waiting", "Answers that wait for the desk", None, count(answers_waiting)),
            (
                "schakel_parcels_late",
                "Parcels for which no receipt came within the service level of their link",
                None,
                count(parcels_late),
            ),
            (
                "schakel_mailboxes_unusable",
                "Addresses that take no mail, or that somebody else may read",
                None,
                count(mailboxes_unusable),
            ),
            ("schakel_held", "Reports that wait for a person", None, count(held)),
            (
                "schakel_ready",
                "1 when reports are taken in, 0 while it starts or stops",
                None,
                i64::from(ready.load(Relaxed)),
            ),
            (
                "schakel_last_round_timestamp",
                "When the loop last went round",
                Some(&Unit::Seconds),
                seconds(last_round_at),
            ),
            ("process_start_time", "When the process started", Some(&Unit::Seconds), self.started_at),
        ];
        for (name, help, unit, value) in gauges {
            ConstGauge::new(value).encode(encoder.encode_descriptor(
                name,
                help,
                unit,
                MetricType::Gauge,
            )?)?;
        }
        Ok(())
    }
}

impl Running {
    fn encode_polls(
        &self,
        encoder: &mut DescriptorEncoder,
        polls: &BTreeMap<String, PollCount>,
    ) -> fmt::Result {
        let help = "When a server that reports are fetched from last answered well";
        let (seconds, gauge) = (Some(&Unit::Seconds), MetricType::Gauge);
        let mut succeeded =
            encoder.encode_descriptor("schakel_poll_last_success_timestamp", help, seconds, gauge)?;
        for (name, count) in polls {
            ConstGauge::new(count.succeeded_at)
                .encode(succeeded.encode_family(&[("poll", name.as_str())])?)?;
        }
        let help = "How often reports could not be fetched";
        let mut failures =
            encoder.encode_descriptor("schakel_poll_failures", help, None, MetricType::Counter)?;
        for (name, count) in polls {
            ConstCounter::new(count.failures).encode(failures.encode_family(&[("poll", name.as_str())])?)?;
        }
        Ok(())
    }
}

/// What waits for other hubs. When the oldest was made, rather than how old it is: that grows also when nobody looks.
fn encode_hubs(encoder: &mut DescriptorEncoder, queues: &[Queue]) -> fmt::Result {
    let mut waiting = encoder.encode_descriptor(
        "schakel_hub_parcels_waiting",
        "Parcels that wait to go to another hub, by class",
        None,
        MetricType::Gauge,
    )?;
    for queue in queues {
        for Waiting { class, count, .. } in &queue.waiting {
            let labels = [("hub", queue.hub.as_str()), ("class", class.as_str())];
            gauge(*count).encode(waiting.encode_family(&labels)?)?;
        }
    }
    let mut oldest = encoder.encode_descriptor(
        "schakel_hub_oldest_waiting_timestamp",
        "When the oldest parcel that waits was made, by class",
        Some(&Unit::Seconds),
        MetricType::Gauge,
    )?;
    for queue in queues {
        for Waiting { class, oldest_at, .. } in &queue.waiting {
            let Some(made_at) = oldest_at else { continue };
            let labels = [("hub", queue.hub.as_str()), ("class", class.as_str())];
            ConstGauge::new(*made_at).encode(oldest.encode_family(&labels)?)?;
        }
    }
    for (name, help, count) in [
        (
            "schakel_hub_parcels_without_receipt",
            "Parcels that another hub has, and has sent no receipt for",
            (|queue| queue.without_receipt) as fn(&Queue) -> u64,
        ),
        ("schakel_hub_parcels_withheld", "Parcels that are to be sealed and cannot be", |queue| {
            queue.withheld
        }),
    ] {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for queue in queues {
            gauge(count(queue)).encode(family.encode_family(&[("hub", queue.hub.as_str())])?)?;
        }
    }
    Ok(())
}

fn gauge(count: u64) -> ConstGauge<i64> {
    ConstGauge::new(i64::try_from(count).unwrap_or(i64::MAX))
}

fn seconds(at: &AtomicU64) -> i64 {
    i64::try_from(at.load(Relaxed)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use schakel_model::{
        answer::NotificationKind,
        hub::{
            Direction, FindingKeyOnLink, Link, LinkState, LinkTerms, OutgoingParcel, ParcelClass, ParcelId,
            Purpose, StatusLevel, Transport,
        },
        ids::{FindingId, LinkId, NotificationId, OrganisationId},
        language::Language,
        source::Source,
        tlp::Tlp,
    };
    use schakel_rules::confidential::Wish;
    use schakel_store::{
        Store,
        act::Act,
        data_dir::DataDir,
        handovers::NewHandover,
        hubs,
        outbox::{NewNotification, Notification},
        parcels_out,
    };

    use super::*;

    const ACT: Act<'static> = Act { at: 1_000, actor: "test", reason: "" };

    /// Hands over one parcel.
    fn hand_over(store: &mut Store, link: LinkId, number: u8, class: ParcelClass, created_at: i64) {
        let id = NotificationId(u32::from(number));
        let notification = Notification {
            id,
            epoch: 0,
            organisation: OrganisationId(1),
            language: Language::default(),
            created_at,
            tlp: Tlp::Amber,
            findings: 1,
            subject: String::new(),
            lead: id,
            kind: NotificationKind::Handover,
            thread: None,
            wish: Wish::ByMarking,
        };
        let parcel = OutgoingParcel {
            link,
            id: ParcelId([number; 16]),
            class,
            finding: FindingId(u32::from(number)),
            key: FindingKeyOnLink([number; 16]),
            revision: 1,
            notification: id,
            body: vec![1],
            created_at,
            withheld: None,
        };
        let notice =
            NewNotification { notification, messages: Vec::new(), blocks: Vec::new(), tells: Vec::new() };
        store.hand_over(vec![NewHandover { notice, parcels: vec![parcel] }], created_at).unwrap();
    }

    #[test]
    fn what_waits_for_each_hub_is_shown_by_class_with_since_when() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let link = Link {
            id: LinkId(0),
            peer: "cert.example".parse().unwrap(),
            url: String::new(),
            organisation: String::new(),
            state: LinkState::Active,
            terms: LinkTerms {
                direction: Direction::Out,
                transport: Transport::Push,
                tlp_max: Tlp::Amber,
                purposes: vec![Purpose::Notify],
                parcels_per_hour: 1_000,
                credit: 100,
                service_level_seconds: 900,
                status: StatusLevel::None,
                retention_days: 30,
            },
            created_at: ACT.at,
            ended_at: None,
        };
        let link = store.add_link(ACT, &link, &Source::new(&hubs::source_code(&link.peer))).unwrap();
        let (normal, critical) = (ParcelClass::Normal, ParcelClass::Critical);
        for (number, class, created_at) in
            [(1, normal, 1_010), (2, normal, 1_020), (3, critical, 1_030), (4, normal, 1_040)]
        {
            hand_over(&mut store, link, number, class, created_at);
        }
        store
            .write(|transaction| {
                let due = parcels_out::due(transaction, link, normal, 1_010, 1)?;
                parcels_out::sent(transaction, &due, 1_100)
            })
            .unwrap();
        let counters = Arc::new(Counters::default());
        let reader = store.reader().unwrap();
        counters.hubs.look(&reader, &reader.read(hubs::standing).unwrap()).unwrap();
        counters.parcels_late.store(7, Relaxed);
        let mut body = String::new();
        text::encode(&mut body, &registry(counters, 1)).unwrap();
        let of = |class: &str| format!("{{hub=\"cert.example\",class=\"{class}\"}}");
        let waiting = "schakel_hub_parcels_waiting";
        let oldest = "schakel_hub_oldest_waiting_timestamp_seconds";
        for line in [
            format!("{waiting}{} 1", of("critical")),
            format!("{waiting}{} 2", of("normal")),
            format!("{waiting}{} 0", of("bulk")),
            format!("{oldest}{} 1030", of("critical")),
            format!("{oldest}{} 1020", of("normal")),
            "schakel_hub_parcels_without_receipt{hub=\"cert.example\"} 1".to_owned(),
            "schakel_hub_parcels_withheld{hub=\"cert.example\"} 0".to_owned(),
            "schakel_parcels_late 7".to_owned(),
        ] {
            assert!(body.lines().any(|one| one == line), "{line}\n{body}");
        }
        assert!(!body.contains(&format!("{oldest}{}", of("bulk"))), "nothing of that class waits");
    }
}
