//! Enums whose values people write or read as one word: each value stands once, with its word.

/// Declares such an enum, the list of all its values, and the word of each. `else`: what is said of a text that is none of the
/// words, with all of them for `{all}`; it is read from a text then.
macro_rules! words {
    ($(#[$meta:meta])* $vis:vis enum $name:ident $(else $refusal:literal)? { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
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

        $(impl std::str::FromStr for $name {
            type Err = anyhow::Error;

            fn from_str(text: &str) -> anyhow::Result<Self> {
                let found = Self::ALL.into_iter().find(|value| value.as_str() == text);
                found.ok_or_else(|| {
                    let refusal = $refusal.replace("{all}", &Self::ALL.map(Self::as_str).join(", "));
                    anyhow::anyhow!("{text:?} {refusal}")
                })
            }
        })?
    };
}

pub(crate) use words;
