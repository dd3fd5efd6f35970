if has restorecon; then restorecon -R "$real/.ssh" || :; fi
