//! Where captured files lie in the repository: no two at one place, whatever file system the repository is cloned to.

use std::collections::BTreeSet;

use super::paths::in_repo;
use crate::bundle::Language;

/// The places that are taken. Windows and macOS take `Load.py` and `load.py` for one file.
pub(super) struct Places {
    /// Files, in lower case.
    files: BTreeSet<String>,
    /// The folders that they lie in, in lower case.
    folders: BTreeSet<String>,
}

impl Places {
    /// Those of files that have one already.
    pub fn of<'a>(files: impl Iterator<Item = &'a str>) -> Self {
        let mut places = Self {
            files: BTreeSet::new(),
            folders: BTreeSet::new(),
        };
        files.for_each(|file| places.take(file));
        places
    }

    /// A place for the workspace's file at `path`, which is taken from now on: the one below its named folder; where
    /// another file has that, the one that its whole path makes; else a number tells them apart. `occupied` says
    /// what must not be used though no captured file is there.
    pub fn free(
        &mut self,
        path: &str,
        roots: &[String],
        language: Option<Language>,
        occupied: &dyn Fn(&str) -> bool,
    ) -> String {
        let (short, whole) = (in_repo(path, roots, language), in_repo(path, &[], language));
        let numbered = (2..).map(|number| with_number(&whole, number));
        let mut wanted = [short, whole.clone()].into_iter().chain(numbered);
        let place = wanted.find(|place| self.is_free(place) && !occupied(place));
        // The numbers do not end before the taken places do.
        let place = place.unwrap_or(whole);
        self.take(&place);
        place
    }

    /// Takes that very place, when it is free; gives whether it was.
    pub fn claim(&mut self, place: &str) -> bool {
        let free = self.is_free(place);
        if free {
            self.take(place);
        }
        free
    }

    fn take(&mut self, place: &str) {
        let place = place.to_lowercase();
        self.folders.extend(folders(&place).map(str::to_owned));
        self.files.insert(place);
    }

    fn is_free(&self, place: &str) -> bool {
        let place = place.to_lowercase();
        !self.files.contains(&place)
            && !self.folders.contains(&place)
            && !folders(&place).any(|folder| self.files.contains(folder))
    }
}

/// The folders that a path lies in.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(slash, _)| &path[..slash])
}

/// `src/load.py` becomes `src/load_2.py`.
fn with_number(place: &str, number: u32) -> String {
    let name = place.rfind('/').map_or(0, |slash| slash + 1);
    match place[name..].rfind('.').filter(|dot| *dot > 0) {
        Some(dot) => {
            let (stem, extension) = place.split_at(name + dot);
            format!("{stem}_{number}{extension}")
        }
        None => format!("{place}_{number}"),
    }
}

/// The longest name that file systems take, in bytes.
const LONGEST: usize = 255;

/// Why Git, or a clone of it, cannot hold a file at that place.
pub(super) fn unholdable(place: &str) -> Option<&'static str> {
    place.split('/').find_map(|name| {
        // Windows drops dots and spaces at the end, and takes what follows a colon for a stream of the same file.
        let plain = name.split(':').next().unwrap_or(name);
        let plain = plain.trim_end_matches(['.', ' ']).to_lowercase();
        match plain.as_str() {
            ".git" | "git~1" => Some("Git keeps the name `.git` for itself"),
            "" => Some("a name of nothing but dots and spaces means another folder"),
            _ if name.contains('\\') => Some("a backslash in a name parts folders on Windows"),
            _ if name.chars().any(char::is_control) => Some("a name has a control character"),
            _ if name.len() > LONGEST => Some("a name is longer than 255 bytes"),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_is_where_another_or_a_folder_is() {
        let mut places = Places::of(["src/x/load.py", "src/data"].into_iter());
        let roots = ["/Shared/team".to_owned()];
        let mut free = |path: &str, language| places.free(path, &roots, language, &|_| false);
        assert_eq!(free("/Shared/team/x/load.py", None), "src/team/x/load.py");
        assert_eq!(free("/Shared/team/X/Load.py", None), "src/team/X/Load_2.py");
        assert_eq!(free("/Shared/team/data/a", None), "src/team/data/a");
        assert_eq!(free("/Shared/team/x", None), "src/team/x_2");
        assert_eq!(free("/Shared/team/.env", None), "src/.env");
        assert_eq!(with_number("src/a.b/.env", 2), "src/a.b/.env_2");
        assert_eq!(with_number("src/a.b/c", 3), "src/a.b/c_3");
    }

    #[test]
    fn what_git_cannot_hold_is_known() {
        for place in [
            "src/.git/config",
            "src/.GIT. /x",
            "src/git~1",
            "src/../x",
            "src/a\\b",
            "src/a\nb",
            "src//x",
        ] {
            assert!(unholdable(place).is_some(), "{place:?}");
        }
        for place in ["src/.gitignore", "src/a b.py", "src/git/x", "src/größe.sql"] {
            assert_eq!(unholdable(place), None, "{place:?}");
        }
        assert!(unholdable(&format!("src/{}", "x".repeat(256))).is_some());
    }
}
