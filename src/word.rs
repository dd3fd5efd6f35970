//! Enums whose values people write or read as one word: each value stands once, with its word.

/// Declares such an enum, the list of all its values, and the word of each.
macro_rules! words {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every value, in the order of the declaration.
            $vis const ALL: [Self; [$($word),*].len()] = [$(Self::$variant),*];

            /// The word that people write for this value.
            $vis fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

pub(crate) use words;
