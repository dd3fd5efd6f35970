//! What can be read off a connection while it is made: the server's first byte, when each layer was passed, how the
//! server wants to be convinced, and which server process it says it is. tokio-postgres keeps all of that to itself.

mod copy_answer;
pub(super) mod guard;
pub(super) mod limits;
pub(super) mod observed_tls;
pub(super) mod trace;
