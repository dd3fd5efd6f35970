# Homebrew: `brew install --formula ./stitch-pg.rb`, or this file in a tap's Formula/.
class StitchPg < Formula
  desc "Prepares a PostgreSQL server as a destination of Stitch"
  homepage "@REPOSITORY@"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "@REPOSITORY@/releases/download/v@VERSION@/stitch-pg-@VERSION@-aarch64-apple-darwin.tar.gz"
      sha256 "@MACOS_AARCH64@"
    end
    on_intel do
      url "@REPOSITORY@/releases/download/v@VERSION@/stitch-pg-@VERSION@-x86_64-apple-darwin.tar.gz"
      sha256 "@MACOS_X86_64@"
    end
  end
  on_linux do
    on_arm do
      url "@REPOSITORY@/releases/download/v@VERSION@/stitch-pg-@VERSION@-aarch64-unknown-linux-musl.tar.gz"
      sha256 "@LINUX_AARCH64@"
    end
    on_intel do
      url "@REPOSITORY@/releases/download/v@VERSION@/stitch-pg-@VERSION@-x86_64-unknown-linux-musl.tar.gz"
      sha256 "@LINUX_X86_64@"
    end
  end

  def install
    bin.install "stitch-pg"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/stitch-pg"
    zsh_completion.install "completions/_stitch-pg"
    fish_completion.install "completions/stitch-pg.fish"
  end

  test do
    assert_equal "stitch-pg #{version}\n", shell_output("#{bin}/stitch-pg --version")
  end
end
