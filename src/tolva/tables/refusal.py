"""What a table that refuses a row says, as errors of its database: of its rules, its types and its triggers."""

import psycopg

REFUSALS = (
    psycopg.IntegrityError,
    psycopg.DataError,
    psycopg.errors.RaiseException,
    psycopg.errors.WithCheckOptionViolation,
)
CONDITIONS = "integrity_constraint_violation OR data_exception OR raise_exception OR with_check_option_violation"
"""The same, in the words of PL/pgSQL."""
