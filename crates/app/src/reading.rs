//! How reports are to be read: what the operator says beside the file names.

use schakel_parse::{Plan, PlanError, PlanOptions, mapping::Mapping, shadowserver::Schema};

/// Reading as told on the command line or in the configuration.
#[derive(Default)]
pub struct Reading {
    /// The report type, when the file name does not say it.
    pub type_name: Option<String>,
    /// A newer official Shadowserver schema.
    pub schema: Option<Schema>,
    /// Mappings for other files, tried by their file patterns in order.
    pub mappings: Vec<Mapping>,
    /// The mapping to use whatever the file is called.
    pub mapping: Option<Mapping>,
}

impl Reading {
    /// The plan for a file.
    pub fn plan(&self, name: &str, head: &[u8]) -> Result<Plan, PlanError> {
        let by_name = || self.mappings.iter().find(|mapping| mapping.matches(name));
        let options = PlanOptions {
            type_name: self.type_name.as_deref(),
            schema: self.schema.as_ref(),
            mapping: self.mapping.as_ref().or_else(by_name),
        };
        Plan::for_file(name, head, &options)
    }
}
