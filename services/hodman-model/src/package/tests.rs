use std::collections::BTreeMap;
use std::io::Write;

use proptest::prelude::*;
use tar::{Builder, EntryType, Header};

use super::*;
use crate::digest::sha256;
use crate::files::{SourceBytes, Tree};

fn files() -> impl Strategy<Value = BTreeMap<String, (bool, Vec<u8>)>> {
    let part = "[a-z.]{0,3}[a-zü ]{1,60}";
    let path = prop::collection::vec(part, 1..6).prop_map(|parts| parts.join("/"));
    let content = (any::<bool>(), prop::collection::vec(any::<u8>(), 0..200));
    prop::collection::btree_map(path, content, 0..8)
}

fn listed(files: &BTreeMap<String, (bool, Vec<u8>)>) -> Vec<(String, bool, Vec<u8>)> {
    files
        .iter()
        .map(|(path, (executable, bytes))| (path.clone(), *executable, bytes.clone()))
        .collect()
}

proptest! {
    #[test]
    fn what_is_packed_is_unpacked_and_order_does_not_matter((files, shuffled) in files().prop_flat_map(|files| (Just(files.clone()), Just(listed(&files)).prop_shuffle()))) {
        let built = build(listed(&files)).unwrap();
        prop_assert_eq!(&build(shuffled).unwrap(), &built);
        let opened = open(&built.bytes, Some(&built.digest)).unwrap();
        let expected: Tree = files.into_iter().map(|(path, (executable, bytes))| (path, SourceBytes { bytes: bytes.into(), executable })).collect();
        prop_assert_eq!(opened.tree, expected);
        prop_assert_eq!(opened.manifest, built.manifest);
        prop_assert_eq!(opened.digest, built.digest);
    }

    /// A package may come from a bucket that others can write.
    #[test]
    fn damaged_bytes_are_an_error_and_never_another_package(at in any::<prop::sample::Index>(), flip in 1..=u8::MAX, cut in any::<prop::sample::Index>()) {
        let built = build([("a.txt".to_owned(), false, "text".repeat(50))]).unwrap();
        let mut bytes = built.bytes.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        let refused = matches!(open(&bytes, Some(&built.digest)), Err(OpenError::Digest { .. }));
        prop_assert!(refused);
        if let Ok(opened) = open(&bytes, None) {
            prop_assert_eq!(opened.manifest, built.manifest);
        }
        prop_assert!(open(&built.bytes[..cut.index(built.bytes.len())], None).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = open(&bytes, None);
        let _ = open(&packed(&bytes), None);
    }
}

/// Builds on other machines and in other years must give these bytes: if this fails, every package gets a new name.
#[test]
fn the_bytes_are_pinned() {
    let built = build([
        ("src/a.py".to_owned(), false, "print(1)\n".to_owned()),
        ("run.sh".to_owned(), true, "#!/bin/sh\n".repeat(20_000)),
    ])
    .unwrap();
    assert_eq!(
        built.digest.to_string(),
        "sha256:778c33d898aa19bef5a7d14c2c8b6d0c972f5868d01e69658b19e649fc377bb8"
    );
    assert!(built.bytes.len() < 2_000);
}

#[test]
fn the_manifest_lists_path_size_digest_and_mode() {
    let built = build([("b".to_owned(), true, "xy"), ("a".to_owned(), false, "")]).unwrap();
    let expected = format!(
        r#"{{"files":[{{"mode":"644","path":"a","sha256":"{}","size":0}},{{"mode":"755","path":"b","sha256":"{}","size":2}}],"format":1}}"#,
        sha256(b""),
        sha256(b"xy")
    );
    assert_eq!(built.manifest.to_json(), expected);
}

#[test]
fn the_writer_takes_plain_paths_once_and_in_order() {
    let mut writer = PackageWriter::new(Vec::new()).unwrap();
    writer.add("b", false, b"").unwrap();
    for path in ["b", "a"] {
        assert!(
            matches!(writer.add(path, false, b""), Err(WriteError::Order { .. })),
            "{path}"
        );
    }
    assert!(matches!(
        writer.add("../c", false, b""),
        Err(WriteError::Path(_))
    ));
    let finished = writer.finish().unwrap();
    assert_eq!(finished.digest, sha256(&finished.to));
    assert_eq!(
        open(&finished.to, Some(&finished.digest))
            .unwrap()
            .tree
            .len(),
        1
    );
    assert!(matches!(
        build([("a".to_owned(), false, ""), ("a".to_owned(), false, "")]),
        Err(WriteError::Order { .. })
    ));
}

fn packed(archive: &[u8]) -> Vec<u8> {
    zstd::encode_all(archive, 3).unwrap()
}

/// An archive of raw entries, as somebody else could write it.
fn forged(entries: &[(&str, EntryType, u32, &[u8])]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for (name, kind, mode, bytes) in entries {
        let mut header = Header::new_gnu();
        let field = &mut header.as_gnu_mut().unwrap().name;
        field[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(*mode);
        header.set_size(bytes.len() as u64);
        if matches!(kind, EntryType::Symlink) {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        archive.append(&header, *bytes).unwrap();
    }
    archive.into_inner().unwrap()
}

fn manifest_of(files: &[(&str, &str)]) -> String {
    let files = files
        .iter()
        .map(|(path, text)| ManifestEntry {
            path: (*path).to_owned(),
            size: text.len() as u64,
            sha256: sha256(text.as_bytes()),
            mode: ManifestMode::Plain,
        })
        .collect();
    Manifest { format: 1, files }.to_json()
}

#[test]
fn hostile_archives_are_refused() {
    use EntryType::{Link, Regular, Symlink};
    let error = |entries: &[(&str, EntryType, u32, &[u8])]| {
        open(&packed(&forged(entries)), None)
            .unwrap_err()
            .to_string()
    };
    let manifest = manifest_of(&[("a", "x")]);
    let manifest = manifest.as_bytes();
    assert!(
        open(
            &packed(&forged(&[
                ("files/a", Regular, 0o644, b"x"),
                ("manifest.json", Regular, 0o644, manifest)
            ])),
            None
        )
        .is_ok()
    );

    for path in ["files/../a", "files//etc/passwd", "files/", "files/a/./b"] {
        assert_eq!(
            error(&[(path, Regular, 0o644, b"x")]),
            "the package holds a path that no package may hold",
            "{path}"
        );
    }
    for path in ["/etc/passwd", "../a", "a"] {
        assert!(
            error(&[(path, Regular, 0o644, b"x")])
                .ends_with("is neither the manifest nor a packaged file"),
            "{path}"
        );
    }
    for kind in [Symlink, Link, EntryType::Directory, EntryType::Fifo] {
        assert!(error(&[("files/a", kind, 0o644, b"")]).ends_with("is not a file"));
    }
    assert!(
        error(&[
            ("files/a", Regular, 0o644, b"x"),
            ("files/a", Regular, 0o644, b"y")
        ])
        .ends_with("stands twice or out of order")
    );
    assert!(
        error(&[("files/a", Regular, 0o4755, b"x")]).ends_with("has a mode that no package has")
    );
    assert!(
        error(&[
            ("manifest.json", Regular, 0o644, b"{}"),
            ("files/a", Regular, 0o644, b"x")
        ])
        .ends_with("comes after the manifest")
    );
    assert_eq!(
        error(&[("files/a", Regular, 0o644, b"x")]),
        "the package's manifest is missing or not valid"
    );
    assert_eq!(
        error(&[("manifest.json", Regular, 0o644, b"{}")]),
        "the package's manifest is missing or not valid"
    );
    for (content, mode) in [(&b"y"[..], 0o644), (b"xx", 0o644), (b"x", 0o755)] {
        assert_eq!(
            error(&[
                ("files/a", Regular, mode, content),
                ("manifest.json", Regular, 0o644, manifest)
            ]),
            "the package does not hold what its manifest says"
        );
    }
    assert_eq!(
        error(&[("manifest.json", Regular, 0o644, manifest)]),
        "the package does not hold what its manifest says"
    );
    let spaced = [b" ", manifest].concat();
    assert_eq!(
        error(&[
            ("files/a", Regular, 0o644, b"x"),
            ("manifest.json", Regular, 0o644, &spaced)
        ]),
        "the package does not hold what its manifest says"
    );
}

#[test]
fn nothing_may_hide_behind_the_end() {
    let mut archive = forged(&[(
        "manifest.json",
        EntryType::Regular,
        0o644,
        manifest_of(&[]).as_bytes(),
    )]);
    assert!(open(&packed(&archive), None).is_ok());
    archive.extend_from_slice(b"hidden");
    assert!(matches!(
        open(&packed(&archive), None),
        Err(OpenError::Foreign { .. })
    ));
    let mut padded = forged(&[(
        "manifest.json",
        EntryType::Regular,
        0o644,
        manifest_of(&[]).as_bytes(),
    )]);
    padded.resize(padded.len() + (1 << 20), 0);
    assert!(open(&packed(&padded), None).is_err());
}

#[test]
fn bombs_are_stopped_at_the_limits() {
    let limits = Limits {
        bytes: 100_000,
        files: 3,
    };
    let large = build([("a".to_owned(), false, vec![0; 1 << 20])]).unwrap();
    assert!(large.bytes.len() < 1_000);
    assert!(matches!(
        open_within(&large.bytes, None, limits),
        Err(OpenError::TooLarge { .. })
    ));
    let many = build((0..4).map(|file| (file.to_string(), false, ""))).unwrap();
    assert!(matches!(
        open_within(&many.bytes, None, limits),
        Err(OpenError::TooLarge { .. })
    ));
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder
        .write_all(&forged(&[(
            "manifest.json",
            EntryType::Regular,
            0o644,
            manifest_of(&[]).as_bytes(),
        )]))
        .unwrap();
    (0..64).for_each(|_| encoder.write_all(&[0; 1 << 16]).unwrap());
    assert!(open_within(&encoder.finish().unwrap(), None, limits).is_err());
}
