//! What is said to a person: closed sets, each with what it is about, in English here; the portal has words of its own in every language, by the key.

/// An enum of such a set: its variants with their parts, the key of the text in the portal, and the text in English.
#[macro_export]
macro_rules! said {
    ($(#[$doc:meta])* $name:ident { $($variant:ident { $($field:ident),* } $key:literal $text:literal)* }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum $name {
            $(
                #[doc = $text]
                $variant {
                    $(#[allow(missing_docs)] $field: String),*
                },
            )*
        }

        impl $name {
            /// Every key.
            pub const KEYS: &'static [&'static str] = &[$($key),*];

            /// The key of its text in the portal.
            pub fn key(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $key),*
                }
            }

            /// What it is about, by the names in that text.
            pub fn parts(&self) -> Vec<(&'static str, String)> {
                match self {
                    $(Self::$variant { $($field),* } => vec![$((stringify!($field), $field.clone())),*]),*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(Self::$variant { $($field),* } => write!(f, $text)),*
                }
            }
        }
    };
}
