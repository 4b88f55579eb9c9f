"""The whole API under schemathesis, with two tenants who must not hear of each other."""
