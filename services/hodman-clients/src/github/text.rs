//! GitHub's limits on text.

/// Limit of a check run's `summary` and `text`, in characters.
pub(super) const CHECK_TEXT: usize = 65_535;
/// Limit of a comment's or a pull request's body, in characters.
pub(super) const BODY: usize = 65_536;
/// Limit of a commit status' description, in characters.
pub(super) const STATUS_DESCRIPTION: usize = 140;

/// `text` if it fits into `limit` characters and bytes, else its start and a note that says so.
/// Bytes count too: GitHub documents characters but stores the longest fields by bytes.
pub(super) fn fit(text: &str, limit: usize) -> String {
    const NOTE: &str = "\n\n… cut here: the text is longer than GitHub takes";
    if text.len() <= limit {
        return text.to_owned();
    }
    format!("{}{NOTE}", head(text, limit - NOTE.len()))
}

/// `text` cut to one line of at most `limit` bytes, ending in an ellipsis when something is missing.
pub(super) fn fit_line(text: &str, limit: usize) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.len() <= limit {
        return line.to_owned();
    }
    format!("{}…", head(line, limit - '…'.len_utf8()))
}

/// The longest start of `text` that is at most `bytes` long and ends between characters.
fn head(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_between_characters_and_says_so() {
        let text = "ü".repeat(CHECK_TEXT);
        let cut = fit(&text, CHECK_TEXT);
        assert!(cut.len() <= CHECK_TEXT && cut.len() > CHECK_TEXT - 4);
        assert!(cut.starts_with("üü") && cut.ends_with("than GitHub takes"));
        assert_eq!(fit("short", CHECK_TEXT), "short");
    }

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(fit_line("one\ntwo", 140), "one");
        let cut = fit_line(&"é".repeat(100), 140);
        assert!(cut.len() <= 140 && cut.ends_with('…'));
    }
}
