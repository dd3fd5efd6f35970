//! Stitch's Connect API as its reference documents it, on this machine: it keeps destinations, and notes every
//! request.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// The token it accepts.
pub(crate) const TOKEN: &str = "ac_0123456789abcdef";

/// A running one. Its clock stands still but for changes: every change is a minute later than the one before.
pub(crate) struct FakeStitch {
    server: MockServer,
    state: Arc<Mutex<State>>,
    _runtime: tokio::runtime::Runtime,
}

/// What it has and does. Fields are for tests to set.
pub(crate) struct State {
    /// The answer about the type.
    pub(crate) kind: Value,
    /// The destinations as `GET /v4/destinations` lists them.
    pub(crate) destinations: Vec<Value>,
    /// The sources as `GET /v4/sources` lists them.
    pub(crate) sources: Value,
    /// Answers out of turn: method, path, and what is answered, the first that fits, once each.
    pub(crate) instead: Vec<(&'static str, &'static str, ResponseTemplate)>,
    /// Every request: method, path and body.
    pub(crate) requests: Vec<(String, String, Value)>,
    clock: u32,
}

impl FakeStitch {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let state = Arc::new(Mutex::new(State {
            kind: kind(&json!({"type": "string", "pattern": "^(true|false)$"})),
            destinations: Vec::new(),
            sources: json!([]),
            instead: Vec::new(),
            requests: Vec::new(),
            clock: 0,
        }));
        let server = runtime.block_on(async {
            let server = MockServer::start().await;
            let state = Arc::clone(&state);
            let answer = move |request: &Request| state.lock().expect("no test panics in here").answer(request);
            Mock::given(any()).respond_with(answer).mount(&server).await;
            server
        });
        Self {
            server,
            state,
            _runtime: runtime,
        }
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        self.server.uri()
    }

    /// The port of it.
    pub(crate) fn port(&self) -> u16 {
        self.server.address().port()
    }

    /// Reads, or changes, what it has.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().expect("no test panics in here"))
    }

    /// The requests that change something, since this was last asked.
    pub(crate) fn changes(&self) -> Vec<(String, String, Value)> {
        let requests = self.with(|state| std::mem::take(&mut state.requests));
        requests.into_iter().filter(|request| request.0 != "GET").collect()
    }
}

/// The report card of the type, as documented, with this schema of `ssl`.
pub(crate) fn kind(ssl: &Value) -> Value {
    let property = |name: &str, required: bool, schema: Value| {
        json!({"name": name, "is_required": required, "is_credential": name == "password", "provided": false,
            "property_type": "user_provided", "json_schema": schema, "system_provided": false})
    };
    let text = || json!({"type": "string"});
    json!({
        "type": TYPE, "current_step": 1,
        "steps": [
            {"type": "form", "properties": [
                property("host", true, text()), property("port", true, json!({"type": "string", "pattern": "^\\d+$"})),
                property("database", true, text()), property("username", true, text()), property("password", true, text()),
                property("ssl", true, ssl.clone()), property("encryption_type", true, text()),
                property("encryption_host", false, text()), property("sslrootcert", false, text())]},
            {"type": "fully_configured", "properties": []}],
        "details": {"pricing_tier": "standard", "pipeline_state": "released", "protocol": "postgres", "access": true}
    })
}

const TYPE: &str = "postgres";

/// A destination as it stands in the list.
pub(crate) fn destination(id: u64, kind: &str, properties: &Value) -> Value {
    json!({
        "id": id, "type": kind, "name": format!("number {id}"), "description": null, "display_name": null,
        "created_at": "2025-01-01T00:00:00Z", "updated_at": "2025-01-01T00:00:00Z", "deleted_at": null,
        "paused_at": null, "system_paused_at": null, "stitch_client_id": 1234,
        "check_job_name": format!("1234.{id}.check.11111111-2222-3333-4444-555555555555"),
        "properties": properties,
        "report_card": {"type": kind, "current_step": 2, "current_step_type": "fully_configured",
            "steps": [{"type": "form", "properties": [{"name": "host", "is_required": true, "provided": true}]},
                      {"type": "fully_configured", "properties": []}]}
    })
}

