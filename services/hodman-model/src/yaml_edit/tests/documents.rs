//! Random documents with comments, edited at random: what is read afterwards is what was asked for, and each comment that was
//! not about what went is there, or it is told that it is not.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::*;

/// Decisions, from bytes that a failing case makes fewer and smaller.
struct Dice<'b>(std::slice::Iter<'b, u8>);

impl Dice<'_> {
    fn below(&mut self, count: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or_default()) % count
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// As a file writes a scalar, and what that is.
const SCALARS: &[(&str, &str)] = &[
    ("1", "1"),
    ("plain text", "\"plain text\""),
    ("\"a # b\"", "\"a # b\""),
    ("'# c'", "\"# c\""),
    ("\"C:\\\\temp\"", "\"C:\\\\temp\""),
    ("on", "\"on\""),
    ("'1e3'", "\"1e3\""),
    ("true", "true"),
    ("http://x#y", "\"http://x#y\""),
    ("&name anchored", "\"anchored\""),
];

const KEYS: &[(&str, &str)] = &[
    ("a", "a"),
    ("\"on\"", "on"),
    ("'1e3'", "1e3"),
    ("b.c", "b.c"),
    ("\"x: y\"", "x: y"),
    ("name", "name"),
];

/// A document as it is written.
struct Document<'b> {
    dice: Dice<'b>,
    text: String,
    /// Each comment with the place of what it is about.
    comments: Vec<(String, Vec<PathSegment>)>,
    places: Vec<Vec<PathSegment>>,
}

impl Document<'_> {
    fn comment(&mut self, about: &[PathSegment]) {
        let comment = format!("# c{}", self.comments.len());
        self.text.push_str(&comment);
        self.comments.push((comment, about.to_vec()));
    }

    fn line_end(&mut self, about: &[PathSegment]) {
        if self.dice.below(3) == 1 {
            self.text.push_str("  ");
            self.comment(about);
        }
        self.text.push('\n');
    }

    /// Lines before an entry; those before the first are about the block.
    fn above(&mut self, column: usize, block: &[PathSegment], entry: &[PathSegment], first: bool) {
        match self.dice.below(6) {
            1 => self.text.push('\n'),
            2 => {
                self.text.push_str(&" ".repeat(column));
                self.comment(if first { block } else { entry });
                self.text.push('\n');
            }
            3 => {
                self.text.push_str(&" ".repeat(column));
                self.comment(block);
                self.text.push_str("\n\n");
            }
            _ => {}
        }
    }

    /// The entries of a mapping; the first goes on in the line that was begun when `begun`.
    fn map(&mut self, column: usize, path: &[PathSegment], depth: usize, begun: bool) -> Value {
        let mut map = Map::new();
        for index in 0..1 + self.dice.below(3) {
            let (written, key) = self.dice.one_of(KEYS);
            if map.contains_key(key) {
                continue;
            }
            let at = [path, &[PathSegment::Key(key.to_owned())]].concat();
            if index > 0 || !begun {
                self.above(column, path, &at, index == 0);
                self.text.push_str(&" ".repeat(column));
            }
            self.text.push_str(&format!("{written}:"));
            let value = self.value(column, &at, depth, true);
            map.insert(key.to_owned(), value);
        }
        Value::Object(map)
    }

    fn list(&mut self, column: usize, path: &[PathSegment], depth: usize) -> Value {
        let mut list = Vec::new();
        for index in 0..1 + self.dice.below(4) {
            let at = [path, &[PathSegment::Index(index)]].concat();
            self.above(column, path, &at, index == 0);
            self.text.push_str(&format!("{}-", " ".repeat(column)));
            list.push(self.value(column, &at, depth, false));
        }
        Value::Array(list)
    }

    /// A value behind a key or a dash, to the end of its last line.
    fn value(&mut self, column: usize, at: &[PathSegment], depth: usize, of_key: bool) -> Value {
        self.places.push(at.to_vec());
        match self.dice.below(if depth == 0 { 6 } else { 10 }) {
            0..=3 => {
                let (written, value) = self.dice.one_of(SCALARS);
                // An anchor twice is another one, but then an alias would mean the last.
                let written = written.replace("name ", &format!("n{} ", self.text.len()));
                self.text.push_str(&format!(" {written}"));
                self.line_end(at);
                serde_json::from_str(value).unwrap()
            }
            4 => {
                let inside = " ".repeat(column + 4);
                let keep = self.dice.one_of(&["|", ">-"]);
                self.text
                    .push_str(&format!(" {keep}\n{inside}one\n{inside}# no\n"));
                match keep {
                    "|" => json!("one\n# no\n"),
                    _ => json!("one # no"),
                }
            }
            5 => self.flow(column, at),
            6 | 7 if of_key => {
                self.line_end(at);
                self.map(column + 2, at, depth - 1, false)
            }
            6 | 7 => {
                self.text.push(' ');
                self.map(column + 2, at, depth - 1, true)
            }
            _ => {
                self.line_end(at);
                let column = column + if of_key { self.dice.one_of(&[0, 2]) } else { 2 };
                self.list(column, at, depth - 1)
            }
        }
    }

    fn flow(&mut self, column: usize, at: &[PathSegment]) -> Value {
        let key = |key: &str| [at, &[PathSegment::Key(key.to_owned())]].concat();
        self.places.extend([key("x"), key("y")]);
        if self.dice.below(2) == 0 {
            self.text.push_str(" {x: 1, y: [a, \"b, c\"]}");
        } else {
            self.text.push_str(" {x: 1,  ");
            self.comment(at);
            self.text.push_str(&format!("\n{}", " ".repeat(column + 3)));
            self.text.push_str("y: [a, \"b, c\"]}");
        }
        self.line_end(at);
        json!({"x": 1, "y": ["a", "b, c"]})
    }
}

