"""The pages of the dashboard, measured and pictured."""
