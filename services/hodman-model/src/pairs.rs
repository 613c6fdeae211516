//! Which items of a list were which before.

use std::ops::Range;

/// Of longer lists only what begins and ends alike is looked at: a hundred million comparisons are a minute.
const MOST_PAIRS: usize = 4_000_000;

/// What is known of an old and a new list by comparing their items.
pub(crate) struct Pairs {
    /// For each new item which old one it was, if it was there.
    pub at: Vec<Option<usize>>,
    /// Old items that others stand in the place of.
    pub displaced: Vec<usize>,
}

impl Pairs {
    /// For lists of so many items. `is` tells of an old and a new one whether they are the same, `covers` whether the old one says
    /// all of the new one and perhaps more.
    pub fn of(
        old: usize,
        new: usize,
        is: &dyn Fn(usize, usize) -> bool,
        covers: &dyn Fn(usize, usize) -> bool,
    ) -> Self {
        let mut at = in_order(old, new, is);
        let mut used = vec![false; old];
        for old in at.iter().flatten() {
            used[*old] = true;
        }
        // What is only somewhere else now: the order of many lists means nothing.
        let mut find = |at: &mut Vec<Option<usize>>, fits: &dyn Fn(usize, usize) -> bool| {
            for (new, place) in at.iter_mut().enumerate() {
                if place.is_none() {
                    *place = (0..old).find(|index| !used[*index] && fits(*index, new));
                    place.iter().for_each(|index| used[*index] = true);
                }
            }
        };
        if old.saturating_mul(new) <= MOST_PAIRS {
            find(&mut at, is);
            find(&mut at, covers);
        }
        let gaps = gaps(&at, old);
        let mut displaced = Vec::new();
        for (new, before) in gaps {
            let before = before.filter(|index| !used[*index]).collect::<Vec<_>>();
            let new: Vec<usize> = new.filter(|index| at[*index].is_none()).collect();
            if new.len() == before.len() {
                for (new, old) in new.into_iter().zip(before) {
                    at[new] = Some(old);
                }
            } else if !new.is_empty() {
                displaced.extend(before);
            }
        }
        Self { at, displaced }
    }
}

/// For each new item the old one that is the same, so that as many as possible stand in the same order.
fn in_order(old: usize, new: usize, is: &dyn Fn(usize, usize) -> bool) -> Vec<Option<usize>> {
    let mut at = vec![None; new];
    let most = old.min(new);
    let start = (0..most).take_while(|index| is(*index, *index)).count();
    let end = (1..=most - start)
        .take_while(|back| is(old - back, new - back))
        .count();
    for (index, place) in at.iter_mut().enumerate() {
        if index < start {
            *place = Some(index);
        } else if index >= new - end {
            *place = Some(index + old - new);
        }
    }
    let (before, after) = (old - end - start, new - end - start);
    if before.saturating_mul(after) > MOST_PAIRS {
        return at;
    }
    let is = |o: usize, n: usize| is(start + o, start + n);
    // How many can stand in order from (old item, new item) on.
    let width = after + 1;
    let mut length = vec![0_u32; (before + 1) * width];
    for o in (0..before).rev() {
        for n in (0..after).rev() {
            length[o * width + n] = match is(o, n) {
                true => length[(o + 1) * width + n + 1] + 1,
                false => length[(o + 1) * width + n].max(length[o * width + n + 1]),
            };
        }
    }
    let (mut o, mut n) = (0, 0);
    while o < before && n < after {
        if is(o, n) {
            at[start + n] = Some(start + o);
            (o, n) = (o + 1, n + 1);
        } else if length[(o + 1) * width + n] >= length[o * width + n + 1] {
            o += 1;
        } else {
            n += 1;
        }
    }
    at
}

/// The stretches between items that are known: those of the new list, and those of the old one between the same two.
fn gaps(at: &[Option<usize>], old: usize) -> Vec<(Range<usize>, Range<usize>)> {
    let mut gaps = Vec::new();
    let (mut new_start, mut old_start) = (0, 0);
    for (new, before) in at.iter().enumerate() {
        // What moved ahead of others tells nothing of what stands between.
        if let Some(before) = before.filter(|before| *before >= old_start) {
            gaps.push((new_start..new, old_start..before));
            (new_start, old_start) = (new + 1, before + 1);
        }
    }
    gaps.push((new_start..at.len(), old_start..old));
    gaps
}
