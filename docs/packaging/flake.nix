# Builds stitch-pg from this repository's source: `nix run '.?dir=docs/packaging' -- --version` in a clone.
{
  description = "Prepares a PostgreSQL server as a destination of Stitch";
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.05";
  outputs =
    { nixpkgs, ... }:
    let
      manifest = (builtins.fromTOML (builtins.readFile ../../Cargo.toml)).package;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      build =
        system:
        let
          pkgs = nixpkgs.legacyPackages.${system};
        in
        {
          default = pkgs.rustPlatform.buildRustPackage {
            pname = manifest.name;
            inherit (manifest) version;
            src = ../..;
            cargoLock.lockFile = ../../Cargo.lock;
            nativeBuildInputs = [ pkgs.pkg-config pkgs.installShellFiles ];
            buildInputs = [ pkgs.openssl pkgs.zlib ];
            # The tests make servers and networks; they run in the repository's own CI.
            doCheck = false;
            postInstall = ''
              $out/bin/stitch-pg man >stitch-pg.1
              installManPage stitch-pg.1
              for shell in bash zsh fish; do
                installShellCompletion --cmd stitch-pg --$shell <($out/bin/stitch-pg completions $shell)
              done
            '';
            meta = {
              inherit (manifest) description;
              homepage = manifest.repository;
              mainProgram = manifest.name;
            };
          };
        };
    in
    {
      packages = nixpkgs.lib.genAttrs systems build;
    };
}
