//! Values of a form as a bundle file has them: paths from the file on, a variable for each secret and for each value that
//! differs between environments, lists of permissions.

use serde_json::Value;

use super::keys_of;
use crate::bundle::{ResourceKey, Room};
use crate::capture::Work;
use crate::capture::beside::to_list;
use crate::capture::kept::{Items, There};
use crate::capture::keys::slug;
use crate::capture::paths::{REPO, relative};
use crate::capture::variables::looked_up;
use crate::capture::varied::{catalog_in, sort_called, sort_of};
use crate::field_path::FieldPath;
use crate::kinds::secrets::{REDACTED, is_secret_flag};

/// Writes the values of one resource.
pub(super) struct Writer<'a> {
    file: &'a str,
    key: &'a ResourceKey,
    room: Room,
    /// Variables that stand for secrets, with the field.
    pub secrets: Vec<(String, String)>,
    /// References that others than references stand in the place of now.
    pub lost: Vec<String>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(work: &Work<'_>, file: &'a str, key: &'a ResourceKey) -> Self {
        Self {
            file,
            key,
            room: Room::of(work.input.tree),
            secrets: Vec::new(),
            lost: Vec::new(),
        }
    }

    /// A whole resource.
    pub(super) fn resource(&mut self, work: &mut Work<'_>, form: &Value) -> Value {
        let Value::Object(map) = form else {
            return form.clone();
        };
        map.iter()
            .map(|(field, value)| {
                let value = match to_list(field, value) {
                    Some(list) => self.value(work, &mut vec![field.as_str()], &list, field, None),
                    None => self.value(work, &mut vec![field.as_str()], value, field, None),
                };
                (field.clone(), value)
            })
            .collect()
    }

    /// The field at `path`, where `there` stands now.
    pub(super) fn field(
        &mut self,
        work: &mut Work<'_>,
        path: &FieldPath,
        value: &Value,
        there: Option<There<'_>>,
    ) -> Value {
        let mut keys = keys_of(path);
        let under = keys.last().copied().unwrap_or_default();
        self.value(work, &mut keys, value, under, there)
    }

    /// What `there` says already stays as it is said. `under` is the key by which a value tells that it is a secret.
    fn value<'v>(
        &mut self,
        work: &mut Work<'_>,
        path: &mut Vec<&'v str>,
        value: &'v Value,
        under: &str,
        there: Option<There<'_>>,
    ) -> Value {
        if let Some(there) = there.filter(|there| there.is(value)) {
            return there.raw.clone();
        }
        let written = match value {
            Value::String(text) => Value::String(self.text(work, path, text, under)),
            Value::Array(items) => {
                let mut flag = None;
                let mut written = Vec::with_capacity(items.len());
                let of = Items::of(there, items);
                self.lost.extend(of.lost);
                for (item, there) in items.iter().zip(of.there) {
                    let under = flag.take().unwrap_or(under);
                    written.push(self.value(work, path, item, under, there));
                    flag = item.as_str().filter(|argument| is_secret_flag(argument));
                }
                Value::Array(written)
            }
            Value::Object(map) => {
                let named = map.get("name").and_then(Value::as_str);
                map.iter()
                    .map(|(inner, value)| {
                        let under = match inner.as_str() {
                            "default" => named.unwrap_or(inner),
                            _ => inner,
                        };
                        let there = there.and_then(|there| there.key(inner));
                        path.push(inner);
                        let value = self.value(work, path, value, under, there);
                        path.pop();
                        (inner.clone(), value)
                    })
                    .collect()
            }
            other => other.clone(),
        };
        self.lost
            .extend(there.and_then(|there| there.lost(&written)));
        written
    }

    fn text(&mut self, work: &mut Work<'_>, path: &[&str], text: &str, under: &str) -> String {
        if text.contains(REDACTED) {
            return self.secrets_in(text, under);
        }
        if let Some(path) = text.strip_prefix(REPO) {
            return relative(&self.room, self.file, path);
        }
        if let Some(path) = text
            .strip_prefix("-r ")
            .and_then(|path| path.strip_prefix(REPO))
        {
            return format!("-r {}", relative(&self.room, self.file, path));
        }
        let kind = &self.key.kind;
        let variable = if looked_up(text).is_some() {
            work.variable_for_lookup(text)
        } else {
            sort_of(kind, path, text).and_then(|sort| work.variable_for(sort, text))
        };
        if let Some(name) = variable {
            return format!("${{var.{name}}}");
        }
        let catalogs = sort_called("catalogs").zip(catalog_in(kind, path, text));
        let inside = catalogs.and_then(|(sort, (before, catalog, after))| {
            let name = work.variable_for(sort, catalog)?;
            Some(format!("{before}${{var.{name}}}{after}"))
        });
        inside.unwrap_or_else(|| text.to_owned())
    }

    /// A variable in the place of each secret that was hidden. What it is called says the word before it, or `under`.
    fn secrets_in(&mut self, text: &str, under: &str) -> String {
        let mut written = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(REDACTED) {
            let under = word_before(before).unwrap_or(under);
            let name = format!("{}_{}", self.key.key, slug(under, "secret"));
            written += before;
            written += &format!("${{var.{name}}}");
            self.secrets.push((name, under.to_owned()));
            rest = after;
        }
        written + rest
    }
}

/// The word that says what stands behind it: `password` in `…;password=` and in `jdbc://user:`.
fn word_before(text: &str) -> Option<&str> {
    if text.ends_with(':') {
        return Some("password");
    }
    let pair = text.strip_suffix(['"', '\'']).unwrap_or(text);
    let text = pair.strip_suffix('=').unwrap_or(pair.trim_end());
    let of_word = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    let word = text.rfind(|c| !of_word(c)).map_or(text, |at| &text[at..]);
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    (!word.is_empty()).then_some(word)
}
