//! Unity Catalog: catalogs, schemas and what lies in them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::bench::{ANA, Answer, Bench};

pub const UC: &str = "/api/2.1/unity-catalog";

impl Bench {
    /// A call on Unity Catalog in the workspace `dev`.
    pub async fn uc(&self, method: Method, path: &str, body: Value) -> Answer {
        let url = format!("{}{UC}{path}", self.dev.url());
        self.send(method, &url, body).await
    }

    /// Makes something that must come into being.
    pub async fn uc_made(&self, kind: &str, body: Value) -> Value {
        let (status, made) = self.uc(Method::POST, &format!("/{kind}"), body).await;
        assert_eq!(status, 200, "{made}");
        made
    }

    /// A read that must succeed.
    pub async fn uc_read(&self, path: &str) -> Value {
        let (status, read) = self.get(&format!("{UC}{path}")).await;
        assert_eq!(status, 200, "{read}");
        read
    }

    /// A catalog `main` with a schema `sales`.
    pub async fn catalog(&self) {
        self.uc_made("catalogs", json!({"name": "main"})).await;
        let schema = json!({"name": "sales", "catalog_name": "main"});
        self.uc_made("schemas", schema).await;
    }
}

/// Status and `error_code` of a refusal.
pub fn refusal(answer: &Answer) -> (u16, &str) {
    (answer.0, answer.1["error_code"].as_str().unwrap())
}

