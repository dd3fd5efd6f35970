//! Render Postgres. Who is let in: render.com/docs/inbound-ip-rules; the API's call: api-docs.render.com, "Update Postgres
//! instance" (`ipAllowList` of `cidrBlock` and `description`), which replaces the list, so the command adds to what it read.

use super::allow_list::{AllowListCommands, AllowListRequest};
use super::definition::Definition;

pub(super) const DEFINITION: Definition = Definition {
    name: "render",
    hosts: &["-postgres.render.com"],
    commands: Some(commands),
    placeholders: &[("POSTGRES_ID", "the database's number, which begins with dpg-")],
    // No other provider has hosts below this name, and a login there sees no other sign.
    score: |_, points| 2 * points,
    ..Definition::NONE
};

fn commands(request: &AllowListRequest<'_>) -> AllowListCommands {
    let id = if request.label(0).starts_with("dpg-") {
        request.label(0)
    } else {
        "POSTGRES_ID"
    };
    let api = format!("https://api.render.com/v1/postgres/{id}");
    let token = "-H \"Authorization: Bearer $RENDER_API_KEY\"";
    let entries: Vec<String> = request
        .cidrs
        .iter()
        .map(|cidr| format!("{{cidrBlock:\"{cidr}\",description:\"Stitch\"}}"))
        .collect();
    AllowListCommands {
        place: "the database's inbound IP rules",
        look: format!("curl -fsS {token} {api} | jq .ipAllowList"),
        open: vec![format!(
            "curl -fsS {token} {api} | jq '{{ipAllowList: (.ipAllowList + [{}])}}' | curl -fsS -X PATCH {token} -H \
             'Content-Type: application/json' -d @- {api}",
            entries.join(",")
        )],
        mind: Some("RENDER_API_KEY is a key of your account; the rules apply only to the external host name"),
    }
}
