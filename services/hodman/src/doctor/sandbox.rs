//! What a sandbox of the machine is shown, as far as its words tell: bubblewrap's, those of programs that run containers, and any
//! `FROM:TO`.

use std::path::{Path, PathBuf};

/// One part of the file system of a sandbox.
struct Mount {
    /// What of the machine is there; none for nothing.
    from: Option<PathBuf>,
    at: PathBuf,
}

impl Mount {
    /// `FROM:TO`, or one place for both.
    fn of(words: &str) -> Self {
        let mut parts = words.split([':', ',']);
        let from = parts.next().unwrap_or_default();
        let to = parts.next().filter(|to| to.starts_with('/'));
        Self {
            from: Some(from.into()),
            at: to.unwrap_or(from).into(),
        }
    }

    fn nothing(at: &str) -> Self {
        Self {
            from: None,
            at: at.into(),
        }
    }

    /// `type=bind,source=FROM,target=TO`.
    fn said(words: &str) -> Self {
        let field = |names: [&str; 3]| {
            let mut fields = words.split(',').filter_map(|word| word.split_once('='));
            fields.find_map(|(name, value)| names.contains(&name).then_some(value))
        };
        Self {
            from: field(["source", "src", "from"]).map(PathBuf::from),
            at: field(["target", "destination", "dst"])
                .unwrap_or_default()
                .into(),
        }
    }
}

/// Whether a folder is to be seen in the sandbox: by itself or in one that it lies in, and not behind something else.
pub(super) fn shows(wrapper: &[String], folder: &Path) -> bool {
    let mut mounts = mounts(wrapper);
    let is_bubblewrap = |word: &String| Path::new(word).file_name() == Some("bwrap".as_ref());
    if !wrapper.iter().any(is_bubblewrap) {
        // That one lays them over each other in the order of its words; the others begin with the outermost.
        mounts.sort_by_key(|mount| mount.at.components().count());
    }
    let mut places: Vec<PathBuf> = Vec::new();
    for Mount { from, at } in mounts {
        places.retain(|place| !place.starts_with(&at));
        let inside = from.and_then(|from| folder.strip_prefix(from).ok());
        places.extend(inside.map(|inside| at.join(inside)));
    }
    !places.is_empty()
}

/// In the order of the words.
fn mounts(wrapper: &[String]) -> Vec<Mount> {
    let mut found = Vec::new();
    let mut words = wrapper.iter().map(String::as_str).peekable();
    while let Some(word) = words.next() {
        let option = word.split_once('=');
        // `BindPaths=` is systemd's.
        let option = option.filter(|(name, _)| name.starts_with('-') || name.starts_with("Bind"));
        let (name, mut said) = match option {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        let has_value = said.is_some();
        let mut next = || {
            let more = || words.next_if(|word| !word.starts_with('-'));
            said.take().or_else(more).unwrap_or_default()
        };
        match name {
            "--bind" | "--ro-bind" | "--dev-bind" | "--bind-try" | "--ro-bind-try"
            | "--dev-bind-try"
                if !has_value =>
            {
                let (from, at) = (Some(next().into()), next().into());
                found.push(Mount { from, at });
            }
            "--tmpfs" => {
                let at = next().split(':').next().unwrap_or_default();
                found.push(Mount::nothing(at));
            }
            "-v" | "--volume" => match next() {
                of if of.contains(':') => found.push(Mount::of(of)),
                // A volume of its own.
                at => found.push(Mount::nothing(at)),
            },
            "--mount" => found.push(Mount::said(next())),
            // What is made in the sandbox, or is no place to be shown. A `--dir` leaves what is there already.
            "--dir" | "--proc" | "--dev" | "--mqueue" | "--remount-ro" | "--chdir"
            | "--workdir" | "-w" | "--env" | "-e" | "--entrypoint" => {
                next();
            }
            "--symlink" | "--setenv" | "--file" | "--bind-data" | "--ro-bind-data" | "--chmod" => {
                next();
                next();
            }
            _ if has_value => found.extend(some(next())),
            _ => found.extend(some(word)),
        }
    }
    found
}

/// What words of an option that is not known may show.
fn some(words: &str) -> Option<Mount> {
    words.starts_with('/').then(|| Mount::of(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(wrapper: &str) -> bool {
        let words: Vec<String> = wrapper.split(' ').map(str::to_owned).collect();
        shows(&words, Path::new("/var/lib/hodman/providers"))
    }

    #[test]
    fn a_folder_is_seen_where_something_above_it_is_shown() {
        for wrapper in [
            "bwrap --bind / /",
            "bwrap --ro-bind /var/lib /var/lib --tmpfs /tmp",
            "bwrap --tmpfs /var/lib/hodman --ro-bind /var /var",
            "bwrap --dev-bind-try /var/lib/hodman/providers /cache",
            // Seen elsewhere, and covered only where it is not.
            "bwrap --bind /var /host --tmpfs /var/lib/hodman",
            // It leaves what is there.
            "bwrap --bind / / --dir /var/lib/hodman",
            "docker run --rm -v /var/lib/hodman:/data:ro -w / hashicorp/terraform",
            "podman run --volume=/:/host image",
            "docker run --mount type=bind,source=/var/lib,target=/state image",
            "nsjail -R /var -- ",
            "firejail --whitelist=/var/lib/hodman/providers",
            "systemd-run -p BindReadOnlyPaths=/var/lib:/x",
        ] {
            assert!(shown(wrapper), "{wrapper}");
        }
    }

    #[test]
    fn it_is_not_seen_where_only_others_are_shown_or_nothing_lies_over_it() {
        for wrapper in [
            "/usr/bin/bwrap --ro-bind /var /var --tmpfs /var/lib/hodman",
            "bwrap --bind / / --ro-bind /srv/empty /var/lib/hodman/providers",
            "bwrap --bind /var/lib/hodman/providers-unmerged /var/lib/hodman/providers-unmerged",
            // Something else is there in its place.
            "bwrap --bind /srv /var/lib/hodman/providers --chdir /var/lib/hodman/providers",
            "bwrap --ro-bind /usr /usr --dir /var/lib/hodman/providers --chdir / --symlink / /root",
            "docker run --tmpfs=/var/lib/hodman -v /var:/var image",
            "docker run -v /srv/cache:/var/lib/hodman/providers --workdir=/var/lib/hodman/providers image",
            "docker run -v /var/lib/hodman/providers image",
            "docker run --mount type=tmpfs,destination=/var/lib/hodman -e X=/ image",
            "env HOME=/ bwrap --proc /proc --dev /dev",
            "",
        ] {
            assert!(!shown(wrapper), "{wrapper}");
        }
    }
}
