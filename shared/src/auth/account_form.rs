//! Failures of the forms that only a user who is signed in can send.

use crate::app::App;
use crate::domain::origin::Origin;
use crate::domain::paths;
use crate::http::form_error::FormError;
use crate::http::problem::ProblemType;
use crate::http::response;
use crate::http::{Problem, Request, Response};

impl App {
    /// Redirects a form that failed: to the sign-in page if its session has ended, to the page that
    /// confirms a session if that is required first, or else to `page` with the error in the query.
    ///
    /// # Errors
    /// Fails with `problem` if the request is not a form, or if no page describes it.
    pub fn fail_form(
        &self,
        request: &Request,
        origin: &Origin,
        page: &str,
        problem: Problem,
    ) -> Result<Response, Problem> {
        if !request.is_form() {
            return Err(problem);
        }
        let page = origin.join(page);
        let not_found = FormError::NotFound.to_query();
        Ok(response::see_other(&match problem.kind {
            ProblemType::NotAuthenticated => self.config.site.login_url(origin),
            ProblemType::ReauthenticationRequired => origin.join(paths::CONFIRM),
            ProblemType::NotFound => format!("{page}?{not_found}"),
            _ => return Err(problem.redirect_form_to(&page)),
        }))
    }
}
