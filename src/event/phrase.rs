//! How is it said what a call asked for?

use super::change::{AccessPointChange, Change, Upload};

/// What a call asks for, in words: the beginning of a change's summary.
pub fn phrase(change: &Change) -> &'static str {
    match change {
        Change::CreateBucket { .. } => "create the bucket",
        Change::DeleteBucket => "delete the bucket",
        Change::PutPolicy(_) => "set the bucket policy",
        Change::DeletePolicy => "delete the bucket policy",
        Change::PutAcl(_) => "set the bucket ACL",
        Change::PutBlock(_) => "set the bucket's public access block",
        Change::DeleteBlock => "delete the bucket's public access block",
        Change::PutAccountBlock(_) => "set the account's public access block",
        Change::DeleteAccountBlock => "delete the account's public access block",
        Change::PutOwnership(_) => "set object ownership",
        Change::DeleteOwnership => "delete the ownership controls",
        Change::PutWebsite => "configure static website hosting",
        Change::DeleteWebsite => "delete the website configuration",
        Change::PutCors => "set the CORS configuration",
        Change::DeleteCors => "delete the CORS configuration",
        Change::PutReplication(_) => "set the replication configuration",
        Change::DeleteReplication => "delete the replication configuration",
        Change::PutRequestPayment(_) => "set who pays for requests",
        Change::AccessPoint(_, change) => phrase_for_access_point(change),
        Change::ObjectLambdaAccessPoint(..) => "change an Object Lambda access point",
        Change::MultiRegionAccessPoint(..) => "change a multi-region access point",
        Change::OrganizationPolicy(_) => {
            "set the public access block of an organization's accounts"
        }
        Change::PutObjectAcl { .. } => "set the object's ACL",
        Change::WriteObject { upload, .. } => match upload {
            None => "write the object",
            Some(Upload::Begun | Upload::Ended) => "begin to upload the object in parts",
            Some(Upload::Completed | Upload::Resumed) => "complete an upload of the object",
            Some(Upload::Aborted) => "give up an upload of the object",
        },
        Change::DeleteObject { .. } => "delete the object",
        Change::Read => "read a configuration",
    }
}

fn phrase_for_access_point(change: &AccessPointChange) -> &'static str {
    match change {
        AccessPointChange::Create { .. } => "create the access point",
        AccessPointChange::Delete => "delete the access point",
        AccessPointChange::PutPolicy(_) => "set the access point's policy",
        AccessPointChange::DeletePolicy => "delete the access point's policy",
    }
}
