//! What does the evidence say of one control over time? A line of marks: the control was set here, proven there, may have
//! changed there. Between them it is what the last mark left, unless the next one shows that a call is missing.

use std::fmt::Debug;

use crate::reach::Seen;
use crate::reads::PROPAGATION;

/// Where in the evidence something stands: the place of a call among all calls, and its second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub at: usize,
    pub second: i64,
}

#[derive(Debug, Clone)]
struct Mark<T> {
    place: Place,
    after: Seen<T>,
    /// A proof: nothing was changed here, so it holds back to the mark before, or to the beginning.
    proof: bool,
    /// It disagrees with the mark before: a call between them is missing.
    breaks: bool,
}

/// A stretch in which a control cannot be told: from the last second at which it was known, to the proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    pub from: i64,
    pub until: i64,
}

/// The marks of one control, in order.
#[derive(Debug, Clone)]
pub struct Track<T> {
    marks: Vec<Mark<T>>,
}

impl<T> Default for Track<T> {
    fn default() -> Self {
        Self { marks: Vec::new() }
    }
}

impl<T: Clone + PartialEq + Debug> Track<T> {
    fn mark(&mut self, place: Place, after: Seen<T>, proof: bool, disagrees: bool) {
        let later = self
            .marks
            .last()
            .is_some_and(|last| last.place.second < place.second);
        self.marks.push(Mark {
            place,
            after,
            proof,
            breaks: disagrees && later,
        });
    }

    /// What the marks up to now leave.
    pub fn now(&self) -> Seen<T> {
        self.marks
            .last()
            .map_or(Seen::Unseen, |last| last.after.clone())
    }

    /// A call set it.
    pub fn set(&mut self, place: Place, value: T) {
        self.mark(place, Seen::Known(value), false, false);
    }

    /// It is this here, though no call set it so.
    pub fn prove(&mut self, place: Place, value: T) {
        let disagrees = matches!(self.now(), Seen::Known(known) if known != value);
        self.mark(place, Seen::Known(value), true, disagrees);
    }

    /// As a read proves it: too soon after a change it tells nothing new.
    pub fn read(&mut self, place: Place, value: T) {
        if self.now() == Seen::Known(value.clone()) || !self.is_fresh(place) {
            self.prove(place, value);
        }
    }

    /// It is something of a kind here; what exactly cannot be told. That what is known is of that kind does not prove that
    /// it is still the same.
    pub fn prove_some(&mut self, place: Place, is_so: impl Fn(&T) -> bool) {
        match self.now() {
            Seen::Known(known) if is_so(&known) => {}
            Seen::Known(_) => self.mark(place, Seen::Opaque, true, true),
            _ => self.mark(place, Seen::Opaque, true, false),
        }
    }

    /// A call may have changed it.
    pub fn cloud(&mut self, place: Place) {
        self.mark(place, Seen::Opaque, false, false);
    }

    /// S3 did what this control was known to forbid: it was something else by now.
    pub fn refute(&mut self, place: Place) {
        self.mark(place, Seen::Unseen, false, true);
    }

    /// Was it changed, or perhaps, less than a minute before?
    pub fn is_fresh(&self, place: Place) -> bool {
        let changed = self.marks.iter().rev().find(|mark| !mark.proof);
        changed.is_some_and(|mark| place.second < mark.place.second + PROPAGATION)
    }

    /// What was so before the first mark.
    pub fn before(&self) -> Seen<T> {
        match self.marks.first() {
            Some(first) if first.proof => first.after.clone(),
            _ => Seen::Unseen,
        }
    }

    /// Until which place what is known comes from a later proof.
    pub fn backwards_until(&self) -> usize {
        let first = self.marks.first().filter(|first| first.proof);
        first.map_or(0, |first| first.place.at)
    }

    /// What is known right after a place, as all the evidence tells it.
    pub fn at(&self, place: Place) -> Seen<T> {
        let passed = self.passed(place);
        let Some(last) = passed.checked_sub(1).map(|last| &self.marks[last]) else {
            return self.before();
        };
        if self.breaks(passed) && place.second > last.place.second {
            return Seen::Opaque;
        }
        last.after.clone()
    }

    /// What is known at the end of a place's second, and the gap that begins with it.
    pub fn settled(&self, place: Place) -> (Seen<T>, Option<Gap>) {
        let gap = self.gap_from(place);
        if gap.is_some() {
            return (Seen::Opaque, gap);
        }
        (self.at(place), None)
    }

    fn gap_from(&self, place: Place) -> Option<Gap> {
        let passed = self.passed(place);
        let from = self.marks[passed.checked_sub(1)?].place.second;
        let until = self.marks.get(passed)?.place.second;
        (self.breaks(passed) && from == place.second).then_some(Gap { from, until })
    }

    /// The gap that ends with the mark of this place.
    pub fn gap_until(&self, place: Place) -> Option<Gap> {
        let at = self
            .marks
            .iter()
            .position(|mark| mark.place == place && mark.breaks)?;
        let from = self.marks[at - 1].place.second;
        Some(Gap {
            from,
            until: place.second,
        })
    }

    /// What the mark of this place ended: that the control could not be told, since the mark before.
    pub fn doubt_until(&self, place: Place) -> Option<Gap> {
        let at = self.marks.iter().position(|mark| mark.place == place)?;
        let before = &self.marks[at.checked_sub(1)?];
        (before.after == Seen::Opaque && self.marks[at].after != Seen::Opaque).then_some(Gap {
            from: before.place.second,
            until: place.second,
        })
    }

    pub fn places(&self) -> impl Iterator<Item = Place> {
        self.marks.iter().map(|mark| mark.place)
    }

    fn passed(&self, place: Place) -> usize {
        self.marks.partition_point(|mark| mark.place.at <= place.at)
    }

    fn breaks(&self, mark: usize) -> bool {
        self.marks.get(mark).is_some_and(|mark| mark.breaks)
    }
}
