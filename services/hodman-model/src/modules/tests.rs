//! Modules and calls: what they come to, and what is refused.

mod environments;
mod import;
mod spots;

use serde_json::{Value, json};

use environments::cluster_in;

use super::*;
use crate::files::{SourceBytes, parse_environment};

const FILE: &str = "environments/qa/environment.yaml";

const GROUND: &str = "\
engine: native
inputs:
  name: {type: string}
  zones: {type: integer, default: 2, allowed: [2, 3]}
  role: {type: string, default: arn:aws:iam::1:role/x}
resources:
  account_credentials:
    main: {credentials_name: \"${inputs.name}\", aws_credentials: {sts_role: {role_arn: \"${inputs.role}\"}}}
  account_workspaces:
    main: {workspace_name: \"${inputs.name}-${environment.name}-${inputs.zones}\", credentials_id: \"${resources.account_credentials.main.id}\"}
outputs:
  host: {value: \"${resources.account_workspaces.main.host}\"}
  zones: {value: \"${inputs.zones}\"}
";

fn tree(modules: &[(&str, &str)]) -> Tree {
    let files = modules.iter().map(|(name, text)| {
        let path = format!("modules/{name}/module.yaml");
        (path, SourceBytes::plain(text.as_bytes()))
    });
    files.collect()
}

fn environment(calls: &Value) -> Environment {
    let text = format!(
        "mode: promoted\naccount: main\nworkspaces: [{{name: qa, host: \"https://x.example\"}}]\nmodules: {calls}\n"
    );
    parse_environment(FILE, &text).unwrap()
}

fn resolve(calls: &Value, modules: &[(&str, &str)]) -> Result<Foundation, String> {
    Foundation::resolve("shop", FILE, &environment(calls), &tree(modules))
        .map_err(|error| error.to_string())
}

#[test]
fn calls_become_resources_with_names_of_their_own_and_typed_inputs() {
    let calls = json!({
        "one": {"module": "ground", "inputs": {"name": "shop"}},
        "two": {"module": "ground", "inputs": {"name": "back", "zones": 3}},
    });
    let found = resolve(&calls, &[("ground", GROUND)]).unwrap();
    let keys: Vec<String> = found
        .desired
        .resources
        .keys()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        keys,
        [
            "account_credentials.one-main",
            "account_credentials.two-main",
            "account_workspaces.one-main",
            "account_workspaces.two-main",
        ]
    );
    let key = "account_workspaces.two-main".parse().unwrap();
    let workspace = &found.desired.resources[&key];
    assert_eq!(workspace.config["workspace_name"], "back-qa-3");
    assert_eq!(
        workspace.config["credentials_id"],
        "${resources.account_credentials.two-main.id}"
    );
    assert!(
        workspace
            .needs
            .contains(&"account_credentials.two-main".parse().unwrap())
    );
    assert_eq!(found.outputs["one"]["zones"], json!(2));
    assert!(found.desired.asked[&key].contains("host"));
}

#[test]
fn what_one_call_gives_another_takes() {
    const KEYS: &str = "\
engine: native
inputs: {role: {type: string}}
resources: {account_credentials: {own: {credentials_name: own, aws_credentials: {sts_role: {role_arn: \"${inputs.role}\"}}}}}
outputs: {role: {value: \"${resources.account_credentials.own.aws_credentials.sts_role.role_arn}\"}, id: {value: \"${resources.account_credentials.own.id}\"}}
";
    let calls = json!({
        "a": {"module": "ground", "inputs": {"name": "shop", "role": "${modules.z.outputs.id}"}},
        "z": {"module": "keys", "inputs": {"role": "arn:aws:iam::1:role/z"}},
    });
    let found = resolve(&calls, &[("ground", GROUND), ("keys", KEYS)]).unwrap();
    let first = &found.desired.resources[&"account_credentials.a-main".parse().unwrap()];
    assert_eq!(
        first.config["aws_credentials"]["sts_role"]["role_arn"],
        "${resources.account_credentials.z-own.id}"
    );
    assert!(
        first
            .needs
            .contains(&"account_credentials.z-own".parse().unwrap())
    );
}

#[test]
fn a_host_is_known_when_the_workspace_is() {
    let calls = json!({"one": {"module": "ground", "inputs": {"name": "shop"}}});
    let found = resolve(&calls, &[("ground", GROUND)]).unwrap();
    let host = json!("${modules.one.outputs.host}");
    let mut known = Known::default();
    assert_eq!(found.fill(FILE, &host, &known).unwrap(), None);
    let key = "account_workspaces.one-main".parse().unwrap();
    let kind = crate::kinds::kind("account_workspaces").unwrap();
    let answer = json!({"workspace_id": 7, "workspace_name": "shop", "workspace_url": "https://dbc-7.cloud.databricks.com", "workspace_status": "RUNNING"});
    let listed = kind.read(&answer).unwrap().unwrap();
    known.made(&found.desired, &key, &listed);
    assert_eq!(
        found.fill(FILE, &host, &known).unwrap(),
        Some(json!("https://dbc-7.cloud.databricks.com"))
    );
    let wrong = found.fill(FILE, &json!("${modules.one.outputs.hots}"), &known);
    assert!(
        wrong
            .unwrap_err()
            .to_string()
            .contains("did you mean `host`")
    );
}

#[test]
fn what_is_wrong_is_named() {
    let modules = [("ground", GROUND)];
    let one = |inputs: Value| json!({"one": {"module": "ground", "inputs": inputs}});
    let cases = [
        (one(json!({})), "input `name` is missing"),
        (
            one(json!({"name": 7})),
            "input `name` is a text, and 7 is not",
        ),
        (
            one(json!({"name": "x", "zones": 4})),
            "is one of 2, 3, not 4",
        ),
        (one(json!({"name": "x", "zone": 2})), "has no input `zone`"),
        (
            json!({"one": {"module": "grund"}}),
            "there is no modules/grund/module.yaml",
        ),
        (
            one(json!({"name": "${modules.two.outputs.x}"})),
            "`modules.two` is not called here",
        ),
        (
            one(json!({"name": "x-${modules.two.output.x}"})),
            "`${modules.two.output.x}` stands for nothing here (hint: did you mean `${modules.two.outputs.x}`?)",
        ),
        (
            one(json!({"name": "x", "zones": "${environment.zones}"})),
            "input `zones`: `${environment.zones}` stands for nothing here",
        ),
        (
            one(json!({"name": "x", "zones": "${aws:zones}"})),
            "input `zones` is a whole number",
        ),
        (
            json!({
                "a": {"module": "ground", "inputs": {"name": "${modules.b.outputs.host}"}},
                "b": {"module": "ground", "inputs": {"name": "${modules.a.outputs.host}"}},
            }),
            "in a circle: a -> b -> a",
        ),
    ];
    for (calls, words) in cases {
        let said = resolve(&calls, &modules).unwrap_err();
        assert!(said.contains(words), "{calls}: {said}");
    }
    for (module, words) in [
        ("engine: native\n", "makes nothing"),
        ("engine: cloudformation\n", "needs a `template`"),
        (
            "engine: native\nresources: {job: {a: {}}}\n",
            "`job` is no kind of object that a module makes",
        ),
        (
            "engine: native\nresources: {clusters: {a: {num_workers: many}}}\n",
            "`clusters.one-a.num_workers` must be a number",
        ),
        (
            "engine: native\nresources: {account_permission_assignments: {a: {workspace_id: \"7\", principal_id: \"9\", permissions: [USER]}}}\n",
            "m/module.yaml:2:88: unknown field `account_permission_assignments.a.permissions`",
        ),
        (
            "engine: native\ninputs: {x: {type: string, default: vpcid}}\nresources: {account_networks: {a: {network_name: a, \"${inputs.x}\": b}}}\n",
            "unknown field `account_networks.one-a.vpcid` (hint: did you mean `vpc_id`?)",
        ),
        (
            "engine: native\nresources: {account_service_principal_secrets: {a: {}}}\n",
            "hodman makes no OAuth secrets",
        ),
        (
            "engine: native\nresources: {account_credentials: {a: {}}}\ntemplate: x\n",
            "`template` has no meaning",
        ),
        (
            "engine: native\nresources: {account_credentials: {a: {credentials_name: \"${inputs.x}\"}}}\n",
            "`${inputs.x}` stands for nothing here",
        ),
        (
            "engine: native\nresources: {account_credentials: {a: {credentials_name: \"${resources.account_credentials.b.id}\"}}}\n",
            "`${resources.account_credentials.b.id}` stands for nothing here",
        ),
        (
            "engine: native\nresources: {account_credentials: {a: {credentials_name: \"${environment.nam}\"}}}\n",
            "`${environment.nam}` stands for nothing here",
        ),
        (
            "engine: native\nresources: {account_credentials: {a: {credentials_name: \"a-${input.name}\"}}}\n",
            "`${input.name}` stands for nothing here",
        ),
        (
            "engine: native\ninputs: {x: {type: map, default: {a: 1}}}\nresources: {account_credentials: {a: {credentials_name: \"${inputs.x.b}\"}}}\n",
            "`${inputs.x.b}` stands for nothing here",
        ),
    ] {
        let said = resolve(&json!({"one": {"module": "m"}}), &[("m", module)]).unwrap_err();
        assert!(said.contains(words), "{module}: {said}");
    }
}

#[test]
fn a_stack_is_called_as_its_engine_takes_it() {
    const NETWORK: &str = "engine: cloudformation\ntemplate: hodman:kms-key\n";
    let said = |call: &str, module: &str| {
        let calls = json!({call: {"module": "m"}});
        resolve(&calls, &[("m", module)]).err().unwrap_or_default()
    };
    let wrong = said("my_net", NETWORK);
    assert!(
        wrong.contains("environments/qa/environment.yaml:4:")
            && wrong.contains("called `hodman-shop-qa-my_net`")
            && wrong.contains("`stack_name:` in modules/m/module.yaml"),
        "{wrong}"
    );
    let long = "n".repeat(114);
    assert!(said(&long, NETWORK).contains("128 of them at most"));
    let named = format!("{NETWORK}stack_name: 7-net\n");
    assert!(said("net", &named).contains("called `7-net`"));
    for fine in ["my-net", &long[1..]] {
        assert!(!said(fine, NETWORK).contains("called"), "{fine}");
    }
    assert!(!said("my_net", &format!("{NETWORK}stack_name: net\n")).contains("called"));
    let terraform = "engine: terraform\n";
    assert!(said("../../etc", terraform).contains("called `hodman-shop-qa-../../etc`"));
    assert!(!said("my_net.1", terraform).contains("called"));
}

#[test]
fn what_modules_give_is_a_placeholder_in_the_bundle_and_made_first() {
    let (found, _) = cluster_in("qa", &json!({"name": "shop"}));
    let variables = BTreeMap::from([
        (
            "compute".to_owned(),
            json!("${modules.compute.outputs.cluster_id}"),
        ),
        ("plain".to_owned(), json!(7)),
    ]);
    let filled = found.variables(FILE, &variables).unwrap();
    assert_eq!(filled["compute"], "${resources.clusters.compute-shared.id}");
    assert_eq!(filled["plain"], 7);
    let wrong = BTreeMap::from([("a".to_owned(), json!("${modules.compute.outputs.cluster}"))]);
    let said = found.variables(FILE, &wrong).unwrap_err().to_string();
    assert!(said.contains("did you mean `cluster_id`"), "{said}");
    let wrong = BTreeMap::from([("a".to_owned(), json!("${modules.compute.output.id}"))]);
    let said = found.variables(FILE, &wrong).unwrap_err().to_string();
    assert!(said.contains("`${modules.compute.outputs.id}`"), "{said}");

    let text = "bundle: {name: shop}\nvariables: {compute: {}, plain: {}}\ntargets: {qa: {}}\nresources:\n  jobs:\n    a:\n      name: a\n      tasks: [{task_key: t, existing_cluster_id: \"${var.compute}\", spark_python_task: {python_file: /a.py}}]\n";
    let files = Tree::from([(
        "databricks.yml".to_owned(),
        SourceBytes::plain(text.as_bytes()),
    )]);
    let options = crate::bundle::Options {
        variables: filled,
        outside: found.outside(),
        ..Default::default()
    };
    let mut bundle = crate::bundle::resolve_with(&files, "qa", &options).unwrap();
    found.put_inside(&mut bundle).unwrap();
    let desired = Desired::from_bundle(&bundle, &sha256(b"")).unwrap();
    let job = &desired.resources[&"jobs.a".parse().unwrap()];
    assert_eq!(
        job.config["tasks"][0]["existing_cluster_id"],
        "${resources.clusters.compute-shared.id}"
    );
    assert!(
        job.needs
            .contains(&"clusters.compute-shared".parse().unwrap())
    );
    let cluster = &desired.resources[&"clusters.compute-shared".parse().unwrap()];
    assert!(cluster.permissions.is_some());
    assert!(
        cluster
            .needs
            .contains(&"cluster_policies.compute-small".parse().unwrap())
    );
    let said = found.put_inside(&mut bundle).unwrap_err().to_string();
    assert!(
        said.contains("`clusters.compute-shared` comes from"),
        "{said}"
    );
}

#[test]
fn what_workspaces_stand_on_is_known_inside_of_them() {
    const STORE: &str = "\
engine: native
inputs: {name: {type: string}}
resources:
  account_credentials:
    own: {credentials_name: \"${inputs.name}\", aws_credentials: {sts_role: {role_arn: \"arn:x\"}}}
  catalogs:
    shop: {name: shop, comment: \"on ${resources.account_credentials.own.creation_time}\"}
outputs: {credentials: {value: \"${resources.account_credentials.own.id}\"}}
";
    let calls = json!({"store": {"module": "store", "inputs": {"name": "shop"}}});
    let found = resolve(&calls, &[("store", STORE)]).unwrap();
    let below = "account_credentials.store-own".parse().unwrap();
    assert!(found.desired.asked[&below].contains("creation_time"));
    let mut bundle = ResolvedBundle::default();
    found.put_inside(&mut bundle).unwrap();
    let desired = Desired::from_bundle(&bundle, &sha256(b"")).unwrap();
    let catalog = &desired.resources[&"catalogs.store-shop".parse().unwrap()];
    assert!(catalog.needs.is_empty(), "made before anything inside");
    // A plan reads the same before and after the credentials are made.
    let context = |given: Known| crate::plan::PlanContext {
        pipeline: "shop".into(),
        env: "qa".into(),
        workspace: "qa".into(),
        given,
        ..Default::default()
    };
    let mut given = Known::default();
    let before = crate::plan::plan(&desired, &Default::default(), &context(given.clone())).unwrap();
    given.id(&below, "4711");
    let after = crate::plan::plan(&desired, &Default::default(), &context(given)).unwrap();
    assert_eq!(before.digest(), after.digest());
    assert_eq!(before.summary().create, 1);
}
