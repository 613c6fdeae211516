use std::collections::BTreeMap;
use std::path::Path;

use super::{CANARY, least, read, refused};
use crate::config::backend_secrets;

#[test]
fn an_identity_is_who_terraform_is_and_no_more() {
    let place = |plan: &str| {
        least(&format!(
            "terraform:\n  main:\n    plan: {plan}\n    apply: {{env: {{AWS_ACCESS_KEY_ID: {{env: K}}}}}}\n    environments: [qa]\n"
        ))
    };
    let config = read(&place("{env: {WHO: {env: READER}}}")).expect("it is right");
    let known = &config.terraform["main"];
    assert_eq!(known.program, Path::new("terraform"));
    assert_eq!(known.client().grace.as_secs(), 600);
    assert_eq!(known.at_once, 2);
    let own: Vec<String> = config
        .own_secrets()
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    assert!(
        own.contains(&"terraform.main.plan.env.WHO".to_owned()),
        "{own:?}"
    );

    let found = refused(&place("{env: {TF_CLI_ARGS: {env: X}}}"));
    assert!(found.contains("how Terraform runs"), "{found}");
    let role = "aws: {role_arn: \"arn:r\", region: eu-central-1}";
    let found = refused(&place(&format!(
        "{{env: {{AWS_PROFILE: {{env: X}}}}, {role}}}"
    )));
    assert!(found.contains("not both"), "{found}");
    let found = refused(&place("{env: {WHO: {value: shown}}}"));
    assert!(found.contains("never written here"), "{found}");
    let lasting = |session: &str| {
        place(&format!(
            "{{{}}}",
            role.replace('}', &format!(", session: {session}}}"))
        ))
    };
    read(&lasting("15m")).expect("it is right");
    read(&lasting("12h")).expect("it is right");
    for wrong in ["14m", "13h"] {
        let found = refused(&lasting(wrong));
        assert!(
            found.contains("terraform.main") && found.contains("15m at least"),
            "{found}"
        );
    }
}

#[test]
fn for_pull_requests_terraform_gets_what_is_said_for_them_and_nothing_else() {
    let place = |more: &str| {
        let text = least(&format!(
            "terraform:\n  main:\n    plan: {{}}\n    apply: {{}}\n    environments: [qa]\n    variables: {{key: {{env: K}}}}\n    \
             backend: {{bucket: b, key: k, password: {{env: P}}, role: {{arn: r, id: {{env: I}}}}}}\n    {more}\n"
        ));
        read(&text).expect("it is right")
    };
    let closed = place("at_once: 1");
    let closed = &closed.terraform["main"];
    let why = closed.refuses_pulls("main", false).expect("refused");
    assert!(why.contains("terraform.main.pull_requests"), "{why}");

    let open = place(
        "pull_requests: {plan: {env: {WHO: {env: W}}}, variables: {key: {env: V}}, backend: {key: other, user: {env: U}}}",
    );
    let own: Vec<String> = open.own_secrets().into_iter().map(|(key, _)| key).collect();
    for key in ["plan.env.WHO", "variables.key", "backend.user"] {
        let key = format!("terraform.main.pull_requests.{key}");
        assert!(own.contains(&key), "{key}: {own:?}");
    }
    let known = &open.terraform["main"];
    assert_eq!(known.refuses_pulls("main", false), None);
    let why = known.refuses_pulls("main", true).expect("refused");
    assert!(why.contains("the daemon is root"), "{why}");
    let backend = known.backend_of_pulls();
    let plain: BTreeMap<&String, serde_json::Value> = backend
        .iter()
        .map(|(key, value)| (key, value.plain()))
        .collect();
    assert_eq!(
        serde_json::json!(plain),
        serde_json::json!({"bucket": "b", "key": "other", "role": {"arn": "r"}, "user": null})
    );
    let secrets: Vec<String> = backend_secrets(&backend).into_keys().collect();
    assert_eq!(secrets, ["/user"]);

    let boxed = place("pull_requests: {wrapper: [bwrap]}");
    let boxed = &boxed.terraform["main"];
    assert_eq!(boxed.refuses_pulls("main", true), None);
    assert_eq!(boxed.client_of_pulls().wrapper, ["bwrap"]);
    assert!(boxed.client().wrapper.is_empty());
    // What the operator wrote for himself, such as a mirror's token, and the cache whose providers applies start, are not for it.
    let shared =
        "plugin_cache: /var/cache/plugins/\n    cli_config: /etc/own.rc\n    pull_requests:";
    let bare = place(&format!("{shared} {{}}"));
    let bare = &bare.terraform["main"];
    assert_eq!(
        bare.client().plugin_cache,
        Some("/var/cache/plugins/".into())
    );
    let client = bare.client_of_pulls();
    assert_eq!(
        client.plugin_cache,
        Some("/var/cache/plugins-unmerged".into())
    );
    assert_eq!(client.cli_config, None);
    let said = place(&format!("{shared} {{cli_config: /etc/pulls.rc}}"));
    let said = said.terraform["main"].client_of_pulls();
    assert_eq!(said.cli_config, Some("/etc/pulls.rc".into()));
    let shown = least(
        "terraform: {main: {plan: {}, apply: {}, environments: [qa], pull_requests: {variables: {key: {value: shown}}}}}",
    );
    assert!(refused(&shown).contains("never written here"));
}

#[test]
fn values_of_a_backend_may_be_secrets_and_a_lock_is_not_waited_for_in_silence() {
    let place = |more: &str| {
        least(&format!(
            "terraform:\n  main:\n    plan: {{}}\n    apply: {{}}\n    environments: [qa]\n    {more}\n"
        ))
    };
    let text = place(
        "backend: {address: \"https://git.example/states/${stack}\", password: {env: PASS}, assume_role: {external_id: {file: /x}, \
         role_arn: r}, retries: 3, tries: [1, {env: E}]}",
    );
    let config = read(&text).expect("it is right");
    let known = &config.terraform["main"];
    let secrets: Vec<String> = backend_secrets(&known.backend).into_keys().collect();
    assert_eq!(secrets, ["/assume_role/external_id", "/password"]);
    assert_eq!(known.backend["password"].plain(), serde_json::Value::Null);
    assert_eq!(known.backend["assume_role"].plain()["role_arn"], "r");
    assert_eq!(known.backend["retries"].plain(), 3);
    assert!(known.lock_plans);
    let own: Vec<String> = config
        .own_secrets()
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    let inside = "terraform.main.backend.assume_role.external_id".to_owned();
    assert!(own.contains(&inside), "{own:?}");
    let found = refused(&place(&format!(
        "backend: {{password: {{value: {CANARY}}}}}"
    )));
    assert!(found.contains("never written here"), "{found}");
    assert!(!found.contains(CANARY), "{found}");

    // What a backend signs in with is who it is, too.
    let known = "{TF_HTTP_PASSWORD: {env: X}, TF_TOKEN_app_example_com: {env: Y}, TF_ENCRYPTION: {file: /z}}";
    let text = place("at_once: 1").replace("plan: {}", &format!("plan: {{env: {known}}}"));
    read(&text).expect("it is right");

    let found = refused(&place("lock_timeout: 15m"));
    assert!(
        found.contains("lock_timeout") && found.contains("`silence`"),
        "{found}"
    );
    read(&place("lock_timeout: 15m\n    silence: 16m")).expect("it is right");
    let found = refused(&place("parallelism: 0"));
    assert!(found.contains("parallelism"), "{found}");
    let few = read(&place("parallelism: 3")).expect("it is right");
    assert_eq!(few.terraform["main"].client().parallelism, Some(3));
}
