//! Use cases: pipeline, scheduler, config.
