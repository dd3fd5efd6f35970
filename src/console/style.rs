//! What the place where we speak can show: symbols, colours, width.

use clap::ColorChoice;
use console::{Style as TextStyle, Term, measure_text_width};

use crate::finding::Verdict;
use crate::settings::TerminalEnv;
use crate::visible;

#[derive(Clone, Debug)]
pub(crate) struct Style {
    pub symbols: Symbols,
    pub colors: Colors,
    /// Whether lists may be drawn over.
    pub cursor: Cursor,
    /// Whether a link may hide behind a label.
    pub links: Links,
    pub columns: Columns,
}

/// How many columns are filled.
#[derive(Clone, Debug)]
pub(crate) enum Columns {
    /// As many as this terminal has at the moment: you may resize it.
    Of(Term),
    Fixed(usize),
}

/// How the address of a page is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    /// As a label that can be pressed.
    Labelled,
    /// In full.
    Spelled,
}

/// Which symbols can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symbols {
    /// ✓ ? ✗ and lines.
    Unicode,
    /// ok ? !! and dashes.
    Ascii,
}

/// Whether colours are used. They never carry information of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colors {
    On,
    Off,
}

/// Whether the terminal can move its cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cursor {
    Moves,
    /// It cannot (`TERM=dumb`): lists are numbered.
    Stays,
}

impl Style {
    /// For a terminal, or for a stream that is none. `choice`: what `--color` says.
    pub(crate) fn of(term: &Term, choice: ColorChoice, around: &TerminalEnv) -> Self {
        let locale = around.locale.to_ascii_lowercase();
        let unicode = locale.contains("utf-8") || locale.contains("utf8");
        let capable = term.is_term() && around.term != "dumb" && !around.no_color;
        let colors = match choice {
            ColorChoice::Always => Colors::On,
            ColorChoice::Auto if capable => Colors::On,
            ColorChoice::Auto | ColorChoice::Never => Colors::Off,
        };
        Self {
            symbols: if unicode { Symbols::Unicode } else { Symbols::Ascii },
            colors,
            cursor: if around.term.is_empty() || around.term == "dumb" {
                Cursor::Stays
            } else {
                Cursor::Moves
            },
            links: if term.is_term() && around.shows_links {
                Links::Labelled
            } else {
                Links::Spelled
            },
            columns: if term.is_term() {
                Columns::Of(term.clone())
            } else {
                Columns::Fixed(100)
            },
        }
    }

    /// The columns to fill now.
    pub(crate) fn width(&self) -> usize {
        match &self.columns {
            Columns::Of(term) => usize::from(term.size().1).clamp(40, 100),
            Columns::Fixed(columns) => *columns,
        }
    }

    pub(super) fn verdict(&self, verdict: Verdict) -> String {
        match verdict {
            Verdict::Good => self.symbol("✓", "ok", &TextStyle::new().green()),
            Verdict::Unknown => self.symbol("?", "?", &TextStyle::new().yellow()),
            Verdict::Bad => self.symbol("✗", "!!", &TextStyle::new().red()),
        }
    }

    pub(super) fn pending(&self) -> String {
        self.symbol("→", "->", &TextStyle::new().cyan())
    }

    pub(super) fn done(&self) -> String {
        self.verdict(Verdict::Good)
    }

    pub(super) fn failed(&self) -> String {
        self.symbol("✗ failed:", "!! failed:", &TextStyle::new().red().bold())
    }

    fn symbol(&self, unicode: &str, ascii: &str, style: &TextStyle) -> String {
        let is_unicode = self.symbols == Symbols::Unicode;
        self.paint(style, if is_unicode { unicode } else { ascii })
    }

    /// `2/7 database ─────` across the width.
    pub(crate) fn heading(&self, text: &str) -> String {
        let line = if self.symbols == Symbols::Unicode { "─" } else { "-" };
        let rest = self.width().saturating_sub(measure_text_width(text) + 1);
        format!("{} {}", self.bold(text), self.dim(&line.repeat(rest)))
    }

