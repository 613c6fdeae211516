//! Unity Catalog: credentials, external locations, connections, models, and the files of volumes.

use reqwest::{Method, Response};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::bench::{ACCOUNT, ANA, Bench, SECRET};
use crate::unity::{UC, column, refusal};

const ROLE: &str = "arn:aws:iam::123456789012:role/data";

/// A credential `cred` and an external location `lake` on `s3://lake/`.
async fn lake(bench: &Bench) -> Value {
    let credential = json!({"name": "cred", "aws_iam_role": {"role_arn": ROLE}});
    bench.uc_made("storage-credentials", credential).await;
    let location = json!({"name": "lake", "url": "s3://lake/", "credential_name": "cred"});
    bench.uc_made("external-locations", location).await
}

fn external_volume(place: &str) -> Value {
    json!({"name": "raw", "catalog_name": "main", "schema_name": "sales", "volume_type": "EXTERNAL", "storage_location": place})
}

#[tokio::test]
async fn a_credential_says_whom_its_role_must_trust() {
    let bench = Bench::start().await;
    let location = lake(&bench).await;
    let credential = bench.uc_read("/storage-credentials/cred").await;
    let role = &credential["aws_iam_role"];
    assert_eq!(role["external_id"], ACCOUNT);
    let master = role["unity_catalog_iam_arn"].as_str().unwrap();
    assert!(master.starts_with("arn:aws:iam::414351767826:role/unity-catalog-prod-UCMasterRole-"));
    assert_eq!(location["credential_id"], credential["id"]);
    assert_eq!(location["url"], "s3://lake");
    assert_eq!(location["isolation_mode"], "ISOLATION_MODE_OPEN");
    let body = json!({"name": "bad", "aws_iam_role": {"role_arn": "data"}});
    let refused = bench.uc(Method::POST, "/storage-credentials", body).await;
    assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"));
}

#[tokio::test]
async fn a_role_that_cannot_be_assumed_fails_the_checks_but_not_without_them() {
    let bench = Bench::start().await;
    bench.dev.distrust_role(ROLE).unwrap();
    let mut body = json!({"name": "cred", "aws_iam_role": {"role_arn": ROLE}});
    let path = "/storage-credentials";
    let refused = bench.uc(Method::POST, path, body.clone()).await;
    assert_eq!(refused.0, 400);
    body["skip_validation"] = json!(true);
    bench.uc_made("storage-credentials", body).await;
    let check = json!({"storage_credential_name": "cred", "url": "s3://lake/x"});
    let validate = "/validate-storage-credentials";
    let (_, answer) = bench.uc(Method::POST, validate, check.clone()).await;
    assert_eq!(
        column(&answer, "results", "result"),
        ["FAIL", "FAIL", "FAIL", "FAIL"]
    );
    bench.dev.trust_role(ROLE).unwrap();
    let (_, answer) = bench.uc(Method::POST, validate, check).await;
    assert_eq!(
        column(&answer, "results", "result"),
        ["PASS", "PASS", "PASS", "PASS"]
    );
}

#[tokio::test]
async fn places_must_be_covered_and_must_not_overlap() {
    let bench = Bench::start().await;
    bench.catalog().await;
    let uncovered = external_volume("s3://lake/raw");
    let refused = bench.uc(Method::POST, "/volumes", uncovered.clone()).await;
    let message = refused.1["message"].as_str().unwrap();
    assert!(message.starts_with("No parent external location was found for path 's3://lake/raw'"));
    lake(&bench).await;
    let volume = bench.uc_made("volumes", uncovered).await;
    assert_eq!(volume["storage_location"], "s3://lake/raw");
    let mut inside = external_volume("s3://lake/raw/deep");
    inside["name"] = json!("deep");
    let refused = bench.uc(Method::POST, "/volumes", inside).await;
    assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"));
    for place in ["s3://lake/below", "s3://lake"] {
        let body = json!({"name": "second", "url": place, "credential_name": "cred"});
        let refused = bench.uc(Method::POST, "/external-locations", body).await;
        assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"));
    }
    let beside = json!({"name": "second", "url": "s3://lake-2", "credential_name": "cred"});
    bench.uc_made("external-locations", beside).await;
    let catalog = json!({"name": "own", "storage_root": "s3://lake-2/own/"});
    let catalog = bench.uc_made("catalogs", catalog).await;
    assert_eq!(catalog["storage_root"], "s3://lake-2/own");
    let volume = json!({"name": "v", "catalog_name": "own", "schema_name": "default", "volume_type": "MANAGED"});
    let volume = bench.uc_made("volumes", volume).await;
    let place = volume["storage_location"].as_str().unwrap();
    assert!(place.starts_with(catalog["storage_location"].as_str().unwrap()));
}

