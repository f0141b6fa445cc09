"""Settings of the whole suite. Fixtures belong beside the tests that use them."""

import os

from hypothesis import HealthCheck, settings

# The default run is the same run each time: examples derive from the test itself, no database of
# earlier failures. `HYPOTHESIS_PROFILE=wide` searches further, with fresh examples.
settings.register_profile(
    "steady",
    derandomize=True,
    database=None,
    deadline=None,  # two shared cores: a slow example is no failure
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("wide", database=None, deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
