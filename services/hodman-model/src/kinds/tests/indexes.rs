//! Vector search indexes.

use super::harness::kind;

#[test]
fn the_name_of_one_that_goes_is_waited_for() {
    let kind = kind("vector_search_indexes");
    assert!(kind.settles(), "until it is not found any more");
    assert!(kind.passing("Index main.s.i is currently pending deletion."));
    assert!(!kind.passing("Index main.s.i already exists."));
}
