//! Which paths a package may hold.

/// A path that could mean something else than a file below the package's root.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` is not a plain path inside a package")]
pub struct InvalidPath {
    /// The path, made printable.
    pub path: String,
}

/// The longest path, in bytes: what Linux takes.
const LONGEST: usize = 4096;

/// Refuses absolute paths, `.` and `..`, empty parts and NUL.
pub(super) fn check(path: &str) -> Result<(), InvalidPath> {
    let plain = !path.is_empty()
        && path.len() < LONGEST
        && !path.contains('\0')
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if plain {
        Ok(())
    } else {
        Err(InvalidPath {
            path: path
                .chars()
                .take(200)
                .collect::<String>()
                .escape_debug()
                .to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_pass() {
        for good in ["a", "a/b.c", ".gitignore", "ü/ x", "..a/b.."] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "/a",
            "a/",
            "a//b",
            "./a",
            "a/./b",
            "../a",
            "a/..",
            "a\0b",
            &"a/".repeat(3000),
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
