//! The page on which a contact confirms, with one step, that their details are right. Plain HTML: no script, no style, no picture.

use minijinja::context;
use schakel_model::{
    language::Language,
    register::{Contact, ContactRole},
};

use crate::{page, words::Words};

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub enum Shows<'a> {
    /// The details, and the question whether they are right.
    Ask {
        /// Who asks.
        sender: &'a str,
        /// Name of the organisation.
        organisation: &'a str,
        /// The details.
        contact: &'a Contact,
    },
    /// They are right: thanks.
    Done,
    /// The link is good no more.
    Gone,
}

/// The page, in the language of the reader.
pub fn render(language: Language, shows: Shows<'_>) -> String {
    let source = match language {
        Language::Nl => include_str!("../templates/nl/contact_page.html.j2"),
        Language::En => include_str!("../templates/en/contact_page.html.j2"),
    };
    let role = |role: ContactRole| Words::of(language).text(&format!("recipient-{role}"));
    let values = match shows {
        Shows::Ask { sender, organisation, contact } => context! {
            state => "ask", sender, organisation, role => role(contact.role),
            name => &*contact.name, email => &*contact.email, phone => masked(&contact.phone),
        },
        Shows::Done => context! { state => "done" },
        Shows::Gone => context! { state => "gone" },
    };
    page::fill(source, values)
}

/// The last digits are enough to know one's own number by, and of little use to somebody who found the mail.
fn masked(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    match digits.len() {
        0 => String::new(),
        length => format!("… {}", digits[length.saturating_sub(3)..].iter().collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use schakel_model::{
        ids::{ContactId, OrganisationId},
        tlp::Tlp,
    };

    use super::*;

    #[test]
    fn every_page_renders_and_nothing_breaks_out_of_its_place() {
        let contact = Contact {
            id: ContactId(1),
            organisation: OrganisationId(1),
            role: ContactRole::Vcib,
            name: "<script>alert(1)</script>".into(),
            email: "a&\"b@x.example".into(),
            phone: "+31 6 1234 5678".into(),
            language: Language::Nl,
            tlp_max: Tlp::Red,
            position: 0,
            valid_from: None,
            valid_until: None,
        };
        for language in Language::ALL {
            let ask = render(language, Shows::Ask { sender: "CERT", organisation: "<b>", contact: &contact });
            assert!(
                ask.contains("&lt;script&gt;") && !ask.contains("<script") && !ask.contains("<b>"),
                "{ask}"
            );
            assert!(ask.contains("… 678") && !ask.contains("1234"), "{ask}");
            assert!(
                ask.contains("method=\"post\"") && ask.contains(&format!("lang=\"{language}\"")),
                "{ask}"
            );
            for shows in [Shows::Done, Shows::Gone] {
                assert!(!render(language, shows).contains("<form"));
            }
        }
    }
}