impl State {
    fn answer(&mut self, request: &Request) -> ResponseTemplate {
        let (method, path) = (request.method.to_string(), request.url.path().to_owned());
        let body = serde_json::from_slice(&request.body).unwrap_or_default();
        self.requests.push((method.clone(), path.clone(), body));
        let body = self
            .requests
            .last()
            .map(|request| request.2.clone())
            .unwrap_or_default();
        let fits = self.instead.iter().position(|(m, p, _)| *m == method && *p == path);
        if let Some(at) = fits {
            return self.instead.remove(at).2;
        }
        let bearer = request
            .headers
            .get("authorization")
            .and_then(|value| value.to_str().ok());
        if bearer != Some(&format!("Bearer {TOKEN}")) {
            return ResponseTemplate::new(401).set_body_json(json!({"code": 401, "message": "invalid token"}));
        }
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match (method.as_str(), parts.as_slice()) {
            ("GET", ["v4", "destination-types", "postgres"]) => ok(&self.kind),
            ("GET", ["v4", "destinations"]) => ok(&Value::from(self.destinations.clone())),
            ("GET", ["v4", "sources"]) => ok(&self.sources),
            ("POST", ["v4", "destinations"]) => self.create(&body),
            ("PUT", ["v4", "destinations", id]) => self.update(id, &body),
            _ => ResponseTemplate::new(404).set_body_json(json!({"code": 404, "message": "no such thing"})),
        }
    }

    fn create(&mut self, body: &Value) -> ResponseTemplate {
        let keys: Vec<&String> = body
            .as_object()
            .map(|object| object.keys().collect())
            .unwrap_or_default();
        let allowed = ["type", "name", "description", "properties", "ignore_unmapped_sources"];
        if body["type"] != TYPE
            || !body["properties"].is_object()
            || keys.iter().any(|key| !allowed.contains(&key.as_str()))
        {
            return ResponseTemplate::new(400).set_body_json(json!(
                "POST body may only include a type, a name, a description, map of properties, and boolean for unmapped sources"
            ));
        }
        let id = 4711 + self.destinations.len() as u64;
        let mut made = destination(id, TYPE, &json!({}));
        made["name"] = body["name"].clone();
        made["created_at"] = self.now().into();
        self.destinations.push(made);
        self.change(self.destinations.len() - 1, &body["properties"])
    }

    fn update(&mut self, id: &str, body: &Value) -> ResponseTemplate {
        let found = self
            .destinations
            .iter()
            .position(|there| there["id"].as_u64() == id.parse().ok());
        match found {
            Some(at) if body.as_object().is_some_and(|object| object.keys().eq(["properties"])) => {
                self.change(at, &body["properties"])
            }
            Some(_) => ResponseTemplate::new(400)
                .set_body_json(json!("this API endpoint does not support modifying destination type")),
            None => ResponseTemplate::new(400).set_body_json(json!("invalid connection id")),
        }
    }

    /// Takes properties over; credentials are never returned, and `ssl` is always text in answers.
    fn change(&mut self, at: usize, properties: &Value) -> ResponseTemplate {
        self.clock += 1;
        let now = self.now();
        let there = &mut self.destinations[at];
        for (name, value) in properties.as_object().into_iter().flatten() {
            if name != "password" {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                there["properties"][name] = if name == "ssl" { text.into() } else { value.clone() };
            }
        }
        there["updated_at"] = now.into();
        ok(&there.clone())
    }

    fn now(&self) -> String {
        format!("2026-01-01T00:{:02}:00Z", self.clock)
    }
}

/// Creating answers 200 as well.
fn ok(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}
