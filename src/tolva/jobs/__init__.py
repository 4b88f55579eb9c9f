"""Durable execution. What somebody asked for is a row; a worker claims it, and every write names its attempt."""
