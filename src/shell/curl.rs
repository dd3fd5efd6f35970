//! A request to Stitch as a curl command, for the holder of the token. Neither the token nor the password is an argument
//! of any program: both come from the environment, and go through pipes.

use std::fmt::Write as _;

use super::frame::quoted;
use crate::request::Request;

/// The command, in POSIX sh. What Stitch answers goes to stdout; the exit status shows whether it accepted the request.
pub(crate) fn curl(request: &Request) -> String {
    let mut text =
        String::from("(\nset -eu\n: \"${STITCH_ACCESS_TOKEN:?set it to the access token of your Stitch account}\"\n");
    if request.body.holds_secret() {
        // The password as it stands between a JSON string's quotes.
        text.push_str(include_str!("scripts/curl_password.sh"));
    }
    text.push_str("answer=$({\n");
    for piece in request.body.pieces() {
        let piece = piece.map_or_else(|| "\"$password\"".to_owned(), quoted);
        let _ = writeln!(text, "printf %s {piece}");
    }
    let protocol = if request.url.starts_with("https:") {
        "=https"
    } else {
        "=http"
    };
    let _ = write!(
        text,
        "}} | curl -sS --max-time 60 --proto {protocol} -X {} -H 'Content-Type: application/json' -H @/dev/fd/3 \
         --data-binary @- -w '\\n%{{http_code}}' {} 3<<TOKEN\nAuthorization: Bearer $STITCH_ACCESS_TOKEN\nTOKEN\n)\n{})",
        request.method.as_str(),
        quoted(&request.url),
        include_str!("scripts/curl_answer.sh"),
    );
    text
}
