//! A wheel that a command builds when a package is made: refused until the repository and the daemon both allow it, never
//! for a pull request.

use hodman::config::{Config, Purpose};
use hodman::daemon::Daemon;
use hodman_core::settings::Settings;
use hodman_tests::harness::{Options, REPOSITORY, Scene, Secrets, Short};

async fn daemon(scene: &Scene) -> Daemon {
    let text = scene.config(Secrets::Inline, 0).replace(
        "branch: main}",
        "branch: main, builds: {allow: true, timeout: 1m}}",
    );
    let config = Config::read("the test's settings", &text, Purpose::Demo, |_| None)
        .unwrap_or_else(|found| panic!("{found}\n{text}"));
    assert!(config.pipelines[0].builds.allow);
    let daemon = Daemon::start(config, scene.clock.for_daemon(), Settings::default())
        .await
        .expect("hodman starts");
    scene.hook(&format!("http://{}/webhooks/github", daemon.address));
    daemon
}

fn on_main(scene: &Scene, path: &str, text: &str) {
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[(path, Some(text.as_bytes()))],
            "a change",
            "rita",
        )
        .expect("a commit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wheel_is_built_once_main_allows_it_and_is_part_of_the_package() {
    let scene = Scene::start(Options::short()).await;
    let bundle = scene
        .forge
        .read_file(REPOSITORY, "main", "databricks.yml")
        .expect("the bundle");
    let built = String::from_utf8(bundle).expect("text")
        + "\nartifacts:\n  lib:\n    type: whl\n    path: src\n    build: \
           mkdir -p ../dist && cat load.py > ../dist/lib-1.whl && env >> ../dist/lib-1.whl\n    \
           files: [{source: dist/*.whl}]\n";
    on_main(&scene, "databricks.yml", &built);
    let daemon = daemon(&scene).await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let refusal = short
        .wait("the refusal", async || {
            short.state().await.ok()?.inputs_error
        })
        .await
        .expect("a refusal");
    assert!(
        refusal
            .contains("`builds: allowed` stands in environments/policy.yaml on main (it does not)")
            && refusal.contains("`builds: {allow: true}` for pipeline shop (it says so)"),
        "{refusal}"
    );
    assert!(short.state().await.expect("a state").packages.is_empty());

    on_main(&scene, "environments/policy.yaml", "builds: allowed\n");
    let package = short.promote("qa").await.expect("qa");
    let state = short.state().await.expect("a state");
    let digest = &state.packages.last().expect("a package").digest;
    assert_eq!(digest.as_str(), package);
    let tree = daemon
        .parts()
        .work
        .packages
        .tree(digest)
        .await
        .expect("the package");
    let wheel = String::from_utf8(tree["dist/lib-1.whl"].bytes.to_vec()).expect("text");
    assert!(wheel.contains("SOURCE_DATE_EPOCH=315532800"), "{wheel}");
    assert!(
        !wheel.contains("CARGO"),
        "the daemon's environment is not the build's"
    );
    daemon.stop().await;
}