#[tokio::test]
async fn locations_and_credentials_in_use_go_only_by_force() {
    let bench = Bench::start().await;
    bench.catalog().await;
    lake(&bench).await;
    bench
        .uc_made("volumes", external_volume("s3://lake/raw"))
        .await;
    let location = "/external-locations/lake";
    let refused = bench.uc(Method::DELETE, location, json!({})).await;
    let message = refused.1["message"].as_str().unwrap();
    assert!(
        message.contains("1 dependent external volumes"),
        "{message}"
    );
    let body = json!({"url": "s3://sea"});
    let refused = bench.uc(Method::PATCH, location, body).await;
    assert_eq!(refusal(&refused), (400, "INVALID_STATE"));
    let body = json!({"url": "s3://sea", "force": true});
    let (_, moved) = bench.uc(Method::PATCH, location, body).await;
    assert_eq!(moved["url"], "s3://sea");
    let credential = "/storage-credentials/cred";
    let refused = bench.uc(Method::DELETE, credential, json!({})).await;
    let message = refused.1["message"].as_str().unwrap();
    assert!(
        message.contains("1 dependent storage location(s)"),
        "{message}"
    );
    let body = json!({"new_name": "key"});
    bench.uc(Method::PATCH, credential, body).await;
    assert_eq!(bench.uc_read(location).await["credential_name"], "key");
    let credential = "/storage-credentials/key";
    assert_eq!(bench.uc(Method::DELETE, location, json!({})).await.0, 200);
    assert_eq!(bench.uc(Method::DELETE, credential, json!({})).await.0, 200);
}

#[tokio::test]
async fn a_connection_keeps_its_secrets_to_itself() {
    let bench = Bench::start().await;
    let options =
        json!({"host": "db.example.com", "port": "5432", "user": "u", "password": SECRET});
    let body = json!({"name": "db", "connection_type": "POSTGRESQL", "options": options});
    let made = bench.uc_made("connections", body).await;
    assert_eq!(
        made["options"],
        json!({"host": "db.example.com", "port": "5432", "user": "u"})
    );
    assert_eq!(made["credential_type"], "USERNAME_PASSWORD");
    assert!(
        !bench
            .uc_read("/connections")
            .await
            .to_string()
            .contains(SECRET)
    );
    let kept = bench.dev.connection_secret("db", "password").unwrap();
    assert_eq!(kept.expose_secret(), SECRET);

    let options =
        json!({"host": "db.example.com", "port": "5433", "user": "u", "password": "next"});
    let body = json!({ "options": options });
    let (_, changed) = bench.uc(Method::PATCH, "/connections/db", body).await;
    assert_eq!(changed["options"]["port"], "5433");
    let kept = bench.dev.connection_secret("db", "password").unwrap();
    assert_eq!(kept.expose_secret(), "next");

    let foreign =
        json!({"name": "sales_db", "connection_name": "DB", "options": {"database": "sales"}});
    let foreign = bench.uc_made("catalogs", foreign).await;
    assert_eq!(foreign["catalog_type"], "FOREIGN_CATALOG");
    assert_eq!(foreign["connection_name"], "db");
    let default = bench.get(&format!("{UC}/schemas/sales_db.default")).await;
    assert_eq!(refusal(&default), (404, "SCHEMA_DOES_NOT_EXIST"));
    let used = bench.uc(Method::DELETE, "/connections/db", json!({})).await;
    assert_eq!(refusal(&used), (400, "INVALID_STATE"));
    let bad = json!({"name": "x", "connection_type": "FAX", "options": {}});
    let bad = bench.uc(Method::POST, "/connections", bad).await;
    assert_eq!(refusal(&bad), (400, "INVALID_PARAMETER_VALUE"));
}

