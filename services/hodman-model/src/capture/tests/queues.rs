//! Jobs say whether they have a queue only where they have none: what a bundle says nothing of has one.

use super::started;

#[test]
fn a_job_without_a_queue_stays_without_one() {
    let mut project = started();
    project.edit_job(11, |settings| {
        settings.as_object_mut().unwrap().remove("queue");
    });
    let captured = project.capture();
    let text = |path: &str| String::from_utf8(captured.changes[path].clone().unwrap()).unwrap();
    let without = text("resources/nightly_load.job.yml");
    assert!(
        without.contains("\n      queue:\n        enabled: false\n"),
        "{without}"
    );
    assert!(!text("resources/all.job.yml").contains("queue"));
    project.merge_capture();
    let again = project.capture();
    assert!(again.changes.is_empty(), "{:?}", again.rows);
}
