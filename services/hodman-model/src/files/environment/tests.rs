use super::*;
use crate::digest::Digest;
use serde_json::json;

const PATH: &str = "environments/qa/environment.yaml";

const FULL: &str = r#"mode: promoted
after: [dev]
workspaces: [{name: qa, host: "https://qa.cloud.databricks.com"}]
bundle_target: qa
variables: {catalog: qa, workers: 4, tags: {team: data}}
identity: {warehouses: {abc: def}}
merge: auto
open: window
gates:
  soak: 30m
  checks: [ci/test, {name: build, app: github-actions}]
  approvals: 1
  windows:
    - {kind: allow, cron: "0 8 * * 1-5", duration: 9h, zone: Europe/Berlin}
  freezes: [{from: 2026-12-20T00:00:00Z, to: 2027-01-03T00:00:00+01:00, reason: year end}]
verify: {run_job: smoke, timeout: 20m}
drift: pull-request
schedules:
  reconcile: {cron: "*/15 * * * *", zone: UTC, missed: skip}
files: {keep: 5, readers: [data engineers]}
state: present
"#;

const SMALL: &str = "mode: promoted\nworkspaces: [{name: qa, host: \"https://qa.example\"}]\n";

/// The whole text of what is wrong with a file.
fn errors(text: &str) -> String {
    parse_environment(PATH, text)
        .expect_err("the text is wrong")
        .to_string()
}

fn error_in_small(more: &str) -> String {
    let shown = errors(&format!("{SMALL}{more}"));
    shown
        .strip_prefix(PATH)
        .expect("starts with the path")
        .to_owned()
}

#[test]
fn a_complete_file_is_read() {
    let environment = parse_environment(PATH, FULL).unwrap();
    assert_eq!(environment.variables["tags"], json!({"team": "data"}));
    assert_eq!(environment.gates.soak, Some(Span::from_secs(1_800)));
    let checks = environment.gates.checks.iter().map(ToString::to_string);
    assert_eq!(
        checks.collect::<Vec<_>>(),
        ["ci/test", "build (github-actions)"]
    );
    assert_eq!(
        environment.files,
        FileSets {
            layout: Layout::Digest,
            keep: 5,
            readers: vec!["data engineers".into()],
            places: Default::default(),
        }
    );
    assert_eq!(
        environment.gates.freezes[0].to.to_rfc3339(),
        "2027-01-02T23:00:00+00:00"
    );
    assert_eq!(
        environment.verify,
        Some(Verify {
            run_job: "smoke".into(),
            timeout: Span::from_secs(1_200)
        })
    );
    let reconcile = environment.schedules.reconcile.unwrap();
    assert_eq!(
        (reconcile.cron.as_str(), reconcile.missed),
        ("*/15 * * * *", Missed::Skip)
    );
}

#[test]
fn what_is_absent_has_the_documented_default() {
    let environment = parse_environment(PATH, SMALL).unwrap();
    assert_eq!(environment.merge, Merge::Manual);
    assert_eq!(environment.open, Open::Ready);
    assert_eq!(environment.drift, Drift::Report);
    assert_eq!(environment.files.keep, 3);
    assert_eq!(environment.gates, Gates::default());
    let dev = "mode: free-form\nworkspaces: [{name: dev, host: \"http://127.0.0.1:8081\"}]\ncapture: {jobs: {exclude: [tmp*]}}\n";
    let rules = parse_environment("environments/dev/environment.yaml", dev)
        .unwrap()
        .capture
        .unwrap();
    assert_eq!(
        rules.of("jobs"),
        Selection {
            include: vec!["*".into()],
            exclude: vec!["tmp*".into()]
        }
    );
    assert_eq!(rules.of("clusters"), Selection::default());
}

#[test]
fn what_was_read_is_read_again_from_what_serde_writes() {
    let environment = parse_environment(PATH, FULL).unwrap();
    let written = serde_json::to_string(&environment).unwrap();
    assert_eq!(parse_environment(PATH, &written).unwrap(), environment);
}

