//! Wheels by their names: `sales-1.2.0-py3-none-any.whl`.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// `files` with one wheel of each distribution, the newest, where the first of them stood. As the Databricks CLI does it: what an
/// earlier build left in `dist` is no library.
pub(super) fn newest(files: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(files.len());
    let mut at: BTreeMap<String, usize> = BTreeMap::new();
    for file in files {
        let Some((distribution, version)) = parse(&file) else {
            kept.push(file);
            continue;
        };
        match at.get(distribution) {
            None => {
                at.insert(distribution.to_owned(), kept.len());
                kept.push(file);
            }
            Some(index) => {
                let before = parse(&kept[*index]).map_or("", |(_, version)| version);
                if compare(version, before) == Ordering::Greater {
                    kept[*index] = file;
                }
            }
        }
    }
    kept
}

/// The extras behind a wheel's path, brackets included; empty where there are none.
pub(super) fn extras(path: &str) -> &str {
    match path.rfind(".whl[") {
        Some(end) if path.ends_with(']') => &path[end + ".whl".len()..],
        _ => "",
    }
}

/// The distribution and version of a wheel; none for what has no such name.
fn parse(path: &str) -> Option<(&str, &str)> {
    let name = path.rsplit('/').next()?.strip_suffix(".whl")?;
    let parts: Vec<&str> = name.split('-').collect();
    match parts.as_slice() {
        [distribution, version, _, _, _] | [distribution, version, _, _, _, _] => {
            Some((*distribution, *version))
        }
        _ => None,
    }
}

/// Numbers as numbers, what is between them as text; the longer one is newer where all else is equal.
fn compare(one: &str, other: &str) -> Ordering {
    let (mut ones, mut others) = (tokens(one), tokens(other));
    loop {
        let order = match (ones.next(), others.next()) {
            (None, None) => return Ordering::Equal,
            (Some(_), None) => return Ordering::Greater,
            (None, Some(_)) => return Ordering::Less,
            (Some(one), Some(other)) => match (number(one), number(other)) {
                (Some(one), Some(other)) => one.len().cmp(&other.len()).then(one.cmp(other)),
                _ => one.cmp(other),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// A number of any length, without zeros before it.
fn number(token: &str) -> Option<&str> {
    let is_number = token.starts_with(|first: char| first.is_ascii_digit());
    is_number.then(|| token.trim_start_matches('0'))
}

fn tokens(version: &str) -> impl Iterator<Item = &str> {
    let mut rest = version;
    std::iter::from_fn(move || {
        let is_digit = rest.chars().next()?.is_ascii_digit();
        let end = rest
            .find(|next: char| next.is_ascii_digit() != is_digit)
            .unwrap_or(rest.len());
        let (token, after) = rest.split_at(end);
        rest = after;
        Some(token)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_distribution_the_newest_is_taken() {
        let files = [
            "dist/sales-1.2.3-py3-none-any.whl",
            "dist/other.whl",
            "dist/sales-1.2.10-py3-none-any.whl",
            "dist/sales-1.02.9-1-py3-none-any.whl",
            "dist/more-1.0-py3-none-any.whl",
            "dist/more-1.0+17-py3-none-any.whl",
            "dist/x.jar",
        ];
        assert_eq!(
            newest(files.map(str::to_owned).to_vec()),
            [
                "dist/sales-1.2.10-py3-none-any.whl",
                "dist/other.whl",
                "dist/more-1.0+17-py3-none-any.whl",
                "dist/x.jar"
            ]
        );
    }

    #[test]
    fn extras_stand_behind_a_wheel() {
        assert_eq!(extras("dist/*.whl[dev,test]"), "[dev,test]");
        for none in ["dist/*.whl", "dist/a[0-9].whl", "requests[dev]", ""] {
            assert_eq!(extras(none), "", "{none}");
        }
    }
}
