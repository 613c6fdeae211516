//! Who may act, and what comes of it: an event in the inbox, nothing else.

use crate::world::{CANARY, World, package};
use axum::http::{StatusCode, header};
use serde_json::{Value, json};

pub const ORIGIN: &str = "http://127.0.0.1:8080";
const ASK: &str = "/pipelines/shop/environments/qa/ask";

fn hold() -> Value {
    json!({"hodman": "command", "by": "ann", "ask": "hold", "env": "qa", "reason": "audit"})
}

/// Shows the token to the page; the answer is the cookie and the word for forms.
pub async fn enter(world: &World) -> (String, String) {
    let answer = world.get(&format!("/enter?token={CANARY}")).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/")
    );
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.contains("HttpOnly")
            && cookie.contains("SameSite=Strict")
            && !cookie.contains(CANARY),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let page = world
        .send("GET", "/", &[("cookie", &cookie)], "")
        .await
        .text;
    assert!(!page.contains(CANARY));
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").expect("forms");
    (cookie, rest.split('"').next().unwrap().to_owned())
}

#[tokio::test]
async fn a_command_enters_the_inbox() {
    let world = World::local().await;
    let answer = world.post("/api/commands", CANARY, &hold()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    let asked = world.asked().await;
    assert_eq!(asked.len(), 1);
    assert_eq!(
        (
            asked[0].0.as_str(),
            &asked[0].1["pipeline"],
            &asked[0].1["by"]
        ),
        ("hold", &json!("shop"), &json!("ann"))
    );
    let event = world
        .get(&format!("/api/events/{}", answer.json()["seq"]))
        .await
        .json();
    assert_eq!(
        (&event["state"], &event["source"]),
        (&json!("pending"), &json!("command"))
    );
    assert_eq!(event["normalised"]["kind"], "command");
}

#[tokio::test]
async fn the_same_request_twice_is_one_event() {
    let world = World::local().await;
    let mut request = hold();
    request["id"] = json!("r-1");
    let first = world.post("/api/commands", CANARY, &request).await.json();
    assert_eq!(
        world.post("/api/commands", CANARY, &request).await.json(),
        first
    );
    assert_eq!(world.asked().await.len(), 1);
}

#[tokio::test]
async fn without_the_token_nothing_is_done() {
    let world = World::local().await;
    for token in ["", "wrong", &CANARY[1..], &format!("{CANARY}x")] {
        let answer = world.post("/api/commands", token, &hold()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{token}");
        assert_eq!(
            world
                .post("/api/events/1/replay", token, &json!({}))
                .await
                .status,
            StatusCode::UNAUTHORIZED
        );
    }
    let headers = [("content-type", "application/json")];
    let answer = world
        .send("POST", "/api/commands", &headers, &hold().to_string())
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(world.asked().await.is_empty());
}

#[tokio::test]
async fn another_host_name_is_refused_even_with_the_token() {
    let world = World::local().await;
    for host in ["evil.example", "127.0.0.1.evil.example:8080", "10.0.0.1"] {
        for path in [
            "/",
            "/api/status",
            "/metrics",
            "/enter?token=x",
            "/static/hodman.css",
        ] {
            let answer = world.send("GET", path, &[("host", host)], "").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{host} {path}");
        }
        let bearer = format!("Bearer {CANARY}");
        let headers = [
            ("host", host),
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        let answer = world
            .send("POST", "/api/commands", &headers, &hold().to_string())
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{host}");
    }
    assert!(world.asked().await.is_empty());
}

#[tokio::test]
async fn through_a_proxy_the_page_only_shows() {
    let world = World::local().await;
    let bearer = format!("Bearer {CANARY}");
    for extra in [
        ("host", "hodman.example.com"),
        ("x-forwarded-for", "10.1.1.1"),
        ("origin", "http://evil.example"),
    ] {
        let headers = [
            extra,
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        let answer = world
            .send("POST", "/api/commands", &headers, &hold().to_string())
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{extra:?}");
    }
    let page = world
        .send("GET", "/", &[("host", "hodman.example.com")], "")
        .await;
    assert!(page.status == StatusCode::OK && page.text.contains("read-only"));
    let enter = world
        .send(
            "GET",
            &format!("/enter?token={CANARY}"),
            &[("x-forwarded-for", "10.1.1.1")],
            "",
        )
        .await;
    assert_eq!(
        (enter.status, enter.headers.get(header::SET_COOKIE)),
        (StatusCode::FORBIDDEN, None)
    );
    assert!(world.asked().await.is_empty());
}

/// As in a container, where `docker exec … hodman hold` comes from loopback and everybody else does not.
#[tokio::test]
async fn bound_to_all_addresses_the_machine_itself_acts() {
    let (world, port) = World::everywhere().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = |token: &str| {
        let url = format!("http://127.0.0.1:{port}/api/commands");
        http.post(url).bearer_auth(token).json(&hold())
    };
    let status =
        async |request: reqwest::RequestBuilder| request.send().await.unwrap().status().as_u16();
    assert_eq!(status(ask("wrong")).await, 401);
    for (name, value) in [
        ("host", "hodman.example.com"),
        ("host", "0.0.0.0:8080"),
        ("x-forwarded-for", "10.1.1.1"),
    ] {
        assert_eq!(status(ask(CANARY).header(name, value)).await, 403, "{name}");
    }
    assert!(world.asked().await.is_empty());
    assert_eq!(status(ask(CANARY)).await, 202);
    assert_eq!(world.asked().await.len(), 1);
    // Without a socket nobody knows where it came from: as from another machine.
    let answer = world.post("/api/commands", CANARY, &hold()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.text.contains("own machine"), "{}", answer.text);
    let page = world.send("GET", "/", &[("host", "hodman.example.com")], "");
    assert!(page.await.text.contains("read-only"));
}

#[tokio::test]
async fn a_bind_to_another_address_is_read_only() {
    let world = World::public().await;
    for path in ["/api/commands", "/api/events/1/replay"] {
        let answer = world.post(path, CANARY, &hold()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        assert!(answer.text.contains("read-only"), "{}", answer.text);
    }
    let answer = world
        .form(ASK, "hodman=a.b", ORIGIN, "csrf=x&ask=reconcile")
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(
        world.get(&format!("/enter?token={CANARY}")).await.status,
        StatusCode::FORBIDDEN
    );
    assert!(!world.get("/").await.text.contains("<form method=\"post\""));
    assert!(world.asked().await.is_empty());
}

#[tokio::test]
async fn buttons_work_once_the_page_has_seen_the_token() {
    let world = World::local().await;
    assert!(
        !world.get("/").await.text.contains("name=\"csrf\""),
        "locked"
    );
    let (cookie, csrf) = enter(&world).await;
    for (ask, body) in [
        ("reconcile", String::new()),
        ("heal", String::new()),
        ("hold", "&reason=audit+%3Cb%3E".to_owned()),
        (
            "rollback",
            format!("&reason=broken&now=yes&to={}", package("b")),
        ),
    ] {
        let answer = world
            .form(
                ASK,
                &cookie,
                ORIGIN,
                &format!("csrf={csrf}&ask={ask}{body}"),
            )
            .await;
        assert_eq!(
            answer.status,
            StatusCode::SEE_OTHER,
            "{ask}: {}",
            answer.text
        );
        let page = world
            .send("GET", answer.location(), &[("cookie", &cookie)], "")
            .await;
        assert!(
            page.text.contains(&format!("<strong>{ask}</strong>")),
            "the page says what was asked"
        );
    }
    let answer = world
        .form(
            "/pipelines/shop/ask",
            &cookie,
            ORIGIN,
            &format!("csrf={csrf}"),
        )
        .await;
    assert_eq!(answer.location(), "/");
    let asked = world.asked().await;
    let kinds: Vec<&str> = asked.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["reconcile", "heal", "hold", "rollback", "observe"]);
    assert_eq!(asked[2].1["reason"], "audit <b>");
    assert_eq!(
        (&asked[3].1["to"], &asked[3].1["now"]),
        (&json!(package("b").as_str()), &json!(true))
    );
}

#[tokio::test]
async fn forms_of_others_are_refused() {
    let world = World::local().await;
    let (cookie, csrf) = enter(&world).await;
    let good = format!("csrf={csrf}&ask=reconcile");
    for (cookie, origin, body) in [
        (cookie.as_str(), "http://evil.example", good.as_str()),
        (cookie.as_str(), "null", good.as_str()),
        (cookie.as_str(), "http://127.0.0.1:9999", good.as_str()),
        (cookie.as_str(), ORIGIN, "csrf=guessed&ask=reconcile"),
        ("hodman=guessed.guessed", ORIGIN, good.as_str()),
        ("", ORIGIN, good.as_str()),
    ] {
        let answer = world.form(ASK, cookie, origin, body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin} {body}");
    }
    let headers = [
        ("cookie", cookie.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let answer = world.send("POST", ASK, &headers, &good).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "without an origin");
    assert!(world.asked().await.is_empty());
}

#[tokio::test]
async fn a_wrong_token_opens_nothing() {
    let world = World::local().await;
    let answer = world.get("/enter?token=wrong").await;
    assert_eq!(
        (answer.status, answer.headers.get(header::SET_COOKIE)),
        (StatusCode::UNAUTHORIZED, None)
    );
    let answer = world.form("/enter", "", ORIGIN, "token=wrong").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_makes_no_sense_is_said_at_once() {
    let world = World::local().await;
    let rollback = |to: &str| json!({"hodman": "command", "ask": "rollback", "env": "qa", "to": to, "now": false, "reason": "x"});
    for (request, status, word) in [
        (
            json!({"hodman": "command", "ask": "hold", "env": "test", "reason": "x"}),
            StatusCode::NOT_FOUND,
            "there are: dev, prod, qa",
        ),
        (
            json!({"hodman": "command", "ask": "hold", "env": "qa", "reason": " "}),
            StatusCode::BAD_REQUEST,
            "say why",
        ),
        (
            json!({"hodman": "command", "ask": "hold", "env": "qa", "reason": "a\0b"}),
            StatusCode::BAD_REQUEST,
            "NUL character",
        ),
        (
            json!({"hodman": "command", "ask": "destroy", "env": "qa"}),
            StatusCode::BAD_REQUEST,
            "destroy",
        ),
        (
            json!({"hodman": "command", "pipeline": "other", "ask": "observe"}),
            StatusCode::NOT_FOUND,
            "there are: shop",
        ),
        (
            rollback("12345678"),
            StatusCode::BAD_REQUEST,
            "never in place",
        ),
    ] {
        let answer = world.post("/api/commands", CANARY, &request).await;
        assert_eq!(answer.status, status, "{request}: {}", answer.text);
        assert!(answer.text.contains(word), "{request}: {}", answer.text);
    }
    assert!(world.asked().await.is_empty());
    let answer = world
        .post("/api/commands", CANARY, &rollback("bbbbbbbb"))
        .await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    assert_eq!(
        world.asked().await[0].1["to"],
        package("b").as_str(),
        "the whole digest enters the inbox"
    );
}

#[tokio::test]
async fn large_requests_are_refused() {
    let world = World::local().await;
    let mut request = hold();
    request["reason"] = json!("x".repeat(100_000));
    let answer = world.post("/api/commands", CANARY, &request).await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    assert!(world.asked().await.is_empty());
}
