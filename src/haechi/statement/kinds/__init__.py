"""One module a kind; each defines `KIND`. The registry in `haechi.statement.claims` finds them by name."""
