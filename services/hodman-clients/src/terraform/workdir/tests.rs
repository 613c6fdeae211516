use super::*;
use secrecy::ExposeSecret as _;

const STATE: &str = "hodman-canary-5ecret-DO-NOT-LEAK";

fn key() -> PlanKey {
    PlanKey::new([7; 32])
}

/// The state that lies beside `root`, opened, once it is seen that it lies there in no other way.
fn left(root: &Path) -> Option<String> {
    let left = LeftState::of(root);
    let sealed = left.sealed().unwrap()?;
    assert!(!String::from_utf8_lossy(&sealed).contains("canary"));
    let beside = std::fs::read_dir(root.parent().unwrap()).unwrap();
    let clear = beside.flatten().any(|entry| {
        let found = std::fs::read(entry.path());
        found.is_ok_and(|bytes| bytes == STATE.as_bytes())
    });
    assert!(!clear);
    let name = root.file_name().unwrap().to_str().unwrap();
    let state = LeftState::open(name, &sealed, &key()).unwrap();
    assert!(LeftState::open("another", &sealed, &key()).is_err());
    left.remove().unwrap();
    Some(state.expose_secret().to_owned())
}

#[test]
fn a_folder_is_one_runs_at_a_time_and_a_state_left_there_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("shop.qa.net");
    let alone = || Workdir::alone(&root, "modules/net", [], &key()).unwrap();
    let first = alone().unwrap();
    assert!(alone().is_none());
    // As a program has it that outlives us.
    let held = first.lock.as_ref().unwrap().try_clone().unwrap();
    first.may_leave_state().unwrap();
    std::fs::write(first.directory().join(ERRORED), STATE).unwrap();
    drop(first);
    assert!(alone().is_none());
    drop(held);
    let again = alone().unwrap();
    assert!(!again.directory().join(ERRORED).exists());
    assert_eq!(left(&root).as_deref(), Some(STATE));
}

#[test]
fn what_is_only_called_as_a_state_that_was_left_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("shop.qa.net");
    let files = [
        ("modules/net/errored.tfstate", b"{}".as_slice(), false),
        ("modules/net/test/errored.tfstate", b"{}".as_slice(), false),
    ];
    let alone = || {
        Workdir::alone(&root, "modules/net", files, &key())
            .unwrap()
            .unwrap()
    };
    let first = alone();
    assert!(!first.directory().join(ERRORED).exists());
    // As a program may that only plans, also after one that applied.
    std::fs::write(first.directory().join(ERRORED), "{}").unwrap();
    drop(first);
    drop(alone());
    assert_eq!(left(&root), None);
}

#[test]
fn a_state_is_sealed_when_its_command_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("shop.qa.net");
    let workdir = Workdir::new(&root, "modules/net", []).unwrap();
    assert!(!workdir.keep_left(&key()).unwrap());
    workdir.may_leave_state().unwrap();
    assert!(!workdir.keep_left(&key()).unwrap());
    let clear = workdir.directory().join(ERRORED);
    std::fs::write(&clear, STATE).unwrap();
    assert!(workdir.keep_left(&key()).unwrap());
    assert!(!clear.exists());
    assert_eq!(left(&root).as_deref(), Some(STATE));
}

#[test]
fn whoever_runs_there_does_not_say_where_a_state_was_left() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join(ERRORED), "all that knows what was made").unwrap();
    let root = folder.path().join("shop.qa.net");
    let alone = || {
        Workdir::alone(&root, "modules/net", [], &key())
            .unwrap()
            .expect("it is free")
    };
    let run = alone();
    // As a program may that only plans.
    std::fs::write(run.beside(MAY_LEAVE), other.as_os_str().as_bytes()).unwrap();
    drop(run);
    drop(alone());
    assert!(other.join(ERRORED).exists());
    assert_eq!(left(&root), None);
}

#[test]
fn folders_in_which_nobody_is_at_work_are_swept_and_states_in_them_kept() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        Workdir::sweep(&folder.path().join("none"), &key()).unwrap(),
        0
    );
    let root = |name: &str| folder.path().join(name);
    let alone = |name: &str| {
        Workdir::alone(&root(name), "net", [], &key())
            .unwrap()
            .unwrap()
    };
    let (busy, over) = (alone("busy"), alone("left"));
    std::fs::write(over.beside(PLAN_FILE), "secret").unwrap();
    over.may_leave_state().unwrap();
    std::fs::write(over.directory().join(ERRORED), STATE).unwrap();
    drop(over);
    assert_eq!(Workdir::sweep(folder.path(), &key()).unwrap(), 1);
    assert!(busy.directory().exists() && !root("left").exists());
    assert_eq!(left(&root("left")).as_deref(), Some(STATE));
    drop(busy);
    assert_eq!(Workdir::sweep(folder.path(), &key()).unwrap(), 1);
    assert!(!root("busy").exists());
}

#[test]
fn a_state_that_an_older_version_kept_in_clear_is_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("shop.qa.net");
    std::fs::write(beside(&root, ERRORED), STATE).unwrap();
    drop(Workdir::alone(&root, "modules/net", [], &key()).unwrap());
    assert!(!beside(&root, ERRORED).exists());
    assert_eq!(left(&root).as_deref(), Some(STATE));
}
