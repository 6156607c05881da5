//! What could not be used of the sample?

use crate::vocab::{LogFileId, Loss, LossKind};

pub(super) fn losses() -> Vec<Loss> {
    let loss = |file: &str, record_index, kind, detail: &str| Loss {
        log_file: LogFileId::new(file),
        record_index,
        offset: Some(120),
        kind,
        detail: detail.into(),
        bytes: Some(64),
    };
    vec![
        loss(
            "logs/a.json.gz",
            Some(7),
            LossKind::MissingField,
            "the record has no eventTime",
        ),
        loss(
            "logs/b.json.gz",
            None,
            LossKind::CorruptGzip,
            "the checksum is wrong",
        ),
    ]
}
