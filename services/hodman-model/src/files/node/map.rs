//! A mapping of YAML.

use std::collections::{BTreeMap, btree_map};
use std::{slice, vec};

use super::Entry;

/// Up to this many keys lie in a sorted list: most mappings have two or three, and the least node of a tree has room for
/// eleven, a kilobyte of it for nothing. Ten thousand resources have a hundred thousand mappings.
const FEW: usize = 24;

/// A mapping, in the order of its keys.
#[derive(Clone, Debug)]
pub(crate) enum Map {
    /// Sorted, each key once.
    Few(Vec<(String, Entry)>),
    /// What a list would be slow for.
    Many(BTreeMap<String, Entry>),
}

impl Map {
    /// An empty one.
    pub fn new() -> Self {
        Self::Few(Vec::new())
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Few(list) => list.len(),
            Self::Many(tree) => tree.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn get(&self, key: &str) -> Option<&Entry> {
        match self {
            Self::Few(list) => find(list, key).ok().map(|at| &list[at].1),
            Self::Many(tree) => tree.get(key),
        }
    }

    pub fn get_mut(&mut self, key: &str) -> Option<&mut Entry> {
        match self {
            Self::Few(list) => find(list, key).ok().map(|at| &mut list[at].1),
            Self::Many(tree) => tree.get_mut(key),
        }
    }

    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Puts an entry in place; gives the one that was there.
    pub fn insert(&mut self, key: String, entry: Entry) -> Option<Entry> {
        match self {
            Self::Few(list) => match find(list, &key) {
                Ok(at) => return Some(std::mem::replace(&mut list[at].1, entry)),
                Err(at) => list.insert(at, (key, entry)),
            },
            Self::Many(tree) => return tree.insert(key, entry),
        }
        if self.len() > FEW {
            *self = std::mem::take(self).into_iter().collect();
        }
        None
    }

    /// Puts an entry in place where there is none.
    pub fn insert_if_absent(&mut self, key: &str, make: impl FnOnce() -> Entry) {
        if !self.contains_key(key) {
            self.insert(key.to_owned(), make());
        }
    }

    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        match self {
            Self::Few(list) => find(list, key).ok().map(|at| list.remove(at).1),
            Self::Many(tree) => tree.remove(key),
        }
    }

    /// Keeps the entries that `keep` says.
    pub fn retain(&mut self, mut keep: impl FnMut(&String, &mut Entry) -> bool) {
        match self {
            Self::Few(list) => list.retain_mut(|(key, entry)| keep(key, entry)),
            Self::Many(tree) => tree.retain(keep),
        }
    }

    pub fn iter(&self) -> Iter<'_> {
        match self {
            Self::Few(list) => Iter::Few(list.iter()),
            Self::Many(tree) => Iter::Many(tree.iter()),
        }
    }

    pub fn iter_mut(&mut self) -> IterMut<'_> {
        match self {
            Self::Few(list) => IterMut::Few(list.iter_mut()),
            Self::Many(tree) => IterMut::Many(tree.iter_mut()),
        }
    }

    pub fn keys(&self) -> impl Iterator<Item = &String> + Clone {
        self.iter().map(|(key, _)| key)
    }

    pub fn values(&self) -> impl Iterator<Item = &Entry> {
        self.iter().map(|(_, entry)| entry)
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.iter_mut().map(|(_, entry)| entry)
    }
}

fn find(list: &[(String, Entry)], key: &str) -> Result<usize, usize> {
    list.binary_search_by(|(there, _)| there.as_str().cmp(key))
}

