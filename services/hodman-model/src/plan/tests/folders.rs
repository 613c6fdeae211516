//! Texts with the folder of the files in them.

use serde_json::json;

use super::{World, rows};

#[test]
fn the_folder_of_files_inside_of_longer_texts_is_no_difference() {
    let mut world = World::new().file("src/load.py", "print(1)").resource(
        "pipelines.load",
        json!({"name": "load", "environment": {"dependencies": ["--editable ${files}", "-r ${files}/requirements.txt"]},
               "configuration": {"at": "--config=${files}/x --job=${files}/y"}}),
    );
    world.apply();
    let plan = world.plan();
    assert!(plan.is_empty(), "{}", plan.to_table());
    // Other files are another folder.
    let old = world.desired().files.unwrap();
    world = world.file("src/load.py", "print(2)");
    world.observed.known_sets.insert(old.digest.clone(), old);
    let plan = world.plan();
    assert_eq!(rows(&plan), ["create files.files", "update pipelines.load"]);
    assert!(plan.parts[0].rows[1].is_files_folder_only());
}

#[test]
fn what_runs_files_at_places_of_their_own_waits_for_them() {
    let world = World::new()
        .file("src/app.py", "print(1)")
        .resource(
            "apps.shop",
            json!({"name": "shop", "source_code_path": "${files}/src"}),
        )
        .resource("apps.other", json!({"name": "other"}));
    let mut desired = world.desired();
    let place = (
        "src/app.py".to_owned(),
        "/Workspace/Shared/app/app.py".to_owned(),
    );
    desired.put_at(&world.bundle, &[place].into());
    let plan = crate::plan::plan(&desired, &world.observed, &world.context).unwrap();
    let after = |key: &str| -> Vec<String> {
        let mut rows = plan.rows().filter(|(_, row)| row.key.to_string() == key);
        let (_, row) = rows.next().unwrap();
        row.after.iter().map(ToString::to_string).collect()
    };
    assert_eq!(after("apps.shop"), ["files.files"]);
    assert_eq!(after("apps.other"), [""; 0]);
}
