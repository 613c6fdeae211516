//! `hodman template`: what hodman would put into AWS, printed for those who put it there themselves.

use super::output::print;
use clap::{Args, Subcommand, ValueEnum};
use hodman_model::foundation::policies::{
    self, AwsAccountId, BucketName, CrossAccount, DatabricksAccountId, ExternalId, InputError,
    KeyArn, KeyUse, Partition, Policy, Region, Restriction, RoleArn, RoleName, SecurityGroupId,
    UnityCatalogRole, VpcId,
};
use hodman_model::foundation::templates::Carried;
use std::process::ExitCode;
use std::str::FromStr;

/// What is printed.
#[derive(Debug, Subcommand)]
pub(super) enum Template {
    /// An IAM, bucket or key policy, as JSON.
    #[command(subcommand)]
    Policy(PolicyOf),
    /// A CloudFormation template of the network of workspaces; its parameters say the rest.
    Network {
        /// For a VPC that exists, instead of a new one: security group, endpoints, and subnets where none are given.
        #[arg(long)]
        existing_vpc: bool,
    },
    /// A CloudFormation template of a customer-managed key.
    KmsKey,
}

/// Which policy.
#[derive(Debug, Subcommand)]
pub(super) enum PolicyOf {
    /// What the role may do with which Databricks starts machines.
    CrossAccount(CrossAccountArgs),
    /// Who may assume that role.
    CrossAccountTrust {
        #[command(flatten)]
        account: Account,
    },
    /// Of the root bucket of a workspace.
    RootBucket {
        #[command(flatten)]
        account: Account,
        /// The bucket.
        #[arg(long, value_parser = input::<BucketName>)]
        bucket: BucketName,
    },
    /// What the role of a Unity Catalog storage credential may do.
    UnityCatalog {
        #[command(flatten)]
        role: UnityCatalogArgs,
        /// The bucket.
        #[arg(long, value_parser = input::<BucketName>)]
        bucket: BucketName,
        /// The key that the bucket is encrypted with.
        #[arg(long, value_parser = input::<KeyArn>)]
        key: Option<KeyArn>,
    },
    /// Who may assume that role: Unity Catalog and the role itself.
    UnityCatalogTrust {
        #[command(flatten)]
        role: UnityCatalogArgs,
        /// As the storage credential shows it; else the Databricks account.
        #[arg(long, value_parser = input::<ExternalId>)]
        external_id: ExternalId,
    },
    /// Of the bucket that logs are delivered to.
    LogDeliveryBucket {
        #[command(flatten)]
        place: Place,
        /// The bucket.
        #[arg(long, value_parser = input::<BucketName>)]
        bucket: BucketName,
        /// The delivering role.
        #[arg(long, value_parser = input::<RoleArn>)]
        role: RoleArn,
    },
    /// Who may assume the delivering role.
    LogDeliveryTrust {
        #[command(flatten)]
        account: Account,
    },
    /// Of a customer-managed key.
    KmsKey {
        #[command(flatten)]
        account: Account,
        /// The AWS account of the key.
        #[arg(long, value_parser = input::<AwsAccountId>)]
        aws_account: AwsAccountId,
        /// What is encrypted with it; may be given twice.
        #[arg(long = "use", value_name = "USE", required = true)]
        uses: Vec<Encrypts>,
        /// The role that starts machines, for their disks; with `--use storage`.
        #[arg(long, value_parser = input::<RoleArn>)]
        cross_account_role: Option<RoleArn>,
    },
}

/// The part of AWS.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// The part of AWS: aws, aws-us-gov or aws-us-gov-dod.
    #[arg(long, default_value = "aws", value_parser = input::<Partition>)]
    partition: Partition,
}

/// The Databricks account, and the part of AWS.
#[derive(Debug, Args)]
pub(super) struct Account {
    #[command(flatten)]
    place: Place,
    /// The Databricks account, a UUID.
    #[arg(long, value_parser = input::<DatabricksAccountId>)]
    account_id: DatabricksAccountId,
}

/// Whose the network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Variant {
    /// Databricks makes the VPC.
    Managed,
    /// The VPC is yours.
    Customer,
    /// The VPC is yours, and nothing outside it and without Databricks' tag may be touched.
    Restricted,
}

/// What is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Encrypts {
    /// Notebooks, secrets and queries in the control plane.
    ManagedServices,
    /// The root bucket and disks.
    Storage,
}

