//! Tokens of other issuers in place of a secret, and whose a personal token is.

use std::time::Duration;

use futures::future::join_all;
use hodman_clients::databricks::{Auth, ErrorKind, IdTokenSource, Request};
use secrecy::SecretString;
use serde_json::json;

use crate::server::{Seen, Server, TestTime, ok, refuse};
use crate::tokens::{THING, plain_host, tokens};

fn federated(path: &std::path::Path) -> Auth {
    Auth::Federated {
        client_id: "robot".to_owned(),
        id_token: IdTokenSource::File(path.to_owned()),
        token_url: None,
    }
}

#[tokio::test]
async fn a_token_of_another_issuer_is_exchanged_and_looked_for_anew_each_time() {
    let (server, time) = (plain_host().await, TestTime::new());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let connections = time.connections();
    let workspace = server.workspace_as(&connections, federated(&file));
    let error = workspace.call(Request::get(THING)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthenticated);
    assert!(
        error
            .to_string()
            .contains("reading an identity token from the file"),
        "{error}"
    );
    assert_eq!(
        server.count("/v1/token"),
        0,
        "nothing is asked for without one"
    );

    std::fs::write(&file, "first\n").unwrap();
    time.advance(Duration::from_secs(60));
    let answers = join_all((0..20).map(|_| workspace.call(Request::get(THING)))).await;
    assert!(answers.iter().all(Result::is_ok));
    std::fs::write(&file, "second").unwrap();
    time.advance(Duration::from_secs(60 * 61));
    // Another client of the same principal has the same token.
    let other = server.workspace_as(&connections, federated(&file));
    for client in [&workspace, &other] {
        client.call(Request::get(THING)).await.unwrap();
    }
    let asked = server.seen().into_iter().filter(Seen::is_token);
    let bodies: Vec<String> = asked
        .map(|seen| {
            assert_eq!(
                seen.header("authorization"),
                "",
                "there is no secret to send"
            );
            String::from_utf8(seen.body.to_vec()).unwrap()
        })
        .collect();
    let form = |token: &str| {
        format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&client_id=robot\
             &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt&subject_token={token}&scope=all-apis"
        )
    };
    assert_eq!(bodies, [form("first"), form("second")]);
}

#[tokio::test]
async fn whose_a_personal_token_is_is_asked_once_and_of_nobody_else() {
    let tokens = tokens();
    let server = Server::start(move |seen| match seen.path.as_str() {
        "/oidc/v1/token" => tokens(seen),
        "/api/2.0/preview/scim/v2/Me" if seen.header("authorization") == "Bearer ana" => {
            ok(json!({ "id": "1", "userName": "ana@acme.example" }))
        }
        "/api/2.0/preview/scim/v2/Me" => ok(json!({ "id": "2", "userName": "0f9e-41" })),
        _ => refuse(404, "NOT_FOUND", "no"),
    })
    .await;
    let time = TestTime::new();
    let connections = time.connections();
    let ana = server.workspace_as(&connections, Auth::Token(SecretString::from("ana")));
    for _ in 0..2 {
        assert_eq!(ana.user().await.unwrap(), Some("ana@acme.example"));
    }
    assert_eq!(server.count("/Me"), 1);
    let robot = server.workspace_as(&connections, Auth::Token(SecretString::from("robot")));
    assert_eq!(robot.user().await.unwrap(), None);
    let oauth = server.oauth_workspace(&connections);
    assert_eq!(oauth.user().await.unwrap(), None);
    assert_eq!(
        server.count("/Me"),
        2,
        "OAuth without a browser is for service principals"
    );
}