impl Default for Map {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// Of the same key the last entry counts.
impl FromIterator<(String, Entry)> for Map {
    fn from_iter<I: IntoIterator<Item = (String, Entry)>>(entries: I) -> Self {
        let mut list: Vec<(String, Entry)> = entries.into_iter().collect();
        if list.len() > FEW {
            return Self::Many(list.into_iter().collect());
        }
        if !list.is_sorted_by(|(one, _), (next, _)| one < next) {
            let tree: BTreeMap<String, Entry> = list.into_iter().collect();
            list = tree.into_iter().collect();
        }
        Self::Few(list)
    }
}

impl<const N: usize> From<[(String, Entry); N]> for Map {
    fn from(entries: [(String, Entry); N]) -> Self {
        entries.into_iter().collect()
    }
}

/// See [`Map::iter`].
#[derive(Clone)]
pub(crate) enum Iter<'m> {
    Few(slice::Iter<'m, (String, Entry)>),
    Many(btree_map::Iter<'m, String, Entry>),
}

impl<'m> Iterator for Iter<'m> {
    type Item = (&'m String, &'m Entry);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Few(list) => list.next().map(|(key, entry)| (key, entry)),
            Self::Many(tree) => tree.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::Few(list) => list.size_hint(),
            Self::Many(tree) => tree.size_hint(),
        }
    }
}

/// See [`Map::iter_mut`].
pub(crate) enum IterMut<'m> {
    Few(slice::IterMut<'m, (String, Entry)>),
    Many(btree_map::IterMut<'m, String, Entry>),
}

impl<'m> Iterator for IterMut<'m> {
    type Item = (&'m String, &'m mut Entry);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Few(list) => list.next().map(|(key, entry)| (&*key, entry)),
            Self::Many(tree) => tree.next(),
        }
    }
}

/// The entries of a mapping that is not needed any more.
pub(crate) enum IntoIter {
    Few(vec::IntoIter<(String, Entry)>),
    Many(btree_map::IntoIter<String, Entry>),
}

impl Iterator for IntoIter {
    type Item = (String, Entry);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Few(list) => list.next(),
            Self::Many(tree) => tree.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::Few(list) => list.size_hint(),
            Self::Many(tree) => tree.size_hint(),
        }
    }
}

impl IntoIterator for Map {
    type Item = (String, Entry);
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        match self {
            Self::Few(list) => IntoIter::Few(list.into_iter()),
            Self::Many(tree) => IntoIter::Many(tree.into_iter()),
        }
    }
}

impl<'m> IntoIterator for &'m Map {
    type Item = (&'m String, &'m Entry);
    type IntoIter = Iter<'m>;

    fn into_iter(self) -> Iter<'m> {
        self.iter()
    }
}

impl<'m> IntoIterator for &'m mut Map {
    type Item = (&'m String, &'m mut Entry);
    type IntoIter = IterMut<'m>;

    fn into_iter(self) -> IterMut<'m> {
        self.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Node, Place, Yaml};
    use super::*;
    use proptest::prelude::*;

    fn entry(line: u32) -> Entry {
        let place = Place {
            file: "a.yml".into(),
            line,
            column: 1,
        };
        let node = Node {
            place: place.clone(),
            value: Yaml::Null,
        };
        Entry { place, node }
    }

    proptest! {
        /// Whatever its size and the way that it got there.
        #[test]
        fn it_is_what_a_tree_is(steps in prop::collection::vec((any::<bool>(), 0_u32..60), 0..160)) {
            let (mut map, mut tree) = (Map::new(), BTreeMap::new());
            for (line, (comes, key)) in steps.into_iter().enumerate() {
                let (key, entry) = (format!("k{key}"), entry(u32::try_from(line).unwrap()));
                if comes {
                    prop_assert_eq!(map.insert(key.clone(), entry.clone()), tree.insert(key, entry));
                } else {
                    prop_assert_eq!(map.remove(&key), tree.remove(&key));
                }
            }
            prop_assert_eq!(map.len(), tree.len());
            prop_assert!(map.iter().eq(tree.iter()));
            prop_assert!(map.iter_mut().eq(tree.iter_mut()));
            for key in (0..60).map(|key| format!("k{key}")) {
                prop_assert_eq!(map.get(&key), tree.get(&key));
                prop_assert_eq!(map.get_mut(&key), tree.get_mut(&key));
            }
            let again: Map = tree.clone().into_iter().rev().collect();
            prop_assert_eq!(&again, &map);
            map.retain(|_, entry| entry.place.line.is_multiple_of(2));
            tree.retain(|_, entry| entry.place.line.is_multiple_of(2));
            prop_assert!(map.into_iter().eq(tree));
        }
    }
}
