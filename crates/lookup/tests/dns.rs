//! The resolver against a real name server, and against servers that misbehave.

#![allow(clippy::unwrap_used)]

use std::{
    io::{Read, Write},
    net::{SocketAddr, UdpSocket},
    thread,
    time::{Duration, Instant},
};

use schakel_formats::dns::ALIASES_MAX;
use schakel_lookup::dns::{DnsError, Resolver};
use schakel_testkit::{knot::Knot, ports};

const PATIENCE: Duration = Duration::from_secs(5);

fn resolver(server: SocketAddr) -> Resolver {
    Resolver::new(vec![server], PATIENCE)
}

fn zone() -> String {
    let mut zone = String::from(
        "_schakel-challenge TXT \"token-1\"\n\
         many TXT \"v=spf1 -all\"\nmany TXT \"first\" \"token-2\" \"last\"\nmany TXT \"tok\" \"en-3\"\n\
         alias CNAME target\ntarget TXT \"token-4\"\ntarget A 192.0.2.1\ntarget AAAA 2001:db8::1\n\
         out CNAME there.b.example.\n\
         round1 CNAME round2\nround2 CNAME round1\nself CNAME self\n\
         mapped AAAA ::ffff:127.0.0.1\n",
    );
    for step in 0..=ALIASES_MAX {
        zone += &format!("c{step} CNAME c{}\n", step + 1);
    }
    zone += &format!("c{} TXT \"far\"\n", ALIASES_MAX + 1);
    // About 12 kB and about 64 kB.
    for (name, records) in [("large", 45), ("huge", 240)] {
        for record in 0..records {
            zone += &format!("{name} TXT \"{record:03}{}\"\n", "x".repeat(250));
        }
    }
    zone
}

#[test]
fn a_real_name_server_is_read_as_it_answers() {
    let Some(knot) = Knot::start(&[
        ("a.example", &zone()),
        ("b.example", "there TXT \"token-5\"\n"),
        ("broken.example", ""),
    ]) else {
        return;
    };
    let resolver = resolver(knot.address());
    let txt = |name: &str| resolver.txt(name);

    assert_eq!(txt("_schakel-challenge.a.example").unwrap(), ["token-1"]);
    assert_eq!(txt("_Schakel-Challenge.A.Example.").unwrap(), ["token-1"]);
    let many = txt("many.a.example").unwrap();
    for token in ["token-2", "token-3", "firsttoken-2last", "v=spf1 -all"] {
        assert!(many.iter().any(|text| text == token), "{token}: {many:?}");
    }
    assert_eq!(txt("alias.a.example").unwrap(), ["token-4"]);
    assert_eq!(txt("out.a.example").unwrap(), ["token-5"]);
    assert_eq!(txt("ns.a.example").unwrap(), Vec::<String>::new(), "a name without TXT");
    assert_eq!(txt("large.a.example").unwrap().len(), 45, "over TCP");
    let addresses: Vec<String> =
        resolver.addresses("alias.a.example").unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["192.0.2.1", "2001:db8::1"]);

    assert!(matches!(txt("nobody.a.example"), Err(DnsError::NoSuchName(_))));
    assert!(matches!(txt("x.broken.example"), Err(DnsError::Failed { .. })), "SERVFAIL");
    assert!(matches!(txt("x.elsewhere.example"), Err(DnsError::Failed { .. })), "REFUSED");
    for name in ["round1.a.example", "self.a.example", "c0.a.example"] {
        assert!(matches!(txt(name), Err(DnsError::Aliases(_))), "{name}: {:?}", txt(name));
    }
    match txt("huge.a.example") {
        Err(DnsError::TooLarge { size, .. }) => assert!(size > 60_000, "{size}"),
        other => panic!("{other:?}"),
    }
    for name in ["a..example", &"x".repeat(64), &"x.".repeat(130)] {
        assert!(matches!(txt(name), Err(DnsError::Name(_))), "{name}");
    }
}

