//! Which patterns are known by name?
//!
//! The article's filter, what decides who gets into a bucket, and the monitoring patterns of the CIS AWS Foundations Benchmark,
//! each as it was published, mistakes included: that is what is deployed.
//!
//! <https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html>

/// A pattern with a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Preset {
    /// The name, public and stable.
    pub name: &'static str,
    /// What it is meant to match.
    pub about: &'static str,
    /// Where it was published.
    pub source: &'static str,
    /// The pattern.
    pub pattern: &'static str,
}

/// The preset of that name.
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

/// All presets.
pub static PRESETS: &[Preset] = &[
    Preset {
        name: "bucket-policy-change",
        about: "Changes of bucket policies, ACLs and CORS: the metric filter of the usual alarm",
        source: "AWS, monitoring bucket policy changes",
        pattern: r#"{ ($.eventSource = s3.amazonaws.com) && (($.eventName = PutBucketAcl) || ($.eventName = PutBucketPolicy) || ($.eventName = PutBucketCors) || ($.eventName = DeleteBucketPolicy) || ($.eventName = DeleteBucketCors)) }"#,
    },
    Preset {
        name: "s3-exposure",
        about: "All that decides who gets into a bucket: policy, ACLs of it and its objects, ownership, both public access blocks, access points of every kind",
        source: "leaktrail",
        pattern: r#"{ $.eventSource = s3.amazonaws.com && ($.eventName = CreateBucket || $.eventName = DeleteBucket || $.eventName = "PutBucketP*" || $.eventName = "DeleteBucketP*" || $.eventName = PutBucketAcl || $.eventName = PutObjectAcl || $.eventName = PutAccountPublicAccessBlock || $.eventName = DeleteAccountPublicAccessBlock || $.eventName = PutBucketOwnershipControls || $.eventName = DeleteBucketOwnershipControls || $.eventName = PutBucketWebsite || $.eventName = PutBucketCors || $.eventName = "CreateAccessPoint*" || $.eventName = "PutAccessPointPolicy*" || $.eventName = "DeleteAccessPoint*" || $.eventName = "CreateMultiRegion*" || $.eventName = "PutMultiRegion*" || $.eventName = "DeleteMultiRegion*" || $.requestParameters.x-amz-acl = "*-read*" || $.requestParameters.x-amz-acl[0] = "*-read*" || $.requestParameters.x-amz-grant-read = "*" || $.requestParameters.x-amz-grant-read-acp = "*" || $.requestParameters.x-amz-grant-write-acp = "*" || $.requestParameters.x-amz-grant-full-control = "*") }"#,
    },
    Preset {
        name: "unauthorized-api-calls-v1.2",
        about: "API calls that were refused for want of permission; the form to prefer",
        source: "CIS AWS Foundations Benchmark 1.2 3.1; Security Hub CloudWatch.2",
        pattern: r#"{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }"#,
    },
    Preset {
        name: "unauthorized-api-calls-v1.4",
        about: "API calls that were refused for want of permission; as published, nearly every record",
        source: "CIS AWS Foundations Benchmark 1.4 4.1, 1.5 4.1, 2.0 4.1, 3.0 4.1",
        pattern: r#"{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") || ($.sourceIPAddress!="delivery.logs.amazonaws.com") || ($.eventName!="HeadBucket") }"#,
    },
    Preset {
        name: "unauthorized-api-calls-v4.0",
        about: "API calls that were refused for want of permission; as published, the exclusions reach AccessDenied only",
        source: "CIS AWS Foundations Benchmark 4.0.1 4.1, 5.0 4.1, 6.0 5.1, 7.0 5.1",
        pattern: r#"{ ($.errorCode ="*UnauthorizedOperation") || ($.errorCode ="AccessDenied*") && ($.sourceIPAddress!="delivery.logs.amazonaws.com") && ($.eventName!="HeadBucket") }"#,
    },
    Preset {
        name: "console-signin-no-mfa",
        about: "Console sign-ins without a second factor",
        source: "CIS AWS Foundations Benchmark 1.2 3.2, 1.4 4.2, 1.5 4.2, 2.0 4.2, 3.0 4.2, 4.0.1 4.2, 5.0 4.2, 6.0 5.2, 7.0 5.2",
        pattern: r#"{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }"#,
    },
    Preset {
        name: "console-signin-no-mfa-sso",
        about: "Console sign-ins without a second factor; IAM users only",
        source: "CIS AWS Foundations Benchmark 1.4 4.2, 1.5 4.2, 2.0 4.2, 3.0 4.2, 4.0.1 4.2, 5.0 4.2, 6.0 5.2, 7.0 5.2; Security Hub CloudWatch.3",
        pattern: r#"{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }"#,
    },
    Preset {
        name: "root-usage",
        about: "Use of the root user",
        source: "CIS AWS Foundations Benchmark 1.2 3.3, 1.4 4.3, 1.5 4.3, 2.0 4.3, 3.0 4.3, 4.0.1 4.3, 5.0 4.3, 6.0 5.3, 7.0 5.3; Security Hub CloudWatch.1",
        pattern: r#"{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }"#,
    },
    Preset {
        name: "iam-policy-changes",
        about: "Changes of IAM policies",
        source: "CIS AWS Foundations Benchmark 1.2 3.4, 1.4 4.4, 1.5 4.4, 2.0 4.4, 3.0 4.4, 4.0.1 4.4, 5.0 4.4, 6.0 5.4, 7.0 5.4; Security Hub CloudWatch.4",
        pattern: r#"{($.eventName = DeleteGroupPolicy) || ($.eventName = DeleteRolePolicy) || ($.eventName = DeleteUserPolicy) || ($.eventName = PutGroupPolicy) || ($.eventName = PutRolePolicy) || ($.eventName = PutUserPolicy) || ($.eventName = CreatePolicy) || ($.eventName = DeletePolicy) || ($.eventName = CreatePolicyVersion) || ($.eventName = DeletePolicyVersion) || ($.eventName = AttachRolePolicy) || ($.eventName = DetachRolePolicy) || ($.eventName = AttachUserPolicy) || ($.eventName = DetachUserPolicy) || ($.eventName = AttachGroupPolicy) || ($.eventName = DetachGroupPolicy)}"#,
    },
    Preset {
        name: "cloudtrail-changes",
        about: "Changes of CloudTrail's configuration",
        source: "CIS AWS Foundations Benchmark 1.2 3.5, 1.4 4.5, 1.5 4.5, 2.0 4.5, 3.0 4.5, 4.0.1 4.5, 5.0 4.5, 6.0 5.5, 7.0 5.5; Security Hub CloudWatch.5",
        pattern: r#"{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) || ($.eventName = DeleteTrail) || ($.eventName = StartLogging) || ($.eventName = StopLogging) }"#,
    },
    Preset {
        name: "console-auth-failures",
        about: "Failed console sign-ins",
        source: "CIS AWS Foundations Benchmark 1.2 3.6, 1.4 4.6, 1.5 4.6, 2.0 4.6, 3.0 4.6, 4.0.1 4.6, 5.0 4.6, 6.0 5.6, 7.0 5.6; Security Hub CloudWatch.6",
        pattern: r#"{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }"#,
    },
    Preset {
        name: "cmk-disable-delete",
        about: "KMS keys disabled or scheduled for deletion",
        source: "CIS AWS Foundations Benchmark 1.2 3.7, 1.4 4.7, 1.5 4.7, 2.0 4.7, 3.0 4.7, 4.0.1 4.7, 5.0 4.7, 6.0 5.7, 7.0 5.7; Security Hub CloudWatch.7",
        pattern: r#"{ ($.eventSource = kms.amazonaws.com) && (($.eventName = DisableKey) || ($.eventName = ScheduleKeyDeletion)) }"#,
    },
    Preset {
        name: "s3-bucket-policy-changes",
        about: "Changes of S3 bucket policies, ACLs, CORS, lifecycle, replication",
        source: "CIS AWS Foundations Benchmark 1.2 3.8, 1.4 4.8, 1.5 4.8, 2.0 4.8, 3.0 4.8, 4.0.1 4.8, 5.0 4.8, 6.0 5.8, 7.0 5.8; Security Hub CloudWatch.8",
        pattern: r#"{ ($.eventSource = s3.amazonaws.com) && (($.eventName = PutBucketAcl) || ($.eventName = PutBucketPolicy) || ($.eventName = PutBucketCors) || ($.eventName = PutBucketLifecycle) || ($.eventName = PutBucketReplication) || ($.eventName = DeleteBucketPolicy) || ($.eventName = DeleteBucketCors) || ($.eventName = DeleteBucketLifecycle) || ($.eventName = DeleteBucketReplication)) }"#,
    },
    Preset {
        name: "config-changes",
        about: "Changes of AWS Config's configuration",
        source: "CIS AWS Foundations Benchmark 1.2 3.9, 1.4 4.9, 1.5 4.9, 2.0 4.9, 3.0 4.9, 4.0.1 4.9, 5.0 4.9, 6.0 5.9, 7.0 5.9; Security Hub CloudWatch.9",
        pattern: r#"{ ($.eventSource = config.amazonaws.com) && (($.eventName = StopConfigurationRecorder) || ($.eventName = DeleteDeliveryChannel) || ($.eventName = PutDeliveryChannel) || ($.eventName = PutConfigurationRecorder)) }"#,
    },
    Preset {
        name: "security-group-changes",
        about: "Changes of security groups",
        source: "CIS AWS Foundations Benchmark 1.2 3.10, 1.4 4.10, 1.5 4.10, 2.0 4.10, 3.0 4.10, 4.0.1 4.10; Security Hub CloudWatch.10",
        pattern: r#"{ ($.eventName = AuthorizeSecurityGroupIngress) || ($.eventName = AuthorizeSecurityGroupEgress) || ($.eventName = RevokeSecurityGroupIngress) || ($.eventName = RevokeSecurityGroupEgress) || ($.eventName = CreateSecurityGroup) || ($.eventName = DeleteSecurityGroup) }"#,
    },
    Preset {
        name: "security-group-changes-v5.0",
        about: "Changes of security groups; with ModifySecurityGroupRules",
        source: "CIS AWS Foundations Benchmark 5.0 4.10, 6.0 5.10, 7.0 5.10",
        pattern: r#"{ ($.eventName = AuthorizeSecurityGroupIngress) || ($.eventName = AuthorizeSecurityGroupEgress) || ($.eventName = RevokeSecurityGroupIngress) || ($.eventName = RevokeSecurityGroupEgress) || ($.eventName = CreateSecurityGroup) || ($.eventName = DeleteSecurityGroup) || ($.eventName = ModifySecurityGroupRules) }"#,
    },
    Preset {
        name: "nacl-changes",
        about: "Changes of network ACLs",
        source: "CIS AWS Foundations Benchmark 1.2 3.11, 1.4 4.11, 1.5 4.11, 2.0 4.11, 3.0 4.11, 4.0.1 4.11, 5.0 4.11, 6.0 5.11, 7.0 5.11; Security Hub CloudWatch.11",
        pattern: r#"{ ($.eventName = CreateNetworkAcl) || ($.eventName = CreateNetworkAclEntry) || ($.eventName = DeleteNetworkAcl) || ($.eventName = DeleteNetworkAclEntry) || ($.eventName = ReplaceNetworkAclEntry) || ($.eventName = ReplaceNetworkAclAssociation) }"#,
    },
    Preset {
        name: "network-gateway-changes",
        about: "Changes of network gateways",
        source: "CIS AWS Foundations Benchmark 1.2 3.12, 1.4 4.12, 1.5 4.12, 2.0 4.12, 3.0 4.12, 4.0.1 4.12, 5.0 4.12, 6.0 5.12, 7.0 5.12; Security Hub CloudWatch.12",
        pattern: r#"{ ($.eventName = CreateCustomerGateway) || ($.eventName = DeleteCustomerGateway) || ($.eventName = AttachInternetGateway) || ($.eventName = CreateInternetGateway) || ($.eventName = DeleteInternetGateway) || ($.eventName = DetachInternetGateway) }"#,
    },
    Preset {
        name: "route-table-changes",
        about: "Changes of route tables",
        source: "CIS AWS Foundations Benchmark 1.2 3.13, 1.4 4.13, 1.5 4.13, 2.0 4.13, 3.0 4.13, 4.0.1 4.13, 5.0 4.13, 6.0 5.13, 7.0 5.13; Security Hub CloudWatch.13",
        pattern: r#"{ ($.eventName = CreateRoute) || ($.eventName = CreateRouteTable) || ($.eventName = ReplaceRoute) || ($.eventName = ReplaceRouteTableAssociation) || ($.eventName = DeleteRouteTable) || ($.eventName = DeleteRoute) || ($.eventName = DisassociateRouteTable) }"#,
    },
    Preset {
        name: "route-table-changes-audit-v3.0",
        about: "Changes of route tables; as the audit text has it, eventSource reaches CreateRoute only",
        source: "CIS AWS Foundations Benchmark 3.0 4.13, 4.0.1 4.13, 5.0 4.13, 6.0 5.13, 7.0 5.13",
        pattern: r#"{ ($.eventSource = ec2.amazonaws.com) && ($.eventName = CreateRoute) || ($.eventName = CreateRouteTable) || ($.eventName = ReplaceRoute) || ($.eventName = ReplaceRouteTableAssociation) || ($.eventName = DeleteRouteTable) || ($.eventName = DeleteRoute) || ($.eventName = DisassociateRouteTable) }"#,
    },
    Preset {
        name: "vpc-changes",
        about: "Changes of VPCs",
        source: "CIS AWS Foundations Benchmark 1.2 3.14, 1.4 4.14, 1.5 4.14, 2.0 4.14, 3.0 4.14, 4.0.1 4.14, 5.0 4.14, 6.0 5.14, 7.0 5.14; Security Hub CloudWatch.14",
        pattern: r#"{ ($.eventName = CreateVpc) || ($.eventName = DeleteVpc) || ($.eventName = ModifyVpcAttribute) || ($.eventName = AcceptVpcPeeringConnection) || ($.eventName = CreateVpcPeeringConnection) || ($.eventName = DeleteVpcPeeringConnection) || ($.eventName = RejectVpcPeeringConnection) || ($.eventName = AttachClassicLinkVpc) || ($.eventName = DetachClassicLinkVpc) || ($.eventName = DisableVpcClassicLink) || ($.eventName = EnableVpcClassicLink) }"#,
    },
    Preset {
        name: "organizations-changes",
        about: "Changes of AWS Organizations",
        source: "CIS AWS Foundations Benchmark 1.4 4.15, 1.5 4.15, 2.0 4.15, 3.0 4.15, 4.0.1 4.15, 5.0 4.15, 6.0 5.15, 7.0 5.15",
        pattern: r#"{ ($.eventSource = organizations.amazonaws.com) && (($.eventName = "AcceptHandshake") || ($.eventName = "AttachPolicy") || ($.eventName = "CreateAccount") || ($.eventName = "CreateOrganizationalUnit") || ($.eventName = "CreatePolicy") || ($.eventName = "DeclineHandshake") || ($.eventName = "DeleteOrganization") || ($.eventName = "DeleteOrganizationalUnit") || ($.eventName = "DeletePolicy") || ($.eventName = "DetachPolicy") || ($.eventName = "DisablePolicyType") || ($.eventName = "EnablePolicyType") || ($.eventName = "InviteAccountToOrganization") || ($.eventName = "LeaveOrganization") || ($.eventName = "MoveAccount") || ($.eventName = "RemoveAccountFromOrganization") || ($.eventName = "UpdatePolicy") || ($.eventName = "UpdateOrganizationalUnit")) }"#,
    },
];

#[cfg(test)]
mod tests {
    use super::super::{InteriorStar, Pattern};
    use super::*;

    #[test]
    fn every_preset_can_be_read_and_is_named_once() {
        for preset in PRESETS {
            Pattern::parse(preset.pattern, InteriorStar::Literal)
                .unwrap_or_else(|error| panic!("{}: {error}", preset.name));
        }
        let names: std::collections::BTreeSet<_> =
            PRESETS.iter().map(|preset| preset.name).collect();
        assert_eq!(names.len(), PRESETS.len());
        assert_eq!(
            preset("root-usage").map(|preset| preset.name),
            Some("root-usage")
        );
        assert_eq!(preset("all"), None);
    }
}
