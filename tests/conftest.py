"""What every test shares: how hard hypothesis tries."""

from hypothesis import settings

# No deadline: a busy machine is not a failure. `--hypothesis-profile=slow` is what `make slow` asks for.
settings.register_profile("fast", deadline=None, max_examples=60)
settings.register_profile("slow", deadline=None, max_examples=2000)
settings.load_profile("fast")
