"""Makes Bugsink's tables and one project for each name given; prints {name: [id, key]} as JSON.

Runs where `bugsink_conf.py` lies, with Bugsink's own environment.
"""

import json
import sys

import django

sys.path.insert(0, ".")
django.setup()

from django.core.management import call_command  # noqa: E402 - Django has to be set up first
from projects.models import Project  # noqa: E402

call_command("migrate", verbosity=0)
made = {name: Project.objects.create(name=name, slug=name) for name in sys.argv[1:]}
print(json.dumps({name: [one.pk, one.sentry_key.hex] for name, one in made.items()}))
