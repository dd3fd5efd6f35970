//! What the user sees: the program's output drawn as a terminal draws it, with all that has scrolled away.

/// The lines of the screen, without blanks at their ends.
pub(crate) fn drawn(raw: &[u8], columns: usize) -> String {
    let mut screen = Screen {
        columns,
        lines: vec![Vec::new()],
        row: 0,
        column: 0,
    };
    let text = String::from_utf8_lossy(raw).into_owned();
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        match char {
            '\u{1b}' => screen.escape(&mut rest),
            '\r' => screen.column = 0,
            '\n' => screen.down(),
            '\u{8}' => screen.column = screen.column.saturating_sub(1),
            '\u{7}' => {}
            _ => screen.put(char),
        }
    }
    let lines = screen.lines.iter().map(|line| line.iter().collect::<String>());
    let text: Vec<String> = lines.map(|line| line.trim_end().to_owned()).collect();
    format!("{}\n", text.join("\n").trim_end())
}

struct Screen {
    columns: usize,
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Screen {
    fn put(&mut self, char: char) {
        if self.column == self.columns {
            self.column = 0;
            self.down();
        }
        let line = &mut self.lines[self.row];
        while line.len() <= self.column {
            line.push(' ');
        }
        line[self.column] = char;
        self.column += 1;
    }

    fn down(&mut self) {
        self.row += 1;
        if self.row == self.lines.len() {
            self.lines.push(Vec::new());
        }
    }

    /// ESC [ NUMBER LETTER; all that console and dialoguer use.
    fn escape(&mut self, rest: &mut std::str::Chars<'_>) {
        assert_eq!(rest.next(), Some('['), "an escape sequence this screen does not know");
        let mut number = String::new();
        let letter = loop {
            match rest.next() {
                Some(char) if char.is_ascii_alphabetic() => break char,
                Some(char) => number.push(char),
                None => return,
            }
        };
        let count = number.parse().unwrap_or(1);
        match letter {
            'A' => self.row = self.row.saturating_sub(count),
            'B' => (0..count).for_each(|_| self.down()),
            'C' => self.column += count,
            'D' => self.column = self.column.saturating_sub(count),
            'K' if number == "2" => self.lines[self.row].clear(),
            'K' => self.lines[self.row].truncate(self.column),
            'J' => {
                self.lines.truncate(self.row + 1);
                self.lines[self.row].truncate(self.column);
            }
            // Colours; the cursor shown and hidden.
            'm' | 'h' | 'l' => {}
            _ => panic!("ESC [ {number} {letter} is new to this screen"),
        }
    }
}
