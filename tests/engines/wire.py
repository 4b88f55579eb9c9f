"""Names in the environment of a worker that calls back into the test."""

ADDRESS = "TOLVA_TEST_ADDRESS"
QUEUE = "TOLVA_TEST_QUEUE"
