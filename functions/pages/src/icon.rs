//! The icon of the pages: the first letter of the portal's name on its color.

use crate::filters::escape;
use crate::theme::PageBrand;
use shared::domain::time::DAY;
use shared::http::Response;
use shared::http::response;

/// Returns the icon as SVG, which anybody may cache for a day.
pub(crate) fn icon(brand: &PageBrand) -> Response {
    let letter = brand.name.chars().find(|c| c.is_alphanumeric());
    let letter = letter.map_or_else(String::new, |letter| letter.to_uppercase().collect());
    let letter = escape(&letter);
    let (accent, on_accent) = (&brand.accent, brand.on_accent);
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\">\
         <rect width=\"32\" height=\"32\" rx=\"7\" fill=\"{accent}\"/>\
         <text x=\"16\" y=\"23\" font-family=\"sans-serif\" font-size=\"20\" font-weight=\"700\" \
         text-anchor=\"middle\" fill=\"{on_accent}\">{letter}</text></svg>"
    );
    response::public_text("image/svg+xml", &svg, DAY)
}
