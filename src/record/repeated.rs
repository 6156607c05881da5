//! What counts where the members of an object have one name? The last of them.

/// So many names are sooner compared with each other than sorted.
const FEW: usize = 32;

/// The sum of what stands under each name last.
pub(super) fn sum_of_last(mut members: Vec<(&str, u64)>) -> u64 {
    let few = members.len() <= FEW;
    let is_repeated = |at: usize, (name, _): &(&str, u64)| {
        let mut later = members.iter().skip(at + 1);
        later.any(|(other, _)| other == name)
    };
    if few {
        let last = members.iter().enumerate();
        let last = last.filter(|(at, member)| !is_repeated(*at, member));
        return last.map(|(_, (_, count))| count).sum();
    }
    members.reverse();
    members.sort_by_key(|(name, _)| *name);
    members.dedup_by_key(|(name, _)| *name);
    members.iter().map(|(_, count)| count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn the_last_of_a_name_counts_however_many_there_are() {
        for (members, names) in [
            (0, 1),
            (1, 1),
            (5, 9),
            (9, 4),
            (32, 20),
            (33, 20),
            (200, 60),
        ] {
            let texts: Vec<String> = (0..members)
                .map(|at| format!("name-{}", at * 7 % names))
                .collect();
            let members: Vec<(&str, u64)> = texts.iter().map(String::as_str).zip(1..).collect();
            let expected: BTreeMap<&str, u64> = members.iter().copied().collect();
            let expected: u64 = expected.values().sum();
            assert_eq!(sum_of_last(members), expected);
        }
    }
}
