//! Building HTML: escaping and the frame of every page.

/// Text that is safe between tags and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1f2328}\
a{color:#0969da}pre{background:#f6f8fa;padding:.8rem;overflow:auto;border-radius:6px}table{border-collapse:collapse;width:100%}\
td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d1d9e0;vertical-align:top}\
.tag{border-radius:1em;padding:.1em .7em;color:#fff;background:#59636e}.open,.passed{background:#1a7f37}.merged{background:#8250df}\
.closed,.failed{background:#cf222e}.add{color:#1a7f37}.del{color:#cf222e}.hunk{color:#8250df}form{display:inline}\
button{font:inherit;padding:.3rem .9rem;margin:.2rem .2rem .2rem 0}@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}\
a{color:#4493f8}pre{background:#151b23}td,th{border-color:#3d444d}}";

/// A whole page.
pub(super) fn frame(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body><p><small>sandbox GitHub</small></p>{body}</body></html>"
    )
}

/// A coloured word.
pub(super) fn tag(word: &str) -> String {
    let word = escape(word);
    format!("<span class=\"tag {word}\">{word}</span>")
}

/// A unified diff with coloured lines.
pub(super) fn diff(text: &str) -> String {
    let line = |line: &str| {
        let class = match line.as_bytes().first() {
            Some(b'+') => "add",
            Some(b'-') => "del",
            Some(b'@') => "hunk",
            _ => return escape(line),
        };
        format!("<span class=\"{class}\">{}</span>", escape(line))
    };
    format!(
        "<pre>{}</pre>",
        text.lines().map(line).collect::<Vec<_>>().join("\n")
    )
}
