//! How do seconds become dates? By the proleptic Gregorian calendar, in UTC, without a clock.

pub const DAY: i64 = 86_400;

/// The second at which a day begins.
pub const fn day(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year / 400;
    let of_era = year - era * 400;
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    days * DAY
}

/// (year, month, day, hour, minute, second)
pub fn parts(second: i64) -> [i64; 6] {
    let days = second.div_euclid(DAY) + 719_468;
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = days.div_euclid(146_097) * 400 + year_of_era + i64::from(month <= 2);
    let clock = second.rem_euclid(DAY);
    let of_month = of_year - (153 * shifted + 2) / 5 + 1;
    [
        year,
        month,
        of_month,
        clock / 3_600,
        clock / 60 % 60,
        clock % 60,
    ]
}

/// `2022-06-01T00:00:00Z`
pub fn rfc3339(second: i64) -> String {
    let [year, month, day, hour, minute, second] = parts(second);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