#[test]
fn parse_errors_name_the_place_and_the_way_out() {
    let cases = [
        (
            "marge: auto\n",
            ":3:1: unknown key `marge` (hint: did you mean `merge`?)",
        ),
        (
            "gates:\n  sok: 1h\n",
            ":4:3: unknown key `sok` (hint: did you mean `soak`?)",
        ),
        (
            "merge: atuo\n",
            ":3:8: unknown value `atuo` (hint: did you mean `auto`?)",
        ),
        (
            "gates:\n  checks: [{name: ci, ap: x}]\n",
            ":4:23: unknown key `ap` (hint: did you mean `app`?)",
        ),
        (
            "gates:\n  checks: [{name: ci}]\n",
            ":4:13: the key `app` is missing",
        ),
        (
            "gates: {approvals: two}\n",
            ":3:20: expected a whole number, 0 or more",
        ),
        (
            "gates: {approvals: -1}\n",
            ":3:20: expected a whole number, 0 or more",
        ),
        ("after: dev\n", ":3:8: expected a list"),
        (
            "mode: promoted\n",
            ":3:1: the key `mode` is given twice (hint: keep one of them)",
        ),
        (
            "gates:\n\tsoak: 1h\n",
            ":4:1: a tab in the indentation (hint: indent with spaces)",
        ),
        (
            "gates: {soak: 90}\n",
            ":3:15: expected a length of time such as `30m`, `9h` or `2d`",
        ),
        (
            "verify: {timeout: 1h}\n",
            ":3:10: the key `run_job` is missing",
        ),
        (
            "gates: {freezes: [{from: today, to: 2027-01-01T00:00:00Z, reason: x}]}\n",
            ":3:26: expected an instant such as `2026-12-20T00:00:00Z`",
        ),
        (
            "---\nmode: promoted\n",
            ":4:1: more than one YAML document in the file (hint: remove the `---` line)",
        ),
    ];
    for (more, expected) in cases {
        assert_eq!(error_in_small(more), expected, "{more}");
    }
}

#[test]
fn keys_that_do_not_fit_together_are_refused() {
    let cases = [
        (
            "capture: {}\n",
            ":3:1: `capture` has no meaning in a promoted environment (hint: only free-form environments are captured: remove the key)",
        ),
        (
            "after: [dev, qa]\n",
            ":3:14: an environment cannot come after itself",
        ),
        (
            "gates: {windows: [{kind: allow, cron: \"0 0 8 * * 1\", duration: 1h, zone: UTC}]}\n",
            ":3:39: a cron expression has five fields, this one has 6 (hint: minute, hour, day of month, month, day of week, such as `0 8 * * 1-5`)",
        ),
        (
            "gates: {windows: [{kind: deny, cron: \"0 8 * * 1\", duration: 1h, zone: Europe/Belrin}]}\n",
            ":3:71: `Europe/Belrin` is not a time zone (hint: did you mean `Europe/Berlin`?)",
        ),
        (
            "schedules: {reconcile: {cron: \"daily\"}}\n",
            ":3:31: a cron expression has five fields, this one has 1 (hint: minute, hour, day of month, month, day of week, such as `0 8 * * 1-5`)",
        ),
        (
            "gates: {freezes: [{from: 2027-01-01T00:00:00Z, to: 2027-01-01T00:00:00Z, reason: x}]}\n",
            ":3:52: the freeze ends before it begins (hint: `from` must be earlier than `to`)",
        ),
    ];
    for (more, expected) in cases {
        assert_eq!(error_in_small(more), expected, "{more}");
    }
    let free_form = "mode: free-form\nworkspaces: [{name: d, host: \"https://d\"}]\nmerge: auto\ngates: {}\nverify: {run_job: x}\n";
    let shown = errors(free_form);
    for place in [":3:1: `merge`", ":4:1: `gates`", ":5:1: `verify`"] {
        assert!(shown.contains(place), "{shown}");
    }
}

