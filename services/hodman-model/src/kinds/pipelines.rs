//! Pipelines: `/api/2.0/pipelines`. Their names are unique only as long as nobody asks for duplicates; our tags in their
//! `tags` find them again.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::fields::{Aliases, defaults, fills, only, references};
use super::listed::{id_text, millis, text};
use super::permissions::Permissions;
use super::rules::{Rules, as_map, patterns, spelled, upper_case};
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Method, ReadError,
    Reversibility, cluster_spec,
};

/// Pipelines.
#[derive(Clone, Copy, Debug)]
pub struct Pipelines;

/// The tag that says that a delete leaves the tables: only the request for that takes it, when the package may be gone.
const KEEPS_TABLES: &str = "hodman_cascade";

const PATH: &str = "/api/2.0/pipelines";

/// The settings of a pipeline: the request to create it, without what says how the request is meant
/// (`allow_duplicate_names`, `dry_run`).
const SETTABLE: &[&str] = &[
    "budget_policy_id",
    "cascade_on_destroy",
    "catalog",
    "channel",
    "clusters",
    "configuration",
    "continuous",
    "development",
    "edition",
    "environment",
    "event_log",
    "filters",
    "gateway_definition",
    "ingestion_definition",
    "libraries",
    "name",
    "notifications",
    "parameters",
    "parent_path",
    "photon",
    "restart_window",
    "root_path",
    "run_as",
    "schema",
    "serverless",
    "serverless_compute_id",
    "storage",
    "tags",
    "target",
    "trigger",
    "usage_policy_id",
];

static PERMISSIONS: Permissions = Permissions {
    object_type: "pipelines",
    levels: &["CAN_VIEW", "CAN_RUN", "CAN_MANAGE", "IS_OWNER"],
    one_owner: true,
    id_output: None,
};

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let none: Aliases<'_> = &[];
    let mut rules = Rules {
        settable: SETTABLE,
        name_field: "name",
        tags_field: "tags",
        volatile: patterns(
            &[
                "tags.hodman_pipeline",
                "tags.hodman_env",
                "tags.hodman_key",
                "tags.hodman_cascade",
                // Taken with a create or an update and never answered.
                "allow_duplicate_names",
                "dry_run",
                // Who deployed it: said by `databricks bundle` about itself.
                "deployment",
                // State of the service.
                "id",
                "pipeline_type",
                // Output only (databricks/cli, bundle/direct/dresources/resources.yml).
                "ingestion_definition.source_type",
            ],
            none,
        ),
        defaults: defaults(
            &[
                ("cascade_on_destroy", json!(true)),
                ("channel", json!("CURRENT")),
                ("edition", json!("ADVANCED")),
                ("continuous", json!(false)),
                ("development", json!(false)),
                ("photon", json!(false)),
                ("serverless", json!(false)),
                ("clusters.*.label", json!("default")),
            ],
            none,
        ),
        server_fills: fills(
            &[
                // The creator: never the same person in production.
                ("run_as", false),
                // `dbfs:/pipelines/<id>`, when there is no catalog.
                ("storage", false),
                ("budget_policy_id", false),
                ("usage_policy_id", false),
                ("serverless_compute_id", false),
                ("parent_path", false),
                ("environment.environment_version", true),
                // Those of the pipeline itself.
                ("event_log.catalog", false),
                ("event_log.schema", false),
            ],
            none,
        ),
        silence_resets: Some(&["storage"]),
        texts: patterns(&["tags.*", "configuration.*", "parameters.*"], none),
        // As the Terraform provider compares them (pipelines/resource_pipeline.go).
        lower_case: patterns(&["catalog"], none),
        spellings: spelled(
            &patterns(&["channel", "edition", "clusters.*.autoscale.mode"], none),
            upper_case,
        ),
        sets: patterns(
            &[
                "notifications.*.alerts",
                "notifications.*.email_recipients",
                "restart_window.days_of_week",
            ],
            none,
        ),
        replace_on: patterns(
            &[
                "storage",
                "ingestion_definition.connection_name",
                "ingestion_definition.ingestion_gateway_id",
                "ingestion_definition.ingest_from_uc_foreign_catalog",
                "gateway_definition.connection_id",
                "gateway_definition.connection_name",
                "gateway_definition.gateway_storage_catalog",
                "gateway_definition.gateway_storage_schema",
            ],
            none,
        ),
        references: references(
            &[
                ("ingestion_definition.ingestion_gateway_id", "pipelines"),
                ("ingestion_definition.connection_name", "connections"),
                ("gateway_definition.connection_name", "connections"),
            ],
            none,
        ),
        notebook_paths: patterns(&["libraries.*.notebook.path"], none),
        file_paths: patterns(
            &[
                "libraries.*.file.path",
                "libraries.*.glob.include",
                "libraries.*.whl",
                "libraries.*.jar",
                "root_path",
            ],
            none,
        ),
        list_keys: &[("clusters", "label")],
        field_order: &[
            "name",
            "catalog",
            "schema",
            "target",
            "storage",
            "serverless",
            "continuous",
            "development",
            "root_path",
            "libraries",
            "clusters",
            "label",
        ],
        ..Rules::default()
    };
    cluster_spec::add_rules(&mut rules, &["clusters.*"]);
    rules
});

