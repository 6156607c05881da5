//! What of a text could not be used?

use crate::vocab::LossKind;

/// Something in a text that could not be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// What kind of damage.
    pub kind: LossKind,
    /// Which element of the text was lost, where it is one.
    pub record_index: Option<u64>,
    /// Where what was given up begins: a byte offset into the text.
    pub offset: u64,
    /// The damage in words.
    pub detail: String,
    /// How many bytes were given up.
    pub bytes: Option<u64>,
}

/// After so many damages of a text, neighbours of a kind share one line.
pub(super) const DAMAGES_APART: usize = 1000;

/// Adds a damage. Beyond many of them it joins a neighbour of its kind instead, so that telling what is lost cannot
/// exhaust the memory; the neighbour's byte count then is that of all.
pub(super) fn tell(damages: &mut Vec<Damage>, damage: Damage) {
    let is_full = damages.len() >= DAMAGES_APART;
    let mut neighbours = damages.iter_mut().rev().take(8);
    match neighbours.find(|neighbour| is_full && neighbour.kind == damage.kind) {
        None => damages.push(damage),
        Some(neighbour) => {
            neighbour.bytes = neighbour
                .bytes
                .zip(damage.bytes)
                .map(|(sum, bytes)| sum.saturating_add(bytes));
            if !neighbour.detail.ends_with(AND_MORE) {
                neighbour.detail.push_str(AND_MORE);
            }
        }
    }
}

const AND_MORE: &str = "; and more like it after it";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_many_damages_neighbours_of_a_kind_share_a_line() {
        let damage = |kind| Damage {
            kind,
            record_index: None,
            offset: 0,
            detail: "x".to_owned(),
            bytes: Some(2),
        };
        let mut damages = Vec::new();
        for _ in 0..DAMAGES_APART + 10 {
            tell(&mut damages, damage(LossKind::NotARecord));
        }
        tell(&mut damages, damage(LossKind::TooDeep));
        tell(&mut damages, damage(LossKind::TooDeep));
        assert_eq!(damages.len(), DAMAGES_APART + 1);
        let told = |damage: &Damage| (damage.kind, damage.bytes, damage.detail.clone());
        assert_eq!(
            told(&damages[DAMAGES_APART - 1]),
            (LossKind::NotARecord, Some(22), format!("x{AND_MORE}"))
        );
        assert_eq!(
            told(&damages[DAMAGES_APART]),
            (LossKind::TooDeep, Some(4), format!("x{AND_MORE}"))
        );
    }
}
