//! How reports are to be read: what the operator says beside the file names.

use schakel_model::tlp::Tlp;
use schakel_parse::{Plan, PlanError, PlanOptions, mapping::Mapping, shadowserver::Schema};

/// Reading as told on the command line or in the configuration.
pub struct Reading {
    /// The report type, when the file name does not say it.
    pub type_name: Option<String>,
    /// A newer official Shadowserver schema.
    pub schema: Option<Schema>,
    /// Mappings for other files, tried by their file patterns in order.
    pub mappings: Vec<Mapping>,
    /// The mapping to use whatever the file is called.
    pub mapping: Option<Mapping>,
    /// The marking of everything read, when the operator says one.
    pub tlp: Option<Tlp>,
    /// The marking of what bears none and whose mapping says none.
    pub default_tlp: Tlp,
}

impl Default for Reading {
    /// Nothing said, and TLP:AMBER for what bears no marking.
    fn default() -> Self {
        Self {
            type_name: None,
            schema: None,
            mappings: Vec::new(),
            mapping: None,
            tlp: None,
            default_tlp: Tlp::Amber,
        }
    }
}

impl Reading {
    /// The plan for a file.
    pub fn plan(&self, name: &str, head: &[u8]) -> Result<Plan, PlanError> {
        let options = PlanOptions {
            type_name: self.type_name.as_deref(),
            schema: self.schema.as_ref(),
            mapping: self.mapping_for(name),
        };
        Plan::for_file(name, head, &options)
    }

    /// The marking of a file's items.
    pub fn marking(&self, name: &str) -> Tlp {
        self.tlp.or_else(|| self.mapping_for(name)?.tlp).unwrap_or(self.default_tlp)
    }

    fn mapping_for(&self, name: &str) -> Option<&Mapping> {
        self.mapping.as_ref().or_else(|| self.mappings.iter().find(|mapping| mapping.matches(name)))
    }
}
