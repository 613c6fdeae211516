//! One resource, field by field.

use serde_json::{Value, json};

use super::{Class, DriftRow, HandEdits, ThreeWay};
use crate::bundle::ResourceKey;
use crate::digest::{Digest, canonical_json, sha256};
use crate::field_path::FieldPath;
use crate::kinds::{Kind, Listed, files};
use crate::plan::{
    Desired, FieldChange, MARKER, Names, Sent, Symbols, again_reason, differences, is_symbolic,
    lost_reason, redacted, sent_change, symbolic,
};

/// The differences found so far, and what the search needs to know.
pub(super) struct Found<'a> {
    pub three: &'a ThreeWay<'a>,
    /// What was applied last, as far as anybody knows.
    pub base: &'a Desired,
    pub names: Names<'a>,
    pub symbols: Symbols<'a>,
    pub rows: Vec<DriftRow>,
}

/// The three values of a field.
#[derive(Default)]
pub(super) struct Values {
    pub last_applied: Option<Value>,
    pub declared: Option<Value>,
    pub live: Option<Value>,
}

impl Found<'_> {
    /// The class of what people did.
    pub(super) fn hand_edit(&self) -> Class {
        match self.three.hand_edits {
            HandEdits::PutBack => Class::HandEditToPutBack,
            HandEdits::ProposeBack => Class::HandEditToProposeBack,
        }
    }

    /// Compares an object of ours.
    pub(super) fn there(&mut self, kind: &dyn Kind, key: &ResourceKey, live: &Listed) {
        let (base, three) = (self.base, self.three);
        let last = base.resources.get(key);
        let declared = three.declared.resources.get(key);
        let Some(wanted) = last.or(declared) else {
            let (class, reason) = match three.last_applied {
                // Copied with our tags on it, say. What carries them is ours, and ours is only what the package names.
                Some(_) => (
                    Class::HandEditToPutBack,
                    "carries our marker, and no package of ours names it: to be deleted",
                ),
                None => (Class::PlannedChange, "not in the package: to be deleted"),
            };
            let values = Values {
                live: Some(json!(live.name)),
                ..Values::default()
            };
            return self.row(kind, key, FieldPath::default(), values, class, reason);
        };
        if let Some(found) = three.observed.by_hand.get(key) {
            self.by_hand(kind, key, found);
        }
        if let Some(preview) = three.observed.previews.get(key)
            && preview.decides
            && declared.is_some()
        {
            return self.stack(kind, key, preview);
        }
        self.said(kind, key, live);
        let managed = wanted.managed_over(kind, &live.config);
        let (there, folders) = symbolic(kind, live, Some(&managed), &self.symbols);
        self.server_defaults(kind, key, live, &there);
        let Some(declared) = declared else {
            let values = Values {
                last_applied: Some(json!(live.name)),
                live: Some(json!(live.name)),
                ..Values::default()
            };
            let reason = "not in the package any more: to be deleted";
            return self.row(
                kind,
                key,
                FieldPath::default(),
                values,
                Class::PlannedChange,
                reason,
            );
        };
        if live.marker.is_none() {
            let values = Values {
                live: Some(json!(live.name)),
                ..Values::default()
            };
            let reason = again_reason(kind, live);
            let class = Class::HandEditToPutBack;
            self.row(kind, key, FieldPath::default(), values, class, &reason);
        }
        if three.observed.tags.lost.contains(key) {
            let marker = live.marker.as_ref().map(|marker| json!(marker.to_string()));
            let values = Values {
                last_applied: marker.clone(),
                declared: marker,
                live: None,
            };
            let reason = lost_reason(kind, live);
            let path = FieldPath::default().key(MARKER);
            self.row(kind, key, path, values, Class::HandEditToPutBack, &reason);
        }
        let declared_managed = declared.managed_over(kind, &live.config);
        let edits = differences(kind.rules(), &managed, &there);
        for edit in &edits {
            let says = edit.path.get(&declared_managed).cloned();
            let says = says.filter(|says| !says.is_null());
            if says == edit.after {
                continue;
            }
            let reason = if says == edit.before {
                "changed in the workspace".to_owned()
            } else {
                "changed in the workspace, and in the package, too".to_owned()
            };
            let values = Values {
                last_applied: edit.before.clone(),
                declared: says,
                live: edit.after.clone(),
            };
            self.row(
                kind,
                key,
                edit.path.clone(),
                values,
                self.hand_edit(),
                &reason,
            );
        }
        for plan in differences(kind.rules(), &managed, &declared_managed) {
            let has = plan.path.get(&there).cloned();
            if has == plan.after || edits.iter().any(|edit| edit.path == plan.path) {
                continue;
            }
            let values = Values {
                last_applied: plan.before,
                declared: plan.after,
                live: has,
            };
            let reason = "the package has changed since the last apply";
            self.row(kind, key, plan.path, values, Class::PlannedChange, reason);
        }
        self.folder(kind, key, &declared_managed, folders.into_iter().collect());
        self.put_by_hand(kind, key, live, &declared.config);
    }

    /// The folder of files that the object points into.
    fn folder(&mut self, kind: &dyn Kind, key: &ResourceKey, declared: &Value, live: Vec<Digest>) {
        let digest = |desired: &Desired| desired.files.as_ref().map(|set| set.folder.clone());
        let (last, now) = (digest(self.base), digest(self.three.declared));
        if !canonical_json(declared).contains(files::PLACEHOLDER)
            || live.as_slice() == now.as_slice()
        {
            return;
        }
        let (class, reason) = if live.as_slice() == last.as_slice() {
            (Class::PlannedChange, "the package has other files now")
        } else {
            (
                self.hand_edit(),
                "points to other files than it was left with",
            )
        };
        let values = Values {
            last_applied: last.map(|digest| json!(digest)),
            declared: now.map(|digest| json!(digest)),
            live: (!live.is_empty()).then(|| json!(live)),
        };
        let path = FieldPath::default().key(files::PLACEHOLDER);
        self.row(kind, key, path, values, class, reason);
    }

    /// Fields that nobody set and the server filled.
    fn server_defaults(
        &mut self,
        kind: &dyn Kind,
        key: &ResourceKey,
        live: &Listed,
        there: &Value,
    ) {
        let (whole, _) = symbolic(kind, live, None, &self.symbols);
        let rules = kind.rules();
        for filled in differences(rules, there, &whole) {
            let by_server = rules
                .server_fills
                .iter()
                .any(|fill| fill.at.covers(&filled.path))
                || rules.policy_fills.iter().any(|at| at.covers(&filled.path));
            if filled.before.is_none() && by_server {
                let values = Values {
                    live: filled.after,
                    ..Values::default()
                };
                let reason = "filled by the server, set by nobody";
                self.row(kind, key, filled.path, values, Class::ServerDefault, reason);
            }
        }
    }

    /// A value that cannot be read back and that somebody else has put. It cannot be proposed for Git either.
    fn put_by_hand(&mut self, kind: &dyn Kind, key: &ResourceKey, live: &Listed, config: &Value) {
        let (Some(field), Some(put)) = (
            kind.rules().write_only_field(config),
            self.three.observed.puts.get(key),
        ) else {
            return;
        };
        let same = Sent {
            version: put.version.clone(),
            reference: put.reference.clone(),
        };
        if let Some(sent) = sent_change(&field, &same, Some(put), Some(live)) {
            let values = Values {
                last_applied: sent.change.after.clone(),
                declared: sent.change.after,
                live: sent.change.before,
            };
            let class = Class::HandEditToPutBack;
            self.unredacted(
                kind.singular(),
                key,
                sent.change.path,
                values,
                class,
                &sent.reason,
            );
        }
    }

    /// Adds a row, secrets taken out.
    pub(super) fn row(
        &mut self,
        kind: &dyn Kind,
        key: &ResourceKey,
        path: FieldPath,
        values: Values,
        class: Class,
        reason: &str,
    ) {
        let side = |before, after| FieldChange {
            path: path.clone(),
            before,
            after,
            redacted: false,
        };
        let naming = &self.three.context.naming;
        let under_key = |value: &Option<Value>| naming.named(&side(value.clone(), None)).before;
        let named = Values {
            last_applied: under_key(&values.last_applied),
            declared: under_key(&values.declared),
            live: under_key(&values.live),
        };
        let digest = self.name(key, &path, &named);
        let mut quiet = redacted(vec![
            side(values.last_applied, values.live),
            side(values.declared, None),
        ])
        .into_iter();
        let (mut values, mut hidden) = (Values::default(), false);
        if let (Some(first), Some(second)) = (quiet.next(), quiet.next()) {
            hidden = first.redacted || second.redacted;
            values = Values {
                last_applied: first.before,
                declared: second.before,
                live: first.after,
            };
        }
        let reason = if hidden {
            format!("{reason} (the value looks like a secret)")
        } else {
            reason.to_owned()
        };
        self.add(kind.singular(), key, path, values, class, reason, digest);
    }

    /// Adds a row whose values are no secrets whatever their field is called.
    pub(super) fn unredacted(
        &mut self,
        word: &str,
        key: &ResourceKey,
        path: FieldPath,
        values: Values,
        class: Class,
        reason: &str,
    ) {
        let digest = self.name(key, &path, &values);
        self.add(word, key, path, values, class, reason.to_owned(), digest);
    }

    /// The name of a difference. Where a reference stood, whatever stands there now may be an id.
    fn name(&self, key: &ResourceKey, path: &FieldPath, values: &Values) -> Digest {
        let symbolic = |value: &Option<Value>| value.as_ref().is_some_and(is_symbolic);
        let id = symbolic(&values.last_applied) || symbolic(&values.declared);
        let live = values.live.as_ref().filter(|_| !id);
        let whole = json!({
            "declared": values.declared,
            "format": "hodman drift 1",
            "key": key,
            "last_applied": values.last_applied,
            "live": live,
            "path": path,
            "there": values.live.is_some(),
            "workspace": self.three.context.workspace,
        });
        sha256(canonical_json(&whole).as_bytes())
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of a row, each once")]
    fn add(
        &mut self,
        word: &str,
        key: &ResourceKey,
        path: FieldPath,
        values: Values,
        class: Class,
        reason: String,
        digest: Digest,
    ) {
        self.rows.push(DriftRow {
            key: key.clone(),
            kind: word.to_owned(),
            path,
            last_applied: values.last_applied,
            declared: values.declared,
            live: values.live,
            class,
            reason,
            digest,
        });
    }
}
