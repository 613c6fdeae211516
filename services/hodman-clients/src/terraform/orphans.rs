//! What a Terraform left at work that died without a word, killed for want of memory, say: its providers hold the lock of its folder as
//! it did, and nobody hears any more what they would still say.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use rustix::process::{Pid, Signal, getpgrp, kill_process_group};

/// Ends those that hold `lock` as their standard input, as whatever runs in a folder does, and whose Terraform is gone. Every Terraform
/// leads a group of its own; while one of the group lives, the system gives its number to nobody else.
pub(super) fn end(lock: &Path) {
    let (Ok(lock), Ok(all)) = (lock.canonicalize(), fs::read_dir("/proc")) else {
        return;
    };
    let holders = all.flatten().filter_map(|entry| {
        // Those of others cannot be looked at, and hold no lock of ours.
        let input = fs::read_link(entry.path().join("fd/0")).ok()?;
        (input == lock).then(|| group(&entry.path()))?
    });
    for leader in holders.collect::<HashSet<_>>() {
        if leader == getpgrp()
            || group(Path::new(&format!("/proc/{}", leader.as_raw_pid()))).is_some()
        {
            continue;
        }
        tracing::warn!(
            group = leader.as_raw_pid(),
            "providers are ended whose Terraform is gone"
        );
        // They may have ended by themselves.
        let _ = kill_process_group(leader, Signal::KILL);
    }
}

/// The group of a process that is alive.
fn group(process: &Path) -> Option<Pid> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    // Its name comes before, in brackets, and may have anything in it.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut words = rest.split(' ');
    let is_gone = matches!(words.next()?, "Z" | "X");
    let group = words.nth(1)?.parse().ok()?;
    (!is_gone).then(|| Pid::from_raw(group))?
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt as _;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use super::super::{PlanKey, Workdir};

    /// A run with something that works for it, and what became of the leader.
    fn run(workdir: &Workdir, ends: &str) -> Child {
        // What is put into the background reads nothing, unless it is told.
        let words = format!("exec 3<&0; sleep 600 <&3 & {ends}");
        Command::new("sh")
            .args(["-c", &words])
            .process_group(0)
            .stdin(workdir.input().expect("a lock"))
            .stdout(Stdio::null())
            .spawn()
            .expect("a shell")
    }

    #[test]
    fn providers_whose_terraform_is_gone_hold_no_folder_and_one_that_lives_does() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("net");
        let key = PlanKey::new([7; 32]);
        let alone = || Workdir::alone(&root, "net", [], &key).expect("looked at");
        let workdir = alone().expect("free");
        let mut living = run(&workdir, "wait");
        drop(workdir);
        // Were its group killed, the folder would be free some looks later.
        for _ in 0..200 {
            assert!(alone().is_none(), "it is left alone");
        }
        assert_eq!(living.try_wait().expect("asked"), None, "it is left alone");

        // It alone dies; what it began stays.
        living.kill().expect("killed");
        living.wait().expect("gone");
        let began = Instant::now();
        while alone().is_none() {
            assert!(began.elapsed() < Duration::from_secs(60), "it is held");
            std::thread::yield_now();
        }
    }
}