#[tokio::test]
async fn a_token_of_cloudflare_is_not_shown_whole() {
    let bench = Bench::start().await;
    let token = json!({"access_key_id": "k", "account_id": "a", "secret_access_key": SECRET});
    let body = json!({"name": "r2", "cloudflare_api_token": token});
    let made = bench.uc_made("storage-credentials", body.clone()).await;
    assert_eq!(
        made["cloudflare_api_token"],
        json!({"access_key_id": "k", "account_id": "a"})
    );
    let both = json!({"name": "x", "cloudflare_api_token": {}, "aws_iam_role": {"role_arn": ROLE}});
    for body in [both, json!({"name": "x"})] {
        let refused = bench.uc(Method::POST, "/storage-credentials", body).await;
        assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"));
    }
}

#[tokio::test]
async fn aliases_point_to_versions_of_a_model() {
    let bench = Bench::start().await;
    bench.catalog().await;
    let body = json!({"name": "m", "catalog_name": "main", "schema_name": "sales"});
    bench.uc_made("models", body).await;
    let alias = "/models/main.sales.m/aliases/champion";
    let body = json!({"version_num": 1});
    let early = bench.uc(Method::PUT, alias, body.clone()).await;
    assert_eq!(refusal(&early), (404, "MODEL_VERSION_DOES_NOT_EXIST"));
    let fields = json!({"source": "dbfs:/m"});
    let version = bench
        .dev
        .add_model_version("main.sales.m", fields, ANA)
        .unwrap();
    assert_eq!(version, 1);
    let (_, set) = bench.uc(Method::PUT, alias, body).await;
    assert_eq!(set, json!({"alias_name": "champion", "version_num": 1}));
    let model = bench
        .uc_read("/models/main.sales.m?include_aliases=true")
        .await;
    assert_eq!(column(&model, "aliases", "alias_name"), ["champion"]);
    let by_alias = bench.uc_read(alias).await;
    assert_eq!(by_alias["source"], "dbfs:/m");
    let list = bench.uc_read("/models").await;
    assert_eq!(
        column(&list, "registered_models", "full_name"),
        ["main.sales.m"]
    );
    assert_eq!(bench.uc(Method::DELETE, alias, json!({})).await.0, 200);
    assert_eq!(bench.get(&format!("{UC}{alias}")).await.0, 404);
}

/// A call of the Files API with bytes.
async fn files(bench: &Bench, method: Method, path: &str, bytes: &'static [u8]) -> Response {
    let url = format!("{}/api/2.0/fs/{path}", bench.dev.url());
    let call = bench.client.request(method, url).bearer_auth("dapi-ana");
    call.body(bytes).send().await.unwrap()
}

#[tokio::test]
async fn files_live_in_volumes() {
    let bench = Bench::start().await;
    bench.catalog().await;
    let volume = json!({"name": "v", "catalog_name": "main", "schema_name": "sales", "volume_type": "MANAGED"});
    bench.uc_made("volumes", volume).await;
    let file = "files/Volumes/main/sales/v/a/b.bin";
    let put = files(&bench, Method::PUT, file, b"{not json").await;
    assert_eq!(put.status(), 204);
    let kept = format!("{file}?overwrite=false");
    let refused = files(&bench, Method::PUT, &kept, b"x").await;
    assert_eq!(refused.status(), 409);
    let head = files(&bench, Method::HEAD, file, b"").await;
    assert_eq!(head.headers()["content-length"], "9");
    let read = files(&bench, Method::GET, file, b"").await;
    assert_eq!(
        read.headers()["last-modified"],
        "Mon, 21 Sep 2026 14:13:20 GMT"
    );
    assert_eq!(read.bytes().await.unwrap(), &b"{not json"[..]);

    let folder = "directories/Volumes/main/sales/v/a";
    let list = files(&bench, Method::GET, folder, b"").await;
    let list: Value = serde_json::from_str(&list.text().await.unwrap()).unwrap();
    let entry = &list["contents"][0];
    assert_eq!(
        (&entry["path"], &entry["file_size"]),
        (&json!("/Volumes/main/sales/v/a/b.bin"), &json!(9))
    );
    let full = files(&bench, Method::DELETE, folder, b"").await;
    assert_eq!(full.status(), 400);
    assert_eq!(files(&bench, Method::DELETE, file, b"").await.status(), 204);
    assert_eq!(
        files(&bench, Method::DELETE, folder, b"").await.status(),
        204
    );
    assert_eq!(files(&bench, Method::HEAD, folder, b"").await.status(), 404);
    let elsewhere = "files/Volumes/main/sales/none/x";
    let elsewhere = files(&bench, Method::GET, elsewhere, b"").await;
    assert_eq!(elsewhere.status(), 404);
}