impl Kind for Pipelines {
    fn name(&self) -> &'static str {
        "pipelines"
    }

    fn singular(&self) -> &'static str {
        "pipeline"
    }

    fn permissions(&self) -> Option<&'static Permissions> {
        Some(&PERMISSIONS)
    }

    fn identity(&self) -> Identity {
        Identity::Tags
    }

    fn listing(&self) -> Listing {
        // The list tells no settings, so no tags either.
        Listing::All(ListCall {
            query: vec![("max_results".to_owned(), "100".to_owned())],
            whole: false,
            tags: false,
            ..ListCall::new(PATH, "statuses", "pipeline_id")
        })
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, format!("{PATH}/{id}"))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let missing = |field| ReadError {
            kind: "pipeline",
            field,
        };
        let id = id_text(answer.get("pipeline_id")).ok_or(missing("pipeline_id"))?;
        let spec = answer
            .get("spec")
            .filter(|spec| spec.is_object())
            .ok_or(missing("spec"))?;
        let mut settings = as_map(&only(spec, SETTABLE));
        // These two stand beside the settings in some answers.
        for beside in ["parameters", "run_as"] {
            if let Some(value) = answer.get(beside) {
                settings.insert(beside.to_owned(), value.clone());
            }
        }
        if spec.pointer(&format!("/tags/{KEEPS_TABLES}")).is_some() {
            settings.insert("cascade_on_destroy".to_owned(), json!(false));
        }
        Ok(Some(Listed {
            id,
            name: text(spec, "name")
                .or_else(|| text(answer, "name"))
                .unwrap_or_default(),
            marker: Marker::from_tags(spec.get("tags")),
            natural: None,
            config: RULES.normalise(&Value::Object(settings)),
            outputs: super::jobs::deployed_by(spec),
            creator: text(answer, "creator_user_name"),
            created_at: None,
            modified_at: millis(answer, "last_modified"),
        }))
    }

    fn create(&self, config: &Value, marker: &Marker) -> Call {
        let body = body(config, marker);
        Call::post(PATH, Value::Object(body), false)
    }

    fn update(&self, id: &str, live: &Value, config: &Value, marker: &Marker) -> Vec<Call> {
        let mut body = body(config, marker);
        body.insert("id".to_owned(), json!(id));
        // The edit is a full replacement: a storage location that the service chose would be refused when left out.
        if let Some(storage) = live
            .get("storage")
            .filter(|_| !body.contains_key("catalog"))
        {
            body.entry("storage").or_insert_with(|| storage.clone());
        }
        vec![Call::with_body(
            Method::Put,
            format!("{PATH}/{id}"),
            Value::Object(body),
            true,
        )]
    }

    fn delete(&self, id: &str, live: &Value) -> Vec<Call> {
        // Takes its tables with it: see `guarded`.
        let delete = Call::plain(Method::Delete, format!("{PATH}/{id}"));
        vec![match keeps_tables(live) {
            true => delete.and_query("cascade", "false"),
            false => delete,
        }]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        id_text(answer.get("pipeline_id"))
    }

    fn activity(&self, id: &str) -> Option<Call> {
        Some(self.get(id))
    }

    fn busy(&self, answer: &Value) -> Vec<String> {
        let state = answer.get("state").and_then(Value::as_str);
        if matches!(state, None | Some("IDLE" | "FAILED" | "DELETED")) {
            return Vec::new();
        }
        let update = answer
            .pointer("/latest_updates/0/update_id")
            .and_then(Value::as_str);
        vec![update.map_or_else(
            || state.unwrap_or_default().to_lowercase(),
            |id| format!("update {id}"),
        )]
    }

    fn guarded(&self, live: &Value) -> Option<String> {
        if live.get("gateway_definition").is_some() {
            return Some("the staged data of its gateway".to_owned());
        }
        if keeps_tables(live) {
            return None;
        }
        // A pipeline in a catalog takes its tables along; one that writes to the Hive metastore leaves them behind.
        let catalog = live.get("catalog")?.as_str()?;
        let schema = ["schema", "target"]
            .iter()
            .find_map(|field| live.get(*field)?.as_str());
        Some(match schema {
            Some(schema) => format!("its tables, views and streaming tables in {catalog}.{schema}"),
            None => format!("its tables, views and streaming tables in catalog {catalog}"),
        })
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, config: &Value) -> Reversibility {
        match change {
            Change::Create => Reversibility::Reversible,
            Change::Update if config.get("continuous") == Some(&json!(true)) => {
                Reversibility::Compensable {
                    loses: "its update in progress restarts with the new settings".to_owned(),
                }
            }
            Change::Update => Reversibility::Reversible,
            Change::Replace | Change::Delete => match self.guarded(config) {
                Some(loses) => Reversibility::Irreversible { loses },
                None => Reversibility::Compensable {
                    loses: "its id and its checkpoints: its streams start again from the beginning"
                        .to_owned(),
                },
            },
        }
    }
}

/// The settings as a request carries them.
fn body(config: &Value, marker: &Marker) -> Map<String, Value> {
    let mut body = as_map(&RULES.as_sent(config));
    marker.write(&mut body, "tags");
    body.remove("cascade_on_destroy");
    if keeps_tables(config)
        && let Some(Value::Object(tags)) = body.get_mut("tags")
    {
        tags.insert(KEEPS_TABLES.to_owned(), json!("false"));
    }
    body
}

fn keeps_tables(config: &Value) -> bool {
    config.get("cascade_on_destroy") == Some(&json!(false))
}
