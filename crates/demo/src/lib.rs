//! The constituency and the reports of the demo.
