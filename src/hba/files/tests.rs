use super::super::parse;
use super::*;

/// Files by path; a path that ends with a slash is a folder, with its names parted by blanks.
fn files(list: &[(&str, &str)]) -> Files {
    let (main, text) = list[0];
    let mut files = Files::new(main, text.to_owned());
    for (path, text) in &list[1..] {
        match path.strip_suffix('/') {
            Some(folder) => files.put(
                NamedFile::Folder(folder.to_owned()),
                Had::Names(text.split(' ').map(str::to_owned).collect()),
            ),
            None => files.put(NamedFile::File((*path).to_owned()), Had::Text((*text).to_owned())),
        }
    }
    files
}

/// Each line as it stands in the order in which it counts.
fn shown(files: &Files, version: u32) -> Vec<String> {
    let (rules, _) = files.read(version);
    let line = |line: &Line| {
        let what = match &line.content {
            Content::Rule(rule) => rule.to_string(),
            Content::Broken(why) => format!("broken: {why}"),
            Content::Include(what) => format!("open: {what}"),
        };
        format!("{}: {what}", line.place.within("main"))
    };
    rules.0.iter().map(line).collect()
}

#[test]
fn includes_count_where_they_stand() {
    let read = files(&[
        (
            "/d/main",
            "local a a peer\ninclude sub/x.conf\ninclude_if_exists none\ninclude_dir \"more.d\"\nlocal z z peer\n",
        ),
        ("/d/sub/x.conf", "local b b peer\ninclude y\n"),
        ("/d/sub/y", "local c c peer"),
        ("/d/more.d/", "b.conf B.conf .c.conf a.txt .conf a.conf"),
        ("/d/more.d/B.conf", "local e e peer"),
        ("/d/more.d/a.conf", "\nlocal f f peer"),
        ("/d/more.d/b.conf", ""),
    ]);
    let mut missing = read.clone();
    missing.put(NamedFile::File("/d/none".into()), Had::Absent);
    assert_eq!(
        shown(&missing, 160_000),
        [
            "line 1 of main: local a a peer",
            "line 1 of /d/sub/x.conf: local b b peer",
            "line 1 of /d/sub/y: local c c peer",
            "line 1 of /d/more.d/B.conf: local e e peer",
            "line 2 of /d/more.d/a.conf: local f f peer",
            "line 5 of main: local z z peer",
        ]
    );
    // Not known yet: it stays open, and is asked for.
    assert_eq!(shown(&read, 160_000)[3], "line 3 of main: open: include_if_exists none");
    assert_eq!(
        read.read(160_000).1,
        BTreeSet::from([NamedFile::File("/d/none".into())])
    );
    // Before 16 these are no words the server knows.
    assert!(shown(&missing, 150_000)[1].contains("broken: invalid connection type \"include\""));
    assert!(missing.read(150_000).1.is_empty());
}

#[test]
fn lists_are_put_in_for_their_names() {
    let read = files(&[
        (
            "/d/main",
            "host @dbs,\"@x\" @roles all md5\nhost @none all all md5\nhost @empty all all md5",
        ),
        ("/d/dbs", "a, \"b c\" # remark\nall\n@/e/more\n"),
        ("/e/more", "d"),
        ("/d/roles", "+g\n\"+g\""),
        ("/d/empty", "# nothing\n"),
    ]);
    let mut read = read;
    read.put(NamedFile::File("/d/none".into()), Had::Absent);
    for version in [130_000, 170_000] {
        let lines = shown(&read, version);
        assert_eq!(
            lines[0],
            "line 1 of main: host a,\"b c\",all,d,\"@x\" +g,\"+g\" all md5"
        );
        assert!(lines[1].contains("broken: could not open \"/d/none\""), "{}", lines[1]);
        // The field is gone, so the line is short of one.
        assert!(lines[2].contains("broken: "), "{}", lines[2]);
    }
    // What cannot be read from here is left as it is.
    read.put(NamedFile::File("/d/none".into()), Had::Unread);
    assert_eq!(shown(&read, 170_000)[1], "line 2 of main: host @none all all md5");
}

#[test]
fn what_is_absent_or_turns_in_a_circle_is_broken() {
    let mut absent = files(&[("/d/main", "include a\ninclude_dir b\n")]);
    assert_eq!(shown(&absent, 160_000)[0], "line 1 of main: open: include a");
    absent.put(NamedFile::File("/d/a".into()), Had::Absent);
    absent.put(NamedFile::Folder("/d/b".into()), Had::Absent);
    assert_eq!(
        shown(&absent, 160_000),
        [
            "line 1 of main: broken: could not open \"/d/a\": it does not exist",
            "line 2 of main: broken: could not open \"/d/b\": it does not exist"
        ]
    );
    let circle = files(&[("/d/main", "include main\n")]);
    let lines = shown(&circle, 160_000);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("maximum nesting depth exceeded"), "{}", lines[0]);
    let many = files(&[("/d/main", &"include main\n".repeat(20))]);
    assert!(many.read(160_000).0.0.len() <= 2 * MOST_LINES);
}

#[test]
fn a_text_by_itself_leaves_what_it_names_open() {
    let (Content::Include(what), Content::Rule(rule)) = (
        &parse("include x.conf", 160_000).0[0].content,
        &parse("host @f all all md5", 160_000).0[0].content,
    ) else {
        panic!()
    };
    assert_eq!(
        (what.as_str(), rule.to_string().as_str()),
        ("include x.conf", "host @f all all md5")
    );
}
