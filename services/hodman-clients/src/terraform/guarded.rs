//! Files in a folder that a program may write that we do not trust: what was a file a moment ago may be a link out of it, a pipe that
//! nobody else opens, or larger than our memory. So no link is followed, and nothing is read or written but a file.

use std::fs::File;
use std::io::{Error, ErrorKind, Read as _, Result, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, open, openat, unlinkat};

/// Without following a link, and without waiting: a pipe would be opened when somebody else opens it, which may be never.
const CAREFUL: OFlags = OFlags::NOFOLLOW
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// Reads a file of at most so many bytes. Neither it nor the folder that it lies in may be a link; what is above that is ours.
pub(super) fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    let (folder, name) = folder(path)?;
    let file = a_file(openat(
        folder,
        name,
        OFlags::RDONLY | CAREFUL,
        Mode::empty(),
    )?)?;
    let mut bytes = Vec::new();
    if file.metadata()?.len() <= most {
        // One that grows meanwhile is seen, too.
        file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 <= most {
            return Ok(bytes);
        }
    }
    Err(Error::new(
        ErrorKind::FileTooLarge,
        format!("it has more than {most} bytes"),
    ))
}

/// Takes a file away; with the same folders.
pub(super) fn remove(path: &Path) -> Result<()> {
    let (folder, name) = folder(path)?;
    Ok(unlinkat(folder, name, AtFlags::empty())?)
}

/// Writes a file, which may be there already, readable by us alone. The folder that it lies in is ours.
pub(super) fn write(path: &Path, content: &[u8], runs: bool) -> Result<()> {
    let mode = if runs {
        Mode::RWXU
    } else {
        Mode::RUSR | Mode::WUSR
    };
    let how = OFlags::WRONLY | OFlags::CREATE | CAREFUL;
    let mut file = a_file(open(path, how, mode)?)?;
    // Not before it is seen what it is.
    file.set_len(0)?;
    file.write_all(content)
}

/// Opens a file that is locked, and leaves what is in it.
pub(super) fn lock_file(path: &Path) -> Result<File> {
    let how = OFlags::RDWR | OFlags::CREATE | CAREFUL;
    a_file(open(path, how, Mode::RUSR | Mode::WUSR)?)
}

fn a_file(opened: OwnedFd) -> Result<File> {
    let file = File::from(opened);
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(Error::new(ErrorKind::InvalidInput, "it is no file")),
    }
}

/// The folder that it lies in, and its name there.
fn folder(path: &Path) -> Result<(OwnedFd, &std::ffi::OsStr)> {
    let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Error::new(ErrorKind::InvalidInput, "it lies in no folder"));
    };
    let how = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok((open(above, how, Mode::empty())?, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    const OURS: &[u8] = b"all that we know";

    /// A file of ours, and a folder that others write.
    fn folders() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
        fs::create_dir(&ours).unwrap();
        fs::create_dir(&theirs).unwrap();
        fs::write(ours.join("file"), OURS).unwrap();
        (folder, ours.join("file"), theirs)
    }

    fn pipe(at: &Path) {
        let made = std::process::Command::new("mkfifo").arg(at).status();
        assert!(made.unwrap().success());
    }

    #[test]
    fn a_file_of_ours_is_neither_read_nor_written_nor_removed_through_a_link() {
        let (_folder, ours, theirs) = folders();
        symlink(&ours, theirs.join("link")).unwrap();
        symlink(ours.parent().unwrap(), theirs.join("above")).unwrap();
        for path in [theirs.join("link"), theirs.join("above/file")] {
            read(&path, 100).unwrap_err();
        }
        write(&theirs.join("link"), b"", false).unwrap_err();
        lock_file(&theirs.join("link")).unwrap_err();
        remove(&theirs.join("above/file")).unwrap_err();
        // The link itself is theirs.
        remove(&theirs.join("link")).unwrap();
        assert_eq!(fs::read(&ours).unwrap(), OURS);
        fs::remove_file(theirs.join("above")).unwrap();
        // Nor is one made where a link leads to nothing.
        let nothing = ours.with_file_name("nothing");
        symlink(&nothing, theirs.join("link")).unwrap();
        write(&theirs.join("link"), OURS, false).unwrap_err();
        lock_file(&theirs.join("link")).unwrap_err();
        assert!(!nothing.exists());
    }

    #[test]
    fn a_pipe_is_not_waited_for_and_what_is_too_large_is_not_read() {
        let (_folder, ours, theirs) = folders();
        pipe(&theirs.join("pipe"));
        for path in [theirs.join("pipe"), theirs.clone(), "/dev/zero".into()] {
            read(&path, 100).unwrap_err();
            write(&path, b"", false).unwrap_err();
            lock_file(&path).unwrap_err();
        }
        let length = OURS.len() as u64;
        assert_eq!(read(&ours, length).unwrap(), OURS);
        let large = read(&ours, length - 1).unwrap_err();
        assert_eq!(large.kind(), ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_file_is_written_over_and_locking_one_leaves_what_is_in_it() {
        let (_folder, ours, theirs) = folders();
        lock_file(&ours).unwrap().try_lock().unwrap();
        assert_eq!(read(&ours, 100).unwrap(), OURS);
        write(&ours, b"less", false).unwrap();
        assert_eq!(read(&ours, 100).unwrap(), b"less");
        write(&theirs.join("new"), b"new", true).unwrap();
        assert_eq!(read(&theirs.join("new"), 100).unwrap(), b"new");
        remove(&theirs.join("new")).unwrap();
        let gone = read(&theirs.join("new"), 100).unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::NotFound);
    }
}
