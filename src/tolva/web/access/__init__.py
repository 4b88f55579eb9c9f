"""Who calls: keys with a tenant and a role, the dashboard's login, and what is noted of those who act."""
