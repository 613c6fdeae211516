use super::Fixture;
use super::sample::{at, start};

pub async fn a_blob_is_kept_under_its_digest(fixture: &Fixture) {
    let store = &fixture.store;
    let plan: Vec<u8> = (0..300_000u32).map(|byte| byte as u8).collect();
    assert_eq!(store.get_blob("plan", "sha256:1").await.unwrap(), None);
    store
        .put_blob("plan", "sha256:1", &plan, start())
        .await
        .unwrap();
    store
        .put_blob("plan", "sha256:1", &plan, start())
        .await
        .unwrap();
    store
        .put_blob("package", "sha256:1", b"", start())
        .await
        .unwrap();
    assert_eq!(
        store.get_blob("plan", "sha256:1").await.unwrap(),
        Some(plan)
    );
    assert_eq!(
        store.get_blob("package", "sha256:1").await.unwrap(),
        Some(Vec::new())
    );
    assert_eq!(store.get_blob("plan", "sha256:2").await.unwrap(), None);
    // What is forgotten can be put anew, and nothing else goes along.
    store.forget_blob("plan", "sha256:1").await.unwrap();
    store.forget_blob("plan", "sha256:9").await.unwrap();
    assert_eq!(store.get_blob("plan", "sha256:1").await.unwrap(), None);
    for (kind, digest, ms) in [("plan", "old", 1), ("plan", "new", 2), ("other", "old", 1)] {
        store.put_blob(kind, digest, b"x", at(ms)).await.unwrap();
    }
    let before = at(2);
    assert_eq!(store.forget_blobs("plan", before).await.unwrap(), 1);
    assert_eq!(store.get_blob("plan", "old").await.unwrap(), None);
    for (kind, digest) in [("plan", "new"), ("other", "old"), ("package", "sha256:1")] {
        assert!(store.get_blob(kind, digest).await.unwrap().is_some());
    }
}
