"""What `dramatiq tolva.engines.dramatiq` loads: the broker of the environment's settings, and an actor for each queue.

Nothing else imports this module, since loading it is what makes a process one of Dramatiq's.
"""

import importlib

HOST = "tolva.serve.dramatiq_host"
"""The part that knows the jobs. It stands above this one, so it is named, not imported by the rules of the house."""

importlib.import_module(HOST)
