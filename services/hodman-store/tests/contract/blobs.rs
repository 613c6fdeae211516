use super::Fixture;
use super::sample::start;

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
}
