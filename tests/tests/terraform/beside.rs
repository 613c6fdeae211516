//! A directory that takes from beside it: another one that several share, and a file that is no text.

use hodman_tests::harness::{REPOSITORY, Scene, Short};

use super::bench::{Bench, KEPT, ONE};
use super::looks::{asked, drift, healthy};

/// `printf 'PK\003\004\377\376\000' | sha256sum`
const SHA256_OF_ARCHIVE: &str = "82ca491512263463755a7c5f6511714ea1d2acccbee31228650c3d958876108c";

/// What several directories share.
const NAMES: &str = r#"variable "of" { type = string }
output "name" { value = "shop-${var.of}" }
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lies_beside_a_directory_and_what_is_no_text_reach_it_as_they_are() {
    let bench = Bench::new();
    let scene = Scene::start(bench.options(ONE)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let text = format!(
        "{KEPT}module \"names\" {{\n  source = \"../names\"\n  of     = \"qa\"\n}}\nresource \"terraform_data\" \"beside\" {{\n  \
         input = [module.names.name, filesha256(\"${{path.module}}/archive.zip\")]\n}}\n"
    );
    let archive: &[u8] = &[0x50, 0x4b, 0x03, 0x04, 0xff, 0xfe, 0x00];
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[
                ("modules/names/main.tf", Some(NAMES.as_bytes())),
                ("modules/kept/main.tf", Some(text.as_bytes())),
                ("modules/kept/archive.zip", Some(archive)),
            ],
            "names are shared",
            "rita",
        )
        .expect("committed");
    let pull = asked(&short, &scene, &["terraform_data.beside"]).await;
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    let state = bench.state("one").expect("a state");
    let resources = state["resources"].as_array().expect("resources");
    let beside = resources.iter().find(|one| one["name"] == "beside");
    let input = &beside.expect("it is there")["instances"][0]["attributes"]["input"]["value"];
    assert_eq!(input[0], "shop-qa");
    assert_eq!(input[1], SHA256_OF_ARCHIVE);
    short.compared("qa").await.expect("compared");
    assert_eq!(drift(daemon.address).await["plan"], serde_json::Value::Null);

    // What is beside changes: the stack's plan says so.
    let other = NAMES.replace("shop-", "store-");
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[("modules/names/main.tf", Some(other.as_bytes()))],
            "another name",
            "rita",
        )
        .expect("committed");
    asked(&short, &scene, &["terraform_stacks.one", "store-qa"]).await;
    daemon.stop().await;
}