    pub(super) fn dim(&self, text: &str) -> String {
        self.paint(&TextStyle::new().dim(), text)
    }

    pub(super) fn bold(&self, text: &str) -> String {
        self.paint(&TextStyle::new().bold(), text)
    }

    /// Folds a paragraph to the width, each line after `indent` spaces, the first one after `lead`. A line of it that
    /// begins with blanks, or comes after one that ends with a colon, is a command or the like: it stays whole, so that it
    /// can be copied.
    pub(crate) fn fold(&self, lead: &str, indent: usize, text: &str) -> String {
        let pad = " ".repeat(indent);
        let lead_width = measure_text_width(lead);
        let options = textwrap::Options::new(self.width().max(indent + 20))
            .initial_indent("")
            .subsequent_indent(&pad)
            .break_words(false)
            // `scram-sha-256` and `--stitch-host` stay whole.
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        // textwrap must not count colour codes: the lead is put in front of a line folded as if it were blanks.
        let blank = " ".repeat(lead_width);
        let text = self.spell(text);
        let mut is_copied = false;
        let fold = |(index, line): (usize, &str)| {
            if index > 0 && (is_copied || line.starts_with(' ')) {
                return format!("{pad}{line}");
            }
            is_copied = line.ends_with(':');
            let first = if index == 0 { &blank } else { &pad };
            textwrap::fill(line, options.clone().initial_indent(first))
        };
        let folded: Vec<String> = text.lines().enumerate().map(fold).collect();
        let folded = folded.join("\n");
        format!("{lead}{}", folded.get(lead_width..).unwrap_or_default())
    }

    /// Folds a line of SQL between words, and never within a quoted name or text, so that it can still be run.
    pub(super) fn fold_sql(&self, indent: usize, line: &str) -> String {
        let line = self.spell(line);
        let (mut lines, mut last) = (Vec::new(), " ".repeat(indent));
        let mut is_within = false;
        let mut word = String::new();
        let mut put = |word: &mut String, end: bool| {
            let is_first = last.trim().is_empty();
            if !is_first && measure_text_width(&last) + 1 + measure_text_width(word) > self.width() {
                lines.push(std::mem::replace(&mut last, " ".repeat(indent + 4)));
            } else if !is_first {
                last.push(' ');
            }
            last.push_str(&std::mem::take(word));
            if end {
                lines.push(std::mem::take(&mut last));
            }
        };
        for letter in line.chars() {
            is_within ^= matches!(letter, '"' | '\'');
            if letter == ' ' && !is_within && !word.is_empty() {
                put(&mut word, false);
            } else {
                word.push(letter);
            }
        }
        put(&mut word, true);
        lines.join("\n")
    }

    /// The text with nothing in it that the place cannot show, or would obey.
    fn spell(&self, text: &str) -> String {
        let text = visible::text(text);
        match self.symbols {
            Symbols::Unicode => text.into_owned(),
            Symbols::Ascii => text.replace('…', "...").replace('–', "-"),
        }
    }

    fn paint(&self, style: &TextStyle, text: &str) -> String {
        let text = visible::text(text);
        match self.colors {
            Colors::On => style.clone().force_styling(true).apply_to(text).to_string(),
            Colors::Off => text.into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_stays_whole() {
        let style = Style {
            symbols: Symbols::Ascii,
            colors: Colors::Off,
            cursor: Cursor::Stays,
            links: Links::Spelled,
            columns: Columns::Fixed(40),
        };
        let command = "if sshd -t; then systemctl reload ssh; else rm -f /etc/ssh/sshd_config.d/x.conf; false; fi";
        let prose = "These words are more than there is room for in one line, as root on the SSH server:";
        let text = style.fold(
            "  Next: ",
            4,
            &format!("{prose}\n{command}\n# to undo it: rm /etc/ssh/x.conf; reload of the server"),
        );
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert!(lines.contains(&command), "{text}");
        assert!(
            lines
                .iter()
                .all(|line| line.starts_with(['i', '#']) || line.len() <= 40),
            "{text}"
        );
    }
}
