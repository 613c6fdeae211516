//! Generated declarations of every kind and generated files, made by hand in one workspace: captured, promoted, restored into
//! an empty workspace and captured there. Nothing is lost, and nothing is left to do.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestCaseError};

use super::identity::{ENVIRONMENT, EXAMPLE, RULES, Start, base64, captured, differences, restore};
use super::stage::Stage;
use hodman::work::Restore;
use hodman_model::capture::SORTS;
use hodman_tests::harness::Options;
use hodman_tests::kinds::{Dice, declared_twice};
use serde_json::json;

const PROOF: &str = "resources/proof.yml";
const QA: &str = "environments/qa/environment.yaml";

/// Few, always the same: each is a forge, an account, a daemon, and some hundred objects in three workspaces.
fn few() -> ProptestConfig {
    ProptestConfig {
        cases: 2,
        max_shrink_iters: 4,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_261_130),
        ..ProptestConfig::default()
    }
}

/// What nobody declares: notebooks, files, a folder that somebody shares.
async fn files_of_people(stage: &Stage, dice: &mut Dice) {
    let folder = ["deep/er", "plain", "with space", "größe"][dice.one_of(4)];
    let folder = format!("/Shared/shop/{folder}");
    let made = json!({ "path": folder });
    stage.post("/api/2.0/workspace/mkdirs", made).await;
    for number in 0..=dice.one_of(3) {
        let (language, mark) =
            [("PYTHON", "#"), ("SQL", "--"), ("SCALA", "//"), ("R", "#")][dice.one_of(4)];
        let body = ["select 1", "", "ümlaut\n\n\n# end  ", "a = \"b\"\n"][dice.one_of(4)];
        let source = format!("{mark} Databricks notebook source\n{body}");
        let import = json!({"path": format!("{folder}/note{number}"), "format": "SOURCE", "language": language,
            "overwrite": true, "content": base64(&source)});
        stage.post("/api/2.0/workspace/import", import).await;
    }
    let bytes: &[u8] = [b"".as_slice(), b"a,b\n1,2\n", b"a\r\nb", &[0, 159, 146]][dice.one_of(4)];
    let put = stage.scene.workspace("dev").put_file(
        &format!("{folder}/table.bin"),
        bytes,
        "ana@acme.example",
    );
    put.expect("a file");
    let levels = ["CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"];
    if let Some(level) = levels.get(dice.one_of(5)) {
        share(stage, &folder, level).await;
    }
}

/// Somebody lets everybody into a folder.
async fn share(stage: &Stage, folder: &str, level: &str) {
    let folder = folder.replace(' ', "%20");
    let path = format!("/api/2.0/workspace/get-status?path={folder}");
    let id = stage.get("dev", &path).await["object_id"].to_string();
    let path = format!("/api/2.0/permissions/directories/{id}");
    let access =
        json!({"access_control_list": [{"group_name": "users", "permission_level": level}]});
    stage.call("dev", "PATCH", &path, access).await;
}

/// qa takes every captured value as it is.
fn same_values_in_qa(stage: &Stage) {
    let text = stage.main(QA).expect("qa");
    let mut every = "identity:\n".to_owned();
    for sort in SORTS {
        if !text.contains(&format!("  {}:\n", sort.name)) {
            every += &format!("  {}: {{\"*\": \"*\"}}\n", sort.name);
        }
    }
    stage.commit("main", QA, Some(&text.replace("identity:\n", &every)));
}

/// What main holds goes into qa as a promotion brings it there, and then nothing is left to do.
async fn promoted(stage: &Stage) -> anyhow::Result<()> {
    let wanted = Restore {
        branch: "main".to_owned(),
        workspace: "qa".to_owned(),
        target: None,
        like: Some("qa".to_owned()),
        force: false,
    };
    let work = &stage.daemon.as_ref().expect("a daemon").parts().work;
    let plan = work.plan_restore("shop", &wanted).await?;
    work.apply_restore("shop", &wanted, &plan).await?;
    let left = work.plan_restore("shop", &wanted).await?;
    anyhow::ensure!(left.is_empty(), "left in qa:\n{}", left.to_table());
    Ok(())
}

async fn there_and_back(mut dice: Dice) -> anyhow::Result<()> {
    let options = Options::short().edit(ENVIRONMENT, "    - /Shared/shop\n", RULES);
    let stage = Stage::start(options).await;
    same_values_in_qa(&stage);
    let text = json!({"resources": declared_twice(&mut dice)}).to_string();
    let mut came: BTreeSet<String> = EXAMPLE.iter().map(|path| (*path).to_owned()).collect();
    came.insert(PROOF.to_owned());
    stage.commit("main", "resources/nightly.job.yml", None);
    stage.commit("main", "resources/smoke.job.yml", None);
    stage.commit("main", PROOF, Some(&text));
    restore(&stage, "dev").await;
    files_of_people(&stage, &mut dice).await;

    let start = Start::of(&stage);
    start.again(&stage, &came, "dev");
    let first = captured(&stage).await;
    came.extend(first.keys().cloned());
    let kinds = hodman_model::kinds::KINDS.len();
    anyhow::ensure!(first.len() > kinds, "{:?}", first.keys());

    promoted(&stage).await?;
    restore(&stage, "prod").await;
    start.again(&stage, &came, "prod");
    let then = captured(&stage).await;
    let differs = differences(&first, &then);
    anyhow::ensure!(differs.is_empty(), "{differs}");
    stage.stop().await;
    Ok(())
}

fn run(played: impl Future<Output = anyhow::Result<()>>) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime
        .block_on(played)
        .map_err(|error| TestCaseError::fail(format!("{error:#}")))
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn capture_promote_restore_capture_is_the_identity_for_generated_workspaces(
        numbers in prop::collection::vec(any::<u16>(), 40..160)
    ) {
        run(there_and_back(Dice::new(numbers)))?;
    }
}