/// The cross-account role.
#[derive(Debug, Args)]
pub(super) struct CrossAccountArgs {
    #[command(flatten)]
    place: Place,
    /// Whose the network is.
    #[arg(long, default_value = "managed", requires_ifs = [
        ("restricted", "aws_account"), ("restricted", "region"), ("restricted", "vpc"), ("restricted", "security_group"),
    ])]
    variant: Variant,
    /// The AWS account of the VPC; for `restricted`.
    #[arg(long, value_parser = input::<AwsAccountId>)]
    aws_account: Option<AwsAccountId>,
    /// The region of the VPC; for `restricted`.
    #[arg(long, value_parser = input::<Region>)]
    region: Option<Region>,
    /// The VPC; for `restricted`.
    #[arg(long, value_parser = input::<VpcId>)]
    vpc: Option<VpcId>,
    /// The security group of the machines; for `restricted`.
    #[arg(long, value_parser = input::<SecurityGroupId>)]
    security_group: Option<SecurityGroupId>,
    /// A role of an instance profile that clusters may have; may be given more than once.
    #[arg(long, value_parser = input::<RoleArn>)]
    pass_role: Vec<RoleArn>,
}

/// The role of a storage credential.
#[derive(Debug, Args)]
pub(super) struct UnityCatalogArgs {
    #[command(flatten)]
    place: Place,
    /// The AWS account of the role.
    #[arg(long, value_parser = input::<AwsAccountId>)]
    aws_account: AwsAccountId,
    /// The role's name.
    #[arg(long, value_parser = input::<RoleName>)]
    role_name: RoleName,
}

impl UnityCatalogArgs {
    fn role(self) -> UnityCatalogRole {
        UnityCatalogRole {
            partition: self.place.partition,
            account: self.aws_account,
            name: self.role_name,
        }
    }
}

pub(super) fn template(what: Template) -> anyhow::Result<ExitCode> {
    match what {
        Template::Policy(of) => print(&policy(of)?.to_json())?,
        Template::Network { existing_vpc } => print(if existing_vpc {
            Carried::NetworkInVpc.body().trim_end()
        } else {
            Carried::Network.body().trim_end()
        })?,
        Template::KmsKey => print(Carried::KmsKey.body().trim_end())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn policy(of: PolicyOf) -> anyhow::Result<Policy> {
    Ok(match of {
        PolicyOf::CrossAccount(args) => cross_account(args)?,
        PolicyOf::CrossAccountTrust { account } => {
            policies::cross_account_trust(account.place.partition, &account.account_id)
        }
        PolicyOf::RootBucket { account, bucket } => {
            policies::root_bucket(account.place.partition, &bucket, &account.account_id)
        }
        PolicyOf::UnityCatalog { role, bucket, key } => {
            policies::unity_catalog(&role.role(), &bucket, key.as_ref())
        }
        PolicyOf::UnityCatalogTrust { role, external_id } => {
            policies::unity_catalog_trust(&role.role(), &external_id)
        }
        PolicyOf::LogDeliveryBucket {
            place,
            bucket,
            role,
        } => policies::log_delivery_bucket(place.partition, &bucket, &role),
        PolicyOf::LogDeliveryTrust { account } => {
            policies::log_delivery_trust(account.place.partition, &account.account_id)
        }
        PolicyOf::KmsKey {
            account,
            aws_account,
            uses,
            cross_account_role,
        } => {
            let uses: Vec<KeyUse> = uses
                .into_iter()
                .map(|wanted| match wanted {
                    Encrypts::ManagedServices => KeyUse::ManagedServices,
                    Encrypts::Storage => KeyUse::Storage {
                        cross_account_role: cross_account_role.clone(),
                    },
                })
                .collect();
            policies::kms_key(
                account.place.partition,
                &aws_account,
                &account.account_id,
                &uses,
            )
        }
    })
}

fn cross_account(args: CrossAccountArgs) -> anyhow::Result<Policy> {
    let variant = match args {
        CrossAccountArgs {
            variant: Variant::Managed,
            ..
        } => CrossAccount::Managed,
        CrossAccountArgs {
            variant: Variant::Customer,
            ..
        } => CrossAccount::Customer,
        CrossAccountArgs {
            variant: Variant::Restricted,
            aws_account: Some(account),
            region: Some(region),
            vpc: Some(vpc),
            security_group: Some(security_group),
            ..
        } => CrossAccount::Restricted(Restriction {
            account,
            region,
            vpc,
            security_group,
        }),
        // Never a wider policy than was asked for.
        _ => anyhow::bail!(
            "`--variant restricted` needs --aws-account, --region, --vpc and --security-group"
        ),
    };
    Ok(policies::cross_account(
        args.place.partition,
        &variant,
        &args.pass_role,
    ))
}

/// An argument that says where the right one is found when it is wrong.
fn input<T: FromStr<Err = InputError>>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|error: InputError| format!("it is not {}; {}", error.what, error.hint))
}
