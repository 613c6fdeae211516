//! A person looks at a pull request, approves and merges it.

use serde_json::Value;

use super::support::{REPO, Town};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_approves_and_merges_on_the_page_and_titles_are_escaped() {
    let town = Town::start().await;
    town.github
        .commit(REPO, "feature", &[("a", Some(b"x\n"))], "a", "ada")
        .expect("committed");
    town.github
        .open_pull(
            REPO,
            "feature",
            "main",
            "<script>alert(1)</script>",
            "see & judge",
            "ada",
        )
        .expect("opened");
    let (status, page) = town
        .send("GET", &format!("/{REPO}/pull/1"), "", &Value::Null)
        .await;
    assert_eq!(status, 200);
    assert!(
        page.contains("&lt;script&gt;") && !page.contains("<script>"),
        "{page}"
    );
    assert!(
        page.contains("see &amp; judge") && page.contains("+x"),
        "{page}"
    );

    assert_eq!(
        town.press("/pull/1/approve", &[("by", "ada")]).await,
        422,
        "her own"
    );
    assert_eq!(town.press("/pull/1/approve", &[("by", "bob")]).await, 303);
    assert_eq!(town.press("/pull/1/merge", &[("by", "nobody")]).await, 422);
    assert_eq!(town.press("/pull/1/merge", &[("by", "bob")]).await, 303);
    assert!(town.github.pull(REPO, 1).expect("there").merged);
    let (_, page) = town
        .send("GET", &format!("/{REPO}"), "", &Value::Null)
        .await;
    assert!(page.contains("merged"), "{page}");
}
