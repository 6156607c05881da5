//! Which writes of objects are kept?

use crate::evidence::ObjectsOfInterest;
use crate::source::LogFile;

/// Which writes of objects are kept that do not matter by themselves.
#[derive(Clone, Copy)]
pub(in crate::pipeline) enum Writes<'o> {
    /// None; it is noted where there are some.
    Noted,
    /// Those of these objects.
    Of(&'o ObjectsOfInterest),
    /// All, of a file that can be read only once.
    All,
    /// None, but all are put aside, with every other record that matters: for a store.
    Aside,
}

impl Writes<'_> {
    /// Whether sessions and callers' addresses are kept, since the file may not be there when they are asked for.
    pub(super) fn keeps_all(self) -> bool {
        matches!(self, Self::All | Self::Aside)
    }

    /// Which are kept when a file is read for the first time.
    pub(in crate::pipeline) fn at_first(file: &LogFile) -> Self {
        match file.is_standard_input() {
            true => Self::All,
            false => Self::Noted,
        }
    }
}
