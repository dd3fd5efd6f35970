//! Google AlloyDB.

use super::allow_list::AllowListCommands;
use super::definition::Definition;

pub(super) const DEFINITION: Definition = Definition {
    name: "alloydb",
    setting_prefix: "alloydb",
    roles: &["alloydbsuperuser", "alloydbadmin"],
    reserved_roles: &["alloydbadmin"],
    databases: &["alloydbadmin"],
    commands: Some(|request| AllowListCommands {
        place: "the instance's authorized external networks",
        look: "gcloud alloydb instances describe INSTANCE --cluster=CLUSTER --region=REGION".to_owned(),
        open: vec![format!(
            "gcloud alloydb instances update INSTANCE --cluster=CLUSTER --region=REGION \
             --authorized-external-networks={}",
            request.merged()
        )],
        mind: Some(request.replaces()),
    }),
    ..Definition::NONE
};
