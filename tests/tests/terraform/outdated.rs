//! What a stack was applied with last, when there was nothing to do for what it is told now: it is remembered, and where it was not,
//! it stands in nobody's way.

use hodman_tests::harness::{Options, REPOSITORY, Scene, Short};
use serde_json::Value;

use super::bench::{Bench, KEPT, KEPT_MODULE, ONE, real};
use super::looks::{asked, change, commit, explained, healthy, keep_record, record};
use super::policy::checked;

const MAIN: &str = "modules/kept/main.tf";
const MODULE: &str = "modules/kept/module.yaml";

/// The same for a Terraform of this year, with a variable that nothing takes.
fn of(year: u32) -> String {
    format!(
        "# for the one of {year}\n{KEPT}\nvariable \"year\" {{\n  type    = number\n  default = 0\n}}\n"
    )
}

fn module(year: u32) -> String {
    let input = format!("inputs:\n  year: {{type: integer, default: {year}}}\n");
    KEPT_MODULE.replace("inputs:\n", &input)
}

fn files(year: u32) -> Vec<(&'static str, String)> {
    vec![(MAIN, of(year)), (MODULE, module(year))]
}

fn told(scene: &Scene, year: u32) {
    let files = files(year);
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    commit(scene, &files);
}

impl Bench {
    /// Somebody installs another Terraform: as Terraform does, it refuses directories that ask for one before this year.
    pub fn install(&self, year: u32) {
        let refused: Vec<String> = (2020..year)
            .map(|year| format!("for the one of {year}$"))
            .collect();
        let text = format!(
            "#!/bin/sh\nif [ \"$1\" = init ] && grep -qE '{refused}' main.tf; then echo 'Error: Unsupported Terraform Core version' >&2; exit 1; fi\n\
             exec {program} \"$@\"\n",
            refused = refused.join("|"),
            program = real().display(),
        );
        let new = self.path("new");
        std::fs::write(&new, text).expect("a program");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&new, mode).expect("may be run");
        std::fs::rename(new, self.program()).expect("installed");
    }
}

/// The year that a stack is remembered with, by its files and by its variables.
async fn remembered(scene: &Scene) -> (bool, Value) {
    let made = record(scene, "one").await["made"].take();
    let year = made["variables"]["year"].clone();
    let sources = made["sources"].as_str().expect("files");
    (sources.contains(&format!("for the one of {year}")), year)
}

/// A world in which the stack is told what it was in 2021.
async fn begun(bench: &Bench) -> Scene {
    Scene::start(begun_with(bench)).await
}

fn begun_with(bench: &Bench) -> Options {
    let mut options = bench.options(ONE);
    for (path, text) in &mut options.files {
        let first = files(2021).into_iter().find(|(name, _)| name == path);
        if let Some((_, first)) = first {
            *text = first.leak();
        }
    }
    options
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_stack_is_told_is_remembered_also_when_nothing_is_to_be_done_and_stands_in_no_way() {
    let bench = Bench::new();
    let scene = begun(&bench).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("made");
    assert_eq!(remembered(&scene).await, (true, 2021.into()));
    let before = record(&scene, "one").await;
    let serial = bench.state("one").expect("a state")["serial"].clone();

    // Words, and a variable that nothing takes.
    told(&scene, 2022);
    let pull = short.proposed("qa").await.expect("another package");
    assert!(!pull.body.contains("terraform_stacks"), "{}", pull.body);
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    assert_eq!(remembered(&scene).await, (true, 2022.into()));
    assert_eq!(bench.state("one").expect("a state")["serial"], serial);

    // Another Terraform, which takes no files but the newest.
    bench.install(2023);
    told(&scene, 2023);
    let pull = short.proposed("qa").await.expect("a third package");
    assert!(!pull.body.contains("terraform_stacks"), "{}", pull.body);
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    assert_eq!(remembered(&scene).await, (true, 2023.into()));

    // As a hodman remembered it that did not note that.
    keep_record(&scene, "one", &before).await;
    change(&scene, "{size: 1}", "{size: 2}");
    let pull = asked(&short, &scene, &["input.size: 2"]).await;
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    assert_eq!(remembered(&scene).await, (true, 2023.into()));

    keep_record(&scene, "one", &before).await;
    let pull = short.destroy("qa").await.expect("destroyed");
    assert!(pull.body.contains("terraform_data.kept"), "{}", pull.body);
    assert_eq!(bench.resources("one"), [""; 0]);
    assert_eq!(record(&scene, "one").await, Value::Null);
    let folder = scene.data().join("terraform/hodman-shop-qa-one");
    assert!(!folder.exists(), "it needs no folder any more");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_a_pull_request_that_nobody_merged_are_run_for_nothing_else() {
    let bench = Bench::new();
    let mut options = begun_with(&bench);
    options
        .files
        .push(("environments/policy.yaml", "terraform_plans: allowed\n"));
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("made");
    bench.install(2023);

    let stolen = bench.path("stolen");
    let provisioner = format!(
        "resource \"terraform_data\" \"kept\" {{\n  provisioner \"local-exec\" {{\n    when = destroy\n    command = \"touch {}\"\n  }}\n",
        stolen.display()
    );
    let text = of(2023).replace("resource \"terraform_data\" \"kept\" {\n", &provisioner);
    assert_ne!(text, of(2023));
    let module = module(2023);
    let files = [
        (MAIN, Some(text.as_bytes())),
        (MODULE, Some(module.as_bytes())),
    ];
    let forge = &scene.forge;
    forge
        .commit(REPOSITORY, "more", &files, "more", "mallory")
        .expect("committed");
    let number = forge.open_pull(REPOSITORY, "more", "main", "more", "", "mallory");
    let (_, summary) = checked(&scene, &short, number.expect("a pull request")).await;
    assert!(
        summary.contains("Nothing is approved by this"),
        "it is looked at by them: {summary}"
    );

    let call = "modules:\n  one:\n    module: kept\n    inputs: {size: 1}\n";
    change(&scene, call, "");
    explained(&short, &scene, "Unsupported Terraform Core").await;
    assert!(!stolen.exists());
    assert_eq!(bench.resources("one"), ["terraform_data.kept"]);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wanted_now_is_not_taken_for_another_state_in_place_of_what_was_applied() {
    let bench = Bench::new();
    let scene = begun(&bench).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("made");
    let mut other = bench.state("one").expect("a state");
    other["lineage"] = "4c9f4a2e-0000-0000-0000-000000000000".into();
    let file = bench.path("hodman-shop-qa-one.tfstate");
    std::fs::write(&file, other.to_string()).expect("another one");
    bench.install(2023);
    told(&scene, 2023);
    let words = explained(&short, &scene, "Unsupported Terraform Core").await;
    assert!(words.contains("init failed"), "{words}");
    daemon.stop().await;
}
