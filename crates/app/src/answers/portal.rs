//! What somebody of a member answers on their own page, and takes back.

use schakel_model::answer::{AnswerWay, Standing};
use schakel_store::answers::Answer;

/// An answer can be taken back for this long: by then others go by it.
pub const TAKE_BACK_SECONDS: i64 = 3_600;

/// May this person take an answer back? Their own, soon, and when nobody has acted on it.
pub fn may_take_back(answer: &Answer, account: &str, now: i64) -> bool {
    let said = &answer.said;
    said.way == AnswerWay::Portal
        && said.sender == account
        && said.standing != Standing::Refused
        && answer.decided_at.is_none()
        && answer.done_at.is_none()
        && now < answer.at + TAKE_BACK_SECONDS
}
