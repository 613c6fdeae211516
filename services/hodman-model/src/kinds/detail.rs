//! Fields of an object that other requests tell.

use super::Call;

/// One of several fields of an object that only another request tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// Where the answer is put in the object's own before [`super::Kind::read`] sees it.
    pub field: &'static str,
    /// The request. "Does not exist" leaves the field out.
    pub call: Call,
    /// When the answer comes in pages: the field with the items, which are put together into a list.
    pub items_field: Option<&'static str>,
}
