//! Values that a variable or a reference stands for, where they stand as they are all the same: in SQL, in notebooks, in
//! what a dashboard asks for. Nobody can say of a text what in it is a name, so nothing is replaced there, and whoever
//! reviews the capture is told where to look.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::keys::Keys;
use super::varied::SORTS;
use super::{CapturedAs, NAME_ONLY, Work, sources};

/// Shorter ones are words that may mean anything.
const SHORTEST: usize = 4;
/// The same of ids.
const SHORTEST_ID: usize = 8;
/// So many rows are read by somebody,
const ROWS: usize = 20;
/// and so many lines of each.
const LINES: usize = 5;
/// Larger files are data, and not what somebody wrote.
const LARGEST: usize = 1024 * 1024;

/// Sorts of which a value is a word like any other.
const PLAIN_WORDS: &[&str] = &["pause_statuses"];
/// The sort whose values are names that only their place tells from other words.
const CATALOGS: &str = "catalogs";
/// Kinds whose ids notebooks and queries name.
const WITH_IDS: &[&str] = &[
    "clusters",
    "cluster_policies",
    "instance_pools",
    "jobs",
    "pipelines",
    "sql_warehouses",
];
/// What stands before a catalog's name when nothing stands behind it.
const BEFORE_CATALOGS: &[&str] = &["catalog", "catalogs", "database", "schema", "use"];

/// Says where captured files that change have such values as they are, and where all captured files have those for which
/// a variable stands since now.
pub(super) fn tell(work: &mut Work<'_>, keys: &Keys) {
    let values = Values::of(work, keys);
    if values.all.is_empty() {
        return;
    }
    let any_new = values.all.iter().any(|value| value.new);
    let files: BTreeSet<String> = work
        .entries
        .iter()
        .filter(|entry| entry.file != NAME_ONLY)
        .filter(|entry| entry.kind == sources::KIND || is_yaml(&entry.file))
        .map(|entry| entry.file.clone())
        .collect();
    let mut rows = Vec::new();
    for file in files {
        let changed = work.out.changes.contains_key(&file);
        if !changed && !any_new {
            continue;
        }
        let content = work.content(&file).filter(|bytes| bytes.len() <= LARGEST);
        let Some(text) = content.and_then(|bytes| String::from_utf8(bytes).ok()) else {
            continue;
        };
        let found = values.lines(&text, is_yaml(&file));
        rows.extend(
            found
                .into_iter()
                .map(|(at, lines)| (&values.all[at], lines))
                .filter(|(value, _)| changed || value.new)
                .map(|(value, lines)| (file.clone(), value.told(&lines))),
        );
    }
    let more = rows.len().saturating_sub(ROWS);
    for (file, detail) in rows.into_iter().take(ROWS) {
        work.row(&file, CapturedAs::Note, None, None, detail);
    }
    if more > 0 {
        let detail = format!("{more} more of values that stand in files as they are");
        work.row("variables", CapturedAs::Note, None, None, detail);
    }
}

/// One value.
struct Literal {
    text: String,
    /// What stands for it elsewhere.
    stands: String,
    catalog: bool,
    new: bool,
}

impl Literal {
    fn told(&self, lines: &[usize]) -> String {
        let some: Vec<String> = lines.iter().take(LINES).map(ToString::to_string).collect();
        let more = match lines.len().saturating_sub(LINES) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let word = if lines.len() == 1 { "line" } else { "lines" };
        format!(
            "{word} {}{more}: `{}` stands here as it is, and stays so in every environment; elsewhere {} stands for it",
            some.join(", "),
            self.text,
            self.stands
        )
    }
}

/// All of them, by the word that each begins with.
struct Values {
    all: Vec<Literal>,
    by_word: HashMap<String, Vec<usize>>,
}

