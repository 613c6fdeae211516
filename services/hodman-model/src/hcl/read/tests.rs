use super::*;
use crate::hcl::{values, variables};

#[test]
fn variables_come_back_as_they_were_written() {
    let said = |description: &str, value: Option<&str>| Variable {
        description: description.to_owned(),
        value: value.map(str::to_owned),
    };
    let all = BTreeMap::from([
        ("node".to_owned(), said("A \"node\"", Some("i3.xlarge"))),
        ("password".to_owned(), said("a secret", None)),
    ]);
    assert_eq!(said_variables(&variables(&all), &values(&all)), all);
    let only_secrets = said_variables(&variables(&all), "");
    assert_eq!(only_secrets.keys().collect::<Vec<_>>(), ["password"]);
    assert_eq!(said_variables("variable {", "x ="), BTreeMap::new());
}

#[test]
fn variables_are_found_where_they_are_used() {
    let text =
        "a = var.node_i3\nb = [var.x]\nc = \"${var.catalog_a}.s\"\nd = local.somevar.y\ne = var.";
    let found: Vec<&str> = used_variables(text).into_iter().collect();
    assert_eq!(found, ["catalog_a", "node_i3", "x"]);
}

#[test]
fn blocks_of_access_are_taken_as_they_are() {
    let own = "import {\n  to = databricks_job.a\n  id = \"1\"\n}\n\nresource \"databricks_job\" \"a\" {\n  name = \"a\"\n}\n";
    let access = "\nimport {\n  to = databricks_permissions.jobs_a\n  id = \"/jobs/1\"\n}\n\nresource \"databricks_permissions\" \"jobs_a\" {\n  job_id = databricks_job.a.id\n  access_control {\n    group_name = \"ops\"\n  }\n}\n";
    let text = format!("# Written.\n\n{own}{access}");
    assert_eq!(permissions(&text), access);
    assert_eq!(grants(&text), "");
    assert_eq!(permissions(own), "");
    assert_eq!(
        attribute(&text, "databricks_job", "name").as_deref(),
        Some("a")
    );
    assert_eq!(attribute(&text, "databricks_repo", "name"), None);
}
