//! What presets do to names, and to what refers to them.

use serde_json::json;

use super::super::ResolvedBundle;
use super::bundle;

const UNITY: &str = r#"bundle: {name: d}
targets: {qa: {presets: {name_prefix: "<prefix>", tags: {team: data}}}}
resources:
  catalogs: {c: {name: main}}
  schemas: {s: {name: sales, catalog_name: main}, other: {name: sales, catalog_name: elsewhere}}
  volumes: {v: {name: v, catalog_name: main, schema_name: sales}, w: {name: w, catalog_name: main, schema_name: raw}}
  registered_models: {m: {name: m, catalog_name: main, schema_name: sales}}
  pipelines: {p: {name: p, catalog: main, schema: sales}, q: {name: q, catalog: main, target: sales}}
  vector_search_endpoints: {e: {name: search, endpoint_type: STANDARD}}
  model_serving_endpoints: {f: {name: serve, ai_gateway: {inference_table_config: {catalog_name: main, schema_name: sales}}}}
"#;

fn with(prefix: &str) -> ResolvedBundle {
    bundle(&UNITY.replace("<prefix>", prefix))
}

#[test]
fn a_name_that_others_know_keeps_itself_and_a_prefix_becomes_an_identifier() {
    let cases = [
        ("[dev ada] ", "dev_ada_sales", "[dev ada] p"),
        ("[qa]", "qa_sales", "[qa]p"),
        ("qa-", "qasales", "qa-p"),
        ("qa_", "qasales", "qa_p"),
        (" A--b.c ", "a_b_csales", " A--b.c p"),
        ("", "sales", "p"),
    ];
    for (prefix, schema, pipeline) in cases {
        let qa = with(prefix);
        let name = |key: &str| qa.resources[&key.parse().unwrap()].config["name"].clone();
        assert_eq!(name("schemas.s"), schema, "{prefix}");
        assert_eq!(name("pipelines.p"), pipeline, "{prefix}");
        assert_eq!(name("catalogs.c"), "main");
        assert_eq!(name("volumes.v"), "v");
        assert_eq!(name("vector_search_endpoints.e"), "search");
    }
    // Endpoints take no tags from presets.
    let qa = with("[qa] ");
    assert_eq!(
        qa.resources[&"model_serving_endpoints.f".parse().unwrap()]
            .config
            .get("tags"),
        None
    );
}

#[test]
fn a_name_that_is_written_out_follows_the_schema_of_the_bundle() {
    let qa = with("[qa] ");
    let of = |key: &str| &qa.resources[&key.parse().unwrap()];
    let needs =
        |key: &str| -> Vec<String> { of(key).needs.iter().map(ToString::to_string).collect() };
    for key in ["volumes.v", "registered_models.m"] {
        assert_eq!(of(key).config["schema_name"], "qa_sales", "{key}");
        assert_eq!(of(key).config["catalog_name"], "main", "{key}");
    }
    assert_eq!(of("pipelines.p").config["schema"], "qa_sales");
    assert_eq!(of("pipelines.q").config["target"], "qa_sales");
    let table = &of("model_serving_endpoints.f").config["ai_gateway"]["inference_table_config"];
    assert_eq!(
        *table,
        json!({"catalog_name": "main", "schema_name": "qa_sales"})
    );
    for key in [
        "volumes.v",
        "registered_models.m",
        "pipelines.p",
        "pipelines.q",
        "model_serving_endpoints.f",
    ] {
        assert_eq!(needs(key), ["catalogs.c", "schemas.s"], "{key}");
    }
    // What the bundle does not have is somebody else's.
    assert_eq!(of("volumes.w").config["schema_name"], "raw");
    assert_eq!(needs("volumes.w"), ["catalogs.c"]);
    assert_eq!(needs("schemas.s"), ["catalogs.c"]);
    assert_eq!(of("schemas.other").config["catalog_name"], "elsewhere");
    assert_eq!(needs("schemas.other"), Vec::<String>::new());
}