#[test]
fn a_present_environment_has_workspaces_with_safe_hosts() {
    assert!(
        errors("mode: promoted\n").starts_with(
            "environments/qa/environment.yaml:1:1: the environment names no workspace"
        )
    );
    assert!(parse_environment(PATH, "mode: promoted\nstate: absent\n").is_ok());
    for host in [
        "qa.example",
        "http://qa.example",
        "https://",
        "https://a/b",
        "https://u@a",
        "http://localhost.evil.example",
        "ftp://a",
    ] {
        let text = format!("mode: promoted\nworkspaces: [{{name: qa, host: \"{host}\"}}]\n");
        assert!(
            errors(&text).starts_with("environments/qa/environment.yaml:2:31: "),
            "{host}: {}",
            errors(&text)
        );
    }
    for host in [
        "https://qa.example/",
        "http://127.0.0.1:80",
        "http://localhost:1",
        "http://[::1]:1",
        "https://a:8443",
    ] {
        assert!(
            parse_environment(
                PATH,
                &format!("mode: promoted\nworkspaces: [{{name: qa, host: \"{host}\"}}]\n")
            )
            .is_ok(),
            "{host}"
        );
    }
}

fn binding(text: &str) -> Digest {
    parse_environment(PATH, text).unwrap().binding_digest()
}

#[test]
fn the_binding_is_what_changes_what_is_applied() {
    let base = binding(FULL);
    for (from, to) in [
        ("merge: auto", "merge: manual"),
        ("open: window", "open: ready"),
        ("soak: 30m", "soak: 31m"),
        ("run_job: smoke", "run_job: other"),
        ("missed: skip", "missed: run-once"),
        ("drift: pull-request", "drift: heal"),
        ("after: [dev]", "after: []"),
        ("catalog: qa, workers: 4", "workers: 4, catalog: qa"),
    ] {
        assert_eq!(binding(&FULL.replace(from, to)), base, "{to}");
    }
    for (from, to) in [
        ("catalog: qa", "catalog: other"),
        ("bundle_target: qa", "bundle_target: prod"),
        ("abc: def", "abc: xyz"),
        ("https://qa.", "https://qb."),
        ("name: qa", "name: qb"),
        ("state: present", "state: absent"),
        ("workers: 4", "workers: '4'"),
    ] {
        assert_ne!(binding(&FULL.replace(from, to)), base, "{to}");
    }
}

#[test]
fn an_id_to_adopt_is_taken_as_the_service_writes_it() {
    let adopts =
        "host: \"http://127.0.0.1:8081\", adopt: {directories.team: /Shared/team, jobs.j: \"7\"}";
    let text = format!("mode: promoted\nworkspaces: [{{name: qa, {adopts}}}]\nmerge: manual\n");
    let environment = parse_environment(PATH, &text).unwrap();
    let adopt: Vec<(String, &str)> = environment.workspaces[0]
        .adopt
        .iter()
        .map(|(key, id)| (key.to_string(), id.as_str()))
        .collect();
    assert_eq!(
        adopt,
        [
            ("directories.team".to_owned(), "/Workspace/Shared/team"),
            ("jobs.j".to_owned(), "7")
        ]
    );
}

#[test]
fn the_folder_names_the_environment_and_has_a_name_that_every_place_takes() {
    let read = |name: &str| {
        let path = format!("environments/{name}/environment.yaml");
        parse_environment(&path, SMALL).map_err(|wrong| wrong.to_string())
    };
    for good in ["qa", "eu-1", "4eyes", &"a".repeat(63)] {
        read(good).unwrap();
    }
    let long = "a".repeat(64);
    for bad in ["S T", "QA", "-x", "a_b", "ä", "a.b", &long] {
        let expected = format!(
            ": `{bad}` cannot be the name of an environment (hint: rename the folder: lower-case letters, digits and hyphens, 63 at most)"
        );
        let shown = read(bad).unwrap_err();
        assert!(shown.ends_with(&expected), "{shown}");
    }
}

#[test]
fn a_cron_expression_is_judged_by_who_goes_by_it() {
    let text = format!(
        "{SMALL}schedules: {{reconcile: {{cron: \"61 * * * *\"}}}}\ngates: {{windows: [{{kind: deny, cron: \"@daily\", duration: 1h, zone: UTC}}]}}\n"
    );
    parse_environment(PATH, &text).unwrap();
    let shown = parse_environment_by(PATH, &text, &|cron| Err(format!("no {cron}")))
        .unwrap_err()
        .to_string();
    for part in [
        ":3:31: no 61 * * * * (hint: minute, ",
        ":4:38: no @daily (hint: minute, ",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
}
