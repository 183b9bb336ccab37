//! Notifications out: SMTP and folder.