/// Another value in the place of `old`.
fn other(dice: &mut Dice<'_>, old: &Value) -> Value {
    let fresh = |dice: &mut Dice<'_>| match dice.below(5) {
        0 => json!("new"),
        1 => json!({"name": "new", "a": [1, {"b": 2}]}),
        2 => json!("two\nlines\n"),
        3 => json!("a: # b"),
        _ => json!(7),
    };
    match old {
        Value::Array(items) => {
            let mut items = items.clone();
            for _ in 0..1 + dice.below(2) {
                let at = dice.below(items.len() + 1);
                let change = dice.below(4);
                match items.get(at).cloned() {
                    Some(item) if change == 0 => items[at] = other(dice, &item),
                    Some(_) if change == 1 => drop(items.remove(at)),
                    Some(_) if change == 2 => {
                        let item = items.remove(at);
                        items.insert(dice.below(items.len() + 1), item);
                    }
                    _ => items.insert(at, fresh(dice)),
                }
            }
            Value::Array(items)
        }
        Value::Object(map) if dice.below(3) > 0 => {
            let mut map = map.clone();
            let keys: Vec<String> = map.keys().cloned().collect();
            let key = keys.get(dice.below(keys.len().max(1)));
            match (key, dice.below(3)) {
                (Some(key), 0) => drop(map.remove(key)),
                (Some(key), 1) => {
                    let value = other(dice, &map[key]);
                    map.insert(key.clone(), value);
                }
                _ => drop(map.insert("more".to_owned(), fresh(dice))),
            }
            Value::Object(map)
        }
        _ => fresh(dice),
    }
}

/// Whether what a comment is about is not there any more, when `path` means `new`.
fn went(about: &[PathSegment], path: &[PathSegment], (old, new): (&Value, Option<&Value>)) -> bool {
    let Some(below) = about.strip_prefix(path) else {
        return false;
    };
    let Some(new) = new else {
        return true;
    };
    let (mut old, mut new) = (old, new);
    for segment in below {
        match (segment, old, new) {
            (PathSegment::Key(key), Value::Object(before), Value::Object(after)) => {
                match after.get(key) {
                    Some(after) => (old, new) = (&before[key], after),
                    None => return true,
                }
            }
            (PathSegment::Index(index), Value::Array(before), Value::Array(after)) => {
                let same =
                    |list: &[Value]| list.iter().filter(|item| **item == before[*index]).count();
                if same(after) < same(before) {
                    return true;
                }
                (old, new) = (&before[*index], &before[*index]);
            }
            _ => return true,
        }
    }
    false
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn each_comment_stays_or_goes_with_what_it_is_about_or_is_told(bytes in prop::collection::vec(any::<u8>(), 20..160)) {
        let mut document = Document {
            dice: Dice(bytes.iter()),
            text: String::new(),
            comments: Vec::new(),
            places: Vec::new(),
        };
        let style = document.dice.below(8);
        if style == 1 {
            document.text.push_str("---\n");
        }
        let path = &[PathSegment::Key("a".to_owned())];
        document.text.push_str("first: 0\na:");
        let value = document.value(0, path, 3, true);
        document.text.push_str("last: 9  # the end\n");
        document.comments.push(("# the end".to_owned(), vec![PathSegment::Key("last".to_owned())]));
        let whole = json!({"first": 0, "a": value, "last": 9});
        let mut text = document.text.clone();
        if style == 2 {
            text = text.replace('\n', "\r\n");
        }
        prop_assert_eq!(&read(&text).unwrap(), &whole, "{}", text);

        let at = document.places[document.dice.below(document.places.len())].clone();
        let old = FieldPath(at.clone()).get(&whole).unwrap();
        let new = (document.dice.below(4) > 0).then(|| other(&mut document.dice, old));
        let edited = match &new {
            Some(new) => set(&text, &at, new, &["name"]).unwrap(),
            None => remove(&text, &at, &["name"]).unwrap(),
        };
        let mut intended = whole.clone();
        FieldPath(at.clone()).put(&mut intended, new.clone());
        prop_assert_eq!(read(&edited.text).unwrap(), intended, "{}", edited.text);
        if style == 2 {
            prop_assert_eq!(edited.text.matches("\r\n").count(), edited.text.matches('\n').count());
        }
        for (comment, about) in &document.comments {
            let is_there = edited.text.lines().any(|line| line.ends_with(comment.as_str()));
            prop_assert!(
                is_there || edited.rewritten.is_some() || went(about, &at, (old, new.as_ref())),
                "{comment} lost by {new:?} at {}\n{text}\n{}", FieldPath(at), edited.text
            );
        }
    }
}