impl Values {
    fn of(work: &Work<'_>, keys: &Keys) -> Self {
        let mut all: BTreeMap<String, Literal> = BTreeMap::new();
        for ((kind, id), key) in keys {
            if WITH_IDS.contains(&kind.as_str()) && id.len() >= SHORTEST_ID {
                let literal = Literal {
                    text: id.clone(),
                    stands: format!("`{key}`"),
                    catalog: false,
                    new: work.locked(kind, id).is_none(),
                };
                all.insert(id.to_lowercase(), literal);
            }
        }
        // Those that people named for a sort, as a capture uses them.
        let named = SORTS.iter().filter_map(|sort| {
            let value = work.variables.get(sort.word)?.as_str()?;
            Some((sort.name, value, sort.word))
        });
        for (sort, value, name) in named.chain(work.declared.values()) {
            let told = !PLAIN_WORDS.contains(&sort) && !work.literal(sort);
            // A person and an address are known as such; a group's name may be any word.
            let plain = sort == "principals" && !value.contains(['@', '-']);
            if told && !plain && (sort == CATALOGS || value.len() >= SHORTEST) {
                let literal = Literal {
                    text: value.to_owned(),
                    stands: format!("the variable `{name}`"),
                    catalog: sort == CATALOGS,
                    new: work.declared.is_new(name),
                };
                all.insert(value.to_lowercase(), literal);
            }
        }
        let all: Vec<Literal> = all.into_values().collect();
        let mut by_word: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, literal) in all.iter().enumerate() {
            let first = words(&literal.text).next();
            if let Some((_, word)) = first.filter(|(start, _)| *start == 0) {
                by_word.entry(word.to_lowercase()).or_default().push(at);
            }
        }
        Self { all, by_word }
    }

    /// The lines, counted from 1, in which each stands that does.
    fn lines(&self, text: &str, yaml: bool) -> BTreeMap<usize, Vec<usize>> {
        let mut found: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut of_resources = !yaml;
        let mut lower = String::new();
        for (number, line) in text.lines().enumerate() {
            if yaml && line.starts_with(|c: char| !c.is_whitespace() && c != '#') {
                // Where variables are declared their values have to stand.
                of_resources = line.starts_with("resources:");
            }
            if !of_resources {
                continue;
            }
            for (start, word) in words(line) {
                lower.clear();
                lower.extend(word.chars().flat_map(char::to_lowercase));
                for at in self.by_word.get(&lower).into_iter().flatten() {
                    if self.all[*at].stands_at(line, start, yaml) {
                        let lines = found.entry(*at).or_default();
                        if lines.last() != Some(&(number + 1)) {
                            lines.push(number + 1);
                        }
                    }
                }
            }
        }
        found
    }
}

impl Literal {
    fn stands_at(&self, line: &str, start: usize, yaml: bool) -> bool {
        let end = start + self.text.len();
        let there = line.get(start..end);
        there.is_some_and(|there| there.to_lowercase() == self.text.to_lowercase())
            && !line[end..].starts_with(is_of_word)
            && (!self.catalog
                || is_catalog(&line[..start], &line[end..])
                || yaml && is_scalar(&line[..start], &line[end..]))
    }
}

/// Whether what stands between the two is the name of a catalog: it begins a whole name, or a word before it says so.
fn is_catalog(before: &str, after: &str) -> bool {
    let quotes = ['`', '"', '\''];
    let quoted = before.ends_with(quotes) && after.starts_with(quotes);
    let mut rest = after.trim_start_matches(quotes).split('.');
    let nothing = rest.next().is_some_and(str::is_empty);
    let name = |part: Option<&str>| {
        part.is_some_and(|part| part.trim_start_matches('`').starts_with(is_of_word))
    };
    let whole = nothing && name(rest.next()) && name(rest.next());
    let said = before
        .trim_end_matches(|c: char| c.is_whitespace() || quotes.contains(&c))
        .rsplit(|c: char| !is_of_word(c))
        .next()
        .is_some_and(|word| BEFORE_CATALOGS.contains(&word.to_lowercase().as_str()));
    whole || quoted || said || before.ends_with("/Volumes/")
}

/// Whether what stands between the two is a value of its own in YAML, and no name that people gave.
fn is_scalar(before: &str, after: &str) -> bool {
    after.trim().is_empty()
        && (before.ends_with(": ") && !before.ends_with("name: ") || before.ends_with("- "))
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

/// The words of a text, with where each begins.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut end = 0;
    text.split_inclusive(|c| !is_of_word(c))
        .filter_map(move |piece| {
            let start = end;
            end += piece.len();
            let word = piece.trim_end_matches(|c| !is_of_word(c));
            (!word.is_empty()).then_some((start, word))
        })
}

fn is_yaml(path: &str) -> bool {
    [".yml", ".yaml"].iter().any(|end| path.ends_with(end))
}