#[test]
fn the_names_of_an_address_are_read_within_the_limits() {
    let mut v4 = String::from(
        "1 PTR www.a.example.\n1 PTR mail.a.example.\n\
         2 CNAME 2.0-63\n2.0-63 PTR handed-over.a.example.\n\
         3 CNAME 4\n4 CNAME 3\n6 TXT \"no name\"\n",
    );
    // About 60 kB.
    for name in 0..800 {
        v4 += &format!("5 PTR n{name}-{}.a.example.\n", "x".repeat(50));
    }
    let v6 = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 PTR six.a.example.\n";
    let Some(knot) = Knot::start(&[("2.0.192.in-addr.arpa", &v4), ("8.b.d.0.1.0.0.2.ip6.arpa", v6)]) else {
        return;
    };
    let resolver = resolver(knot.address());
    let names = |address: &str| resolver.names(address.parse().unwrap());
    let mut both = names("192.0.2.1").unwrap();
    both.sort();
    assert_eq!(both, ["mail.a.example", "www.a.example"]);
    assert_eq!(names("192.0.2.2").unwrap(), ["handed-over.a.example"], "RFC 2317");
    assert_eq!(names("2001:db8::1").unwrap(), ["six.a.example"]);
    assert!(matches!(names("192.0.2.3"), Err(DnsError::Aliases(_))));
    match names("192.0.2.5") {
        Err(DnsError::TooLarge { size, .. }) => assert!(size > 50_000, "{size}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(names("192.0.2.6").unwrap(), Vec::<String>::new());
    assert!(matches!(names("192.0.2.9"), Err(DnsError::NoSuchName(_))));
}

#[test]
fn a_server_that_is_silent_is_left_and_the_next_one_asked() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let started = Instant::now();
    let alone = Resolver::new(vec![silent.local_addr().unwrap()], Duration::from_secs(1));
    assert!(matches!(alone.txt("a.example"), Err(DnsError::Timeout(_))));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());

    let Some(knot) = Knot::start(&[("a.example", "@ TXT \"here\"\n")]) else { return };
    let both = Resolver::new(vec![silent.local_addr().unwrap(), knot.address()], Duration::from_secs(10));
    assert_eq!(both.txt("a.example").unwrap(), ["here"]);
}

/// Answers every datagram with what `answer` makes of it.
fn fake(answer: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((size, from)) = socket.recv_from(&mut buffer) {
            for datagram in answer(&buffer[..size]) {
                let _ = socket.send_to(&datagram, from);
            }
        }
    });
    address
}

/// The question as an answer without records.
fn echoed(question: &[u8]) -> Vec<u8> {
    let mut answer = question.to_vec();
    answer[2] |= 0x80;
    answer
}

#[test]
fn an_answer_to_another_question_is_not_taken() {
    let server = fake(|question| {
        let mut wrong_id = echoed(question);
        wrong_id[0] ^= 0xff;
        let mut wrong_name = echoed(question);
        wrong_name[13] ^= 0x01;
        vec![wrong_id, wrong_name, vec![0; 3], Vec::new(), question.to_vec(), echoed(question)]
    });
    assert_eq!(resolver(server).txt("a.example").unwrap(), Vec::<String>::new());
    let only_wrong = fake(|question| {
        let mut wrong = echoed(question);
        wrong[0] ^= 0xff;
        vec![wrong]
    });
    let short = Resolver::new(vec![only_wrong], Duration::from_secs(1));
    assert!(matches!(short.txt("a.example"), Err(DnsError::Timeout(_))));
}

#[test]
fn a_server_that_drips_over_tcp_holds_nobody_up() {
    let (tcp, udp) = ports::both(ports::free_port().unwrap()).unwrap();
    let address = udp.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((size, from)) = udp.recv_from(&mut buffer) {
            let mut truncated = echoed(&buffer[..size]);
            truncated[2] |= 0x02;
            let _ = udp.send_to(&truncated, from);
        }
    });
    thread::spawn(move || {
        for mut stream in tcp.incoming().flatten() {
            thread::spawn(move || {
                let _ = stream.read(&mut [0; 100]);
                let _ = stream.write_all(&[0x10, 0]);
                while stream.write_all(&[0]).is_ok() {
                    thread::sleep(Duration::from_millis(200));
                }
            });
        }
    });
    let started = Instant::now();
    let resolver = Resolver::new(vec![address], Duration::from_secs(2));
    assert!(matches!(resolver.txt("a.example"), Err(DnsError::Timeout(_))));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}
