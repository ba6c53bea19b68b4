//! scratch
use local::{seam::Fault, *};
use shared::clock::Clock;
use shared::domain::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::*;
use std::time::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
async fn http(p: &Portal, head: &str, body: &str) -> String {
    let mut s = tokio::net::TcpStream::connect(p.url().trim_start_matches("http://")).await.unwrap();
    let r = format!("{head}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    s.write_all(r.as_bytes()).await.unwrap();
    let mut o = String::new();
    s.read_to_string(&mut o).await.unwrap();
    o
}
async fn ask(p: &Portal, who: &str) -> String {
    http(
        p,
        "POST /auth/request-login HTTP/1.1\r\nContent-Type: application/json\r\nx-local-source-ip: 203.0.113.9",
        &format!("{{\"email\":\"{who}\"}}"),
    )
    .await
}
fn first(s: &str) -> &str {
    s.lines().next().unwrap_or("")
}
#[tokio::main(flavor = "current_thread")]
async fn main() {
    logs::capture();
    for _ in 0..5 {
        let t = Instant::now();
        let p = Portal::start(Options::default()).await.unwrap();
        println!("start {:?}", t.elapsed());
        drop(p);
    }
    let time = Arc::new(AtomicU64::new(1_800_000_000_000));
    let c = time.clone();
    let clock = Clock::from_fn(move || Timestamp::from_millis(c.load(Ordering::SeqCst)));
    let o = Options {
        clock: Some(clock),
        frontend: Some("https://f.example.com".into()),
        trust_source_ip_header: true,
        ..Options::default()
    };
    let p = Portal::start(o.clone()).await.unwrap();
    for c in p.take_calls() {
        println!("{c:?}");
    }
    let t = Instant::now();
    println!("{}", first(&ask(&p, "ada@example.com").await));
    println!("ask {:?}", t.elapsed());
    p.mail_settled().await.unwrap();
    println!("settled {:?} mails {} {:?}", t.elapsed(), p.inbox().len(), p.delivered());
    for c in p.take_calls() {
        println!("{c:?}");
    }
    println!("ip in mail: {}", p.inbox()[0].text.contains("203.0.113.9"));
    // throttled
    println!("{}", ask(&p, "ada@example.com").await);
    // SES fails twice
    time.fetch_add(61_000, Ordering::SeqCst);
    p.set_fault(|a| {
        if a.service == "ses" && a.number <= 1 {
            Fault::Reply(429, "{\"__type\":\"TooManyRequestsException\",\"message\":\"x\"}".into())
        } else {
            Fault::None
        }
    });
    println!("{}", first(&ask(&p, "ada@example.com").await));
    let t = Instant::now();
    let s = tokio::time::timeout(Duration::from_secs(5), p.mail_settled()).await;
    println!("ses flaky: {s:?} {:?} mails {} {:?}", t.elapsed(), p.inbox().len(), p.delivered());
    for c in p.take_calls() {
        println!("{:?}", (c.function, c.operation, c.status, c.generation));
    }
    // LoseAnswer on ask; FailBefore on all
    time.fetch_add(61_000, Ordering::SeqCst);
    p.set_fault(|a| {
        if a.operation == "TransactWriteItems" && a.function == "request-login" && a.number == 1 {
            Fault::LoseAnswer
        } else {
            Fault::None
        }
    });
    println!("lost: {}", first(&ask(&p, "ada@example.com").await));
    for c in p.take_calls() {
        println!("{:?}", (c.function, c.operation, c.status, c.generation));
    }
    p.clear_fault();
    p.mail_settled().await.unwrap();
    println!("mails {}", p.inbox().len());
    time.fetch_add(61_000, Ordering::SeqCst);
    p.set_fault(|_| Fault::FailBefore);
    println!("down: {}", ask(&p, "ada@example.com").await);
    p.set_fault(|_| Fault::Delay(Duration::from_millis(1500)));
    let t = Instant::now();
    println!("slow: {} {:?}", first(&ask(&p, "ada@example.com").await), t.elapsed());
    for c in p.take_calls() {
        println!("{:?}", (c.function, c.operation, c.status, c.generation));
    }
    p.clear_fault();
    // age: mailer failing until too old
    time.fetch_add(61_000, Ordering::SeqCst);
    p.set_fault(|a| if a.function == "mailer" { Fault::FailBefore } else { Fault::None });
    println!("{}", first(&ask(&p, "ada@example.com").await));
    tokio::time::sleep(Duration::from_millis(500)).await;
    println!("{:?}", p.delivered());
    time.fetch_add(6 * 3_600_000 + 2000, Ordering::SeqCst);
    let s = tokio::time::timeout(Duration::from_secs(15), p.mail_settled()).await;
    println!("{s:?} {:?}", p.delivered());
    p.clear_fault();
    // CORS
    println!(
        "{}",
        http(
            &p,
            "OPTIONS /auth/me HTTP/1.1\r\nOrigin: https://f.example.com\r\nAccess-Control-Request-Method: GET",
            ""
        )
        .await
    );
    println!(
        "{}",
        http(
            &p,
            "OPTIONS /auth/me HTTP/1.1\r\nOrigin: https://evil.example.com\r\nAccess-Control-Request-Method: GET",
            ""
        )
        .await
    );
    println!("{}", http(&p, "GET /auth/me HTTP/1.1\r\nOrigin: https://f.example.com", "").await);
    println!("bad event: {:?}", p.invoke("mailer", serde_json::json!({"x": 1})).await);
    println!("{:?}", p.environment_of("mailer"));
    let d = p.dump().unwrap();
    println!("{:?} swept {:?}", d.iter().map(|(k, v)| (k.clone(), v.len())).collect::<Vec<_>>(), p.sweep_ttl());
    time.fetch_add(40 * 86_400_000, Ordering::SeqCst);
    println!(
        "swept {:?} {:?}",
        p.sweep_ttl(),
        p.dump().unwrap().iter().map(|(k, v)| (k.clone(), v.len())).collect::<Vec<_>>()
    );
    println!("{}", serde_json::to_string(&d["mail"][0]).unwrap());
    let url = p.url();
    let port: u16 = url.rsplit(':').next().unwrap().parse().unwrap();
    println!("busy: {}", Portal::start(Options { port: Some(port), ..Options::default() }).await.err().unwrap());
    let t = Instant::now();
    p.shutdown().await;
    println!("shutdown {:?}", t.elapsed());
    // data
    let dir = std::path::PathBuf::from("/tmp/local-data-test");
    for _ in 0..2 {
        let t = Instant::now();
        let p = Portal::start(Options {
            data: Some(dir.clone()),
            user: Some("x@example.com".into()),
            ..Options::default()
        })
        .await
        .unwrap();
        println!("start with data {:?}", t.elapsed());
        println!("{} {:?}", first(&ask(&p, "x@example.com").await), p.key_ring().map(|k| k.len()));
        p.mail_settled().await.unwrap();
        println!("mails {} {:?}", p.inbox().len(), p.delivered());
        p.shutdown().await;
    }
    for bad in [("LinkMinutes", "0"), ("OtherBrowser", "x"), ("Nope", "1"), ("Portal", "Bad Name")] {
        let e =
            Portal::start(Options { parameters: [(bad.0.to_owned(), bad.1.to_owned())].into(), ..Options::default() })
                .await
                .err();
        println!("{bad:?}: {}", e.map_or("started".into(), |e| e.to_string()));
    }
    println!("LOGS {}", logs::taken().lines().take(4).collect::<Vec<_>>().join("\n"));
}
