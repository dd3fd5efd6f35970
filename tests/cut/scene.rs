//! What a setup is tried on: a destination of its own, which can be put back to its first state at any time.

use rustix::process::Signal;

use crate::cut::trial::Shutdown;
use crate::support::{CountingProxy, Program, Running};

/// One destination, and a way to it that can be cut.
pub(crate) trait Scene: Sync {
    /// Makes everything as it is before a first setup.
    fn prepare(&self);
    /// The setup.
    fn program(&self) -> Program {
        self.program_within("10")
    }
    /// The same that waits so many seconds for an answer.
    fn program_within(&self, timeout: &str) -> Program;
    /// Sends the program a signal.
    fn signal(&self, run: &Running, signal: Signal);
    /// Stops the server and starts it again; what the proxy holds is released as soon as the server stops.
    fn restart(&self, how: Shutdown);
    /// The proxy before the server.
    fn proxy(&self) -> &CountingProxy;
    /// Everything that setup could have changed, as text; names that are this scene's own are the same in every scene.
    fn state(&self) -> String;
    /// What must not be there when no run is at work.
    fn left(&self) -> String;
    /// Runs the undo file, and the functions in it that must be called by hand.
    fn undo(&self);
}