/// Field of each row of a list.
pub fn column<'a>(list: &'a Value, field: &str, of: &str) -> Vec<&'a str> {
    let rows = list[field].as_array();
    rows.into_iter()
        .flatten()
        .map(|row| row[of].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_new_catalog_is_filled_in_and_has_two_schemas() {
    let bench = Bench::start().await;
    let body = json!({"name": "Main", "comment": "x", "properties": {"a": "b"}});
    let made = bench.uc_made("catalogs", body).await;
    let metastore = bench.dev.metastore_id().unwrap();
    for (field, expected) in [
        ("name", json!("main")),
        ("full_name", json!("main")),
        ("owner", json!(ANA)),
        ("created_by", json!(ANA)),
        ("created_at", json!(1_790_000_000_000_i64)),
        ("catalog_type", json!("MANAGED_CATALOG")),
        ("isolation_mode", json!("OPEN")),
        ("metastore_id", json!(metastore)),
        ("properties", json!({"a": "b"})),
        ("browse_only", json!(false)),
    ] {
        assert_eq!(made[field], expected, "{field}");
    }
    let flag = &made["effective_predictive_optimization_flag"];
    assert_eq!(flag["inherited_from_type"], "METASTORE");
    assert_eq!(bench.uc_read("/catalogs/MAIN").await, made);
    let schemas = bench.uc_read("/schemas?catalog_name=main").await;
    assert_eq!(
        column(&schemas, "schemas", "full_name"),
        ["main.default", "main.information_schema"]
    );
}

#[tokio::test]
async fn names_are_unique_whatever_their_case_and_must_be_good() {
    let bench = Bench::start().await;
    bench.catalog().await;
    let again = bench
        .uc(Method::POST, "/catalogs", json!({"name": "MAIN"}))
        .await;
    assert_eq!(refusal(&again), (400, "CATALOG_ALREADY_EXISTS"));
    assert_eq!(again.1["message"], "Catalog 'main' already exists");
    let body = json!({"name": "sales", "catalog_name": "main"});
    let again = bench.uc(Method::POST, "/schemas", body).await;
    assert_eq!(refusal(&again), (400, "SCHEMA_ALREADY_EXISTS"));
    assert_eq!(again.1["message"], "Schema 'sales' already exists");
    for name in ["", "a.b", "a b", "a/b"] {
        let bad = bench
            .uc(Method::POST, "/catalogs", json!({"name": name}))
            .await;
        assert_eq!(refusal(&bad), (400, "INVALID_PARAMETER_VALUE"), "{name}");
    }
    let missing = bench
        .uc(Method::POST, "/schemas", json!({"name": "s"}))
        .await;
    assert_eq!(refusal(&missing), (400, "INVALID_PARAMETER_VALUE"));
}

#[tokio::test]
async fn what_does_not_exist_is_said_by_kind() {
    let bench = Bench::start().await;
    bench.catalog().await;
    for (path, code) in [
        ("/catalogs/no", "CATALOG_DOES_NOT_EXIST"),
        ("/schemas/main.no", "SCHEMA_DOES_NOT_EXIST"),
        ("/schemas/no.no", "CATALOG_DOES_NOT_EXIST"),
        ("/volumes/main.sales.no", "VOLUME_DOES_NOT_EXIST"),
        ("/volumes/main.no.no", "SCHEMA_DOES_NOT_EXIST"),
        ("/tables/main.sales.no", "TABLE_DOES_NOT_EXIST"),
        ("/models/main.sales.no", "ROUTINE_DOES_NOT_EXIST"),
        ("/external-locations/no", "EXTERNAL_LOCATION_DOES_NOT_EXIST"),
        (
            "/storage-credentials/no",
            "STORAGE_CREDENTIAL_DOES_NOT_EXIST",
        ),
        ("/connections/no", "CONNECTION_DOES_NOT_EXIST"),
        ("/permissions/schema/main.no", "SCHEMA_DOES_NOT_EXIST"),
    ] {
        let answer = bench.get(&format!("{UC}{path}")).await;
        assert_eq!(refusal(&answer), (404, code), "{path}");
    }
}

#[tokio::test]
async fn an_update_sets_what_it_names_and_says_who_did_it() {
    let bench = Bench::start().await;
    bench.catalog().await;
    bench.pass(60);
    let body = json!({"comment": "y", "owner": "data", "catalog_type": "SYSTEM_CATALOG"});
    let (_, changed) = bench.uc(Method::PATCH, "/schemas/main.sales", body).await;
    assert_eq!(
        (&changed["comment"], &changed["owner"]),
        (&json!("y"), &json!("data"))
    );
    assert_eq!(changed["updated_at"], 1_790_000_060_000_i64);
    assert_eq!(changed["created_at"], 1_790_000_000_000_i64);
    assert_eq!(
        changed["catalog_type"], "MANAGED_CATALOG",
        "not a field of the call"
    );
    let nothing = json!({"catalog_type": "SYSTEM_CATALOG"});
    let refused = bench
        .uc(Method::PATCH, "/schemas/main.sales", nothing)
        .await;
    assert_eq!(refused.1["message"], "UpdateSchema Nothing to update.");
    let body = json!({"isolation_mode": "LONELY"});
    let refused = bench.uc(Method::PATCH, "/catalogs/main", body).await;
    assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"));
}

#[tokio::test]
async fn a_rename_takes_along_what_lies_within() {
    let bench = Bench::start().await;
    bench.catalog().await;
    let volume = json!({"name": "v", "catalog_name": "main", "schema_name": "sales", "volume_type": "MANAGED"});
    let before = bench.uc_made("volumes", volume).await;
    bench
        .dev
        .put_volume_file("/Volumes/main/sales/v/a.txt", b"a")
        .unwrap();
    let body = json!({"new_name": "Prime"});
    let (_, renamed) = bench.uc(Method::PATCH, "/catalogs/main", body).await;
    assert_eq!(renamed["full_name"], "prime");
    let body = json!({"new_name": "trade"});
    bench.uc(Method::PATCH, "/schemas/prime.sales", body).await;
    let after = bench.uc_read("/volumes/prime.trade.v").await;
    assert_eq!(after["volume_id"], before["volume_id"]);
    assert_eq!(after["catalog_name"], "prime");
    assert_eq!(after["schema_name"], "trade");
    let file = bench.dev.read_volume_file("/Volumes/prime/trade/v/a.txt");
    assert_eq!(file, Some(b"a".to_vec()));
    let old = bench.get(&format!("{UC}/catalogs/main")).await;
    assert_eq!(refusal(&old), (404, "CATALOG_DOES_NOT_EXIST"));
    bench.uc_made("catalogs", json!({"name": "other"})).await;
    let body = json!({"new_name": "other"});
    let taken = bench.uc(Method::PATCH, "/catalogs/prime", body).await;
    assert_eq!(refusal(&taken), (400, "CATALOG_ALREADY_EXISTS"));
}

#[tokio::test]
async fn what_is_not_empty_goes_only_by_force() {
    let bench = Bench::start().await;
    bench.catalog().await;
    let table = json!({"name": "t", "catalog_name": "main", "schema_name": "sales", "table_type": "MANAGED"});
    bench.dev.create_securable("tables", table, ANA).unwrap();
    let model = json!({"name": "m", "catalog_name": "main", "schema_name": "sales"});
    bench.uc_made("models", model).await;
    let schema = "/schemas/main.sales";
    let refused = bench.uc(Method::DELETE, schema, json!({})).await;
    assert_eq!(refused.0, 400);
    assert_eq!(
        refused.1["message"],
        "Schema 'main.sales' is not empty. The schema has 1 tables(s), 1 functions(s), 0 volumes(s)"
    );
    let refused = bench.uc(Method::DELETE, "/catalogs/main", json!({})).await;
    assert_eq!(refused.1["message"], "Catalog 'main' is not empty");
    let by_force = bench
        .uc(Method::DELETE, "/catalogs/main?force=true", json!({}))
        .await;
    assert_eq!(by_force, (200, json!({})));
    assert!(bench.dev.list_securables("tables").is_empty());
    assert!(bench.dev.list_securables("models").is_empty());
    let left = bench.uc_read("/catalogs").await;
    assert_eq!(column(&left, "catalogs", "name"), ["system"]);
}

#[tokio::test]
async fn a_catalog_without_its_default_schema_is_empty() {
    let bench = Bench::start().await;
    bench.uc_made("catalogs", json!({"name": "main"})).await;
    let refused = bench.uc(Method::DELETE, "/catalogs/main", json!({})).await;
    assert_eq!(refused.0, 400);
    let schema = "/schemas/main.default";
    assert_eq!(bench.uc(Method::DELETE, schema, json!({})).await.0, 200);
    let gone = bench.uc(Method::DELETE, "/catalogs/main", json!({})).await;
    assert_eq!(gone.0, 200);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let bench = Bench::start().await;
    bench.uc_made("catalogs", json!({"name": "main"})).await;
    for number in 0..5 {
        let body = json!({"name": format!("s{number}"), "catalog_name": "main"});
        bench.uc_made("schemas", body).await;
    }
    let all = bench.uc_read("/schemas?catalog_name=main").await;
    let mut found = Vec::new();
    let mut token = String::new();
    loop {
        let path = format!("/schemas?catalog_name=main&max_results=3&page_token={token}");
        let page = bench.uc_read(&path).await;
        let rows = page["schemas"].as_array().unwrap();
        assert!(rows.len() <= 3);
        found.extend(rows.clone());
        let Some(next) = page["next_page_token"].as_str() else {
            break;
        };
        token = next.to_owned();
    }
    assert_eq!(json!(found), all["schemas"]);
    assert_eq!(found.len(), 7);
    for path in ["max_results=-1", "page_token=nonsense"] {
        let refused = bench
            .get(&format!("{UC}/schemas?catalog_name=main&{path}"))
            .await;
        assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"));
    }
    let nothing = bench
        .uc_read("/volumes?catalog_name=main&schema_name=s1")
        .await;
    assert_eq!(nothing, json!({}));
}

#[tokio::test]
async fn a_page_of_the_services_choice_has_a_hundred_rows_of_that_catalog() {
    let bench = Bench::start().await;
    for catalog in ["main", "main-2", "main2"] {
        bench.uc_made("catalogs", json!({"name": catalog})).await;
    }
    for number in 0..150 {
        let body = json!({"name": format!("s{number:03}"), "catalog_name": "main"});
        bench.dev.create_securable("schemas", body, ANA).unwrap();
    }
    let path = "/schemas?catalog_name=main&max_results=0";
    let first = bench.uc_read(path).await;
    let token = first["next_page_token"].as_str().unwrap();
    let second = bench.uc_read(&format!("{path}&page_token={token}")).await;
    let rows = |page: &Value| page["schemas"].as_array().unwrap().len();
    assert_eq!((rows(&first), rows(&second)), (100, 52));
    assert_eq!(second.get("next_page_token"), None);
    let all = bench.uc_read("/schemas?catalog_name=main").await;
    assert_eq!(rows(&all), 152);
    assert_eq!(
        bench.dev.list_securables("schemas").len(),
        152 + 2 * 2,
        "the other catalogs have two each"
    );
}

#[tokio::test]
async fn what_the_service_made_for_itself_is_read_only() {
    let bench = Bench::start().await;
    bench.uc_made("catalogs", json!({"name": "main"})).await;
    let body = json!({"name": "mine", "catalog_name": "system"});
    let in_system = bench.uc(Method::POST, "/schemas", body).await;
    let body = json!({"comment": "mine"});
    let views = "/schemas/main.information_schema";
    let changed = bench.uc(Method::PATCH, views, body).await;
    let deleted = bench
        .uc(Method::DELETE, "/catalogs/system?force=true", json!({}))
        .await;
    for answer in [in_system, changed, deleted] {
        assert_eq!(refusal(&answer), (403, "PERMISSION_DENIED"));
    }
}

#[tokio::test]
async fn tables_and_functions_are_listed_and_deleted() {
    let bench = Bench::start().await;
    bench.catalog().await;
    let place = |name: &str| json!({"name": name, "catalog_name": "main", "schema_name": "sales"});
    let mut table = place("t");
    table["table_type"] = json!("MANAGED");
    table["columns"] = json!([{"name": "id", "type_name": "LONG", "position": 0}]);
    let by_call = bench.uc(Method::POST, "/tables", table.clone()).await;
    assert_eq!(refusal(&by_call), (400, "INVALID_PARAMETER_VALUE"));
    bench.dev.create_securable("tables", table, ANA).unwrap();
    let mut function = place("f");
    function["routine_definition"] = json!("1");
    let body = json!({ "function_info": function });
    bench.uc_made("functions", body).await;
    let of_schema = "catalog_name=main&schema_name=sales";
    let tables = bench
        .uc_read(&format!("/tables?{of_schema}&omit_columns=true"))
        .await;
    assert_eq!(column(&tables, "tables", "full_name"), ["main.sales.t"]);
    assert_eq!(tables["tables"][0].get("columns"), None);
    let functions = bench.uc_read(&format!("/functions?{of_schema}")).await;
    assert_eq!(functions["functions"][0]["routine_definition"], "1");
    let exists = bench.uc_read("/tables/main.sales.t/exists").await;
    assert_eq!(exists, json!({"table_exists": true}));
    let table = "/tables/main.sales.t";
    assert_eq!(bench.uc(Method::DELETE, table, json!({})).await.0, 200);
    let exists = bench.uc_read("/tables/main.sales.t/exists").await;
    assert_eq!(exists, json!({"table_exists": false}));
}
