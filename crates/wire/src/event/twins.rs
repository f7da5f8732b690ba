//! Enums that stand on the wire beside the model's, variant by variant, with numbers that never change.

/// A wire enum beside the model's, with the way there and back.
macro_rules! twins {
    ($($wire:ident = $model:ident { $($n:tt $name:ident = $meant:pat_param => $made:expr),+ $(,)? })+) => {$(
        #[derive(Encode, Decode)]
        #[cbor(index_only)]
        pub(in crate::event) enum $wire {
            $(#[n($n)] $name),+
        }
        impl From<&$model> for $wire {
            fn from(m: &$model) -> Self {
                match m { $($meant => Self::$name),+ }
            }
        }
        impl From<$wire> for $model {
            fn from(w: $wire) -> Self {
                match w { $($wire::$name => $made),+ }
            }
        }
    )+};
}
pub(super) use twins;
