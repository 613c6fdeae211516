//! Words from outside, before they are written where a forge reads them.

/// The text without mentions: a reason, a job's name or a server's error must not call people to a pull request.
/// Addresses like `a@b.example` are none and stay.
pub(super) fn quiet(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(letter) = rest.next() {
        said.push(letter);
        let begins = letter == '@' && !before.is_alphanumeric();
        if begins && rest.peek().is_some_and(|next| next.is_alphanumeric()) {
            said.push('\u{200b}');
        }
        before = letter;
    }
    said
}

#[cfg(test)]
mod tests {
    use super::quiet;

    #[test]
    fn nobody_is_called_and_addresses_stay() {
        assert_eq!(
            quiet("ask @team/data, @ob"),
            "ask @\u{200b}team/data, @\u{200b}ob"
        );
        assert_eq!(quiet("by a@b.example @ 8"), "by a@b.example @ 8");
    }
}
