"""Make Bugsink's project 1 with the key from BUGSINK_KEY; runs inside `bugsink-manage shell`."""

import os
import uuid

from projects.models import Project

key = uuid.UUID(hex=os.environ["BUGSINK_KEY"])
project, created = Project.objects.get_or_create(
    id=1, defaults={"name": "relay", "sentry_key": key}
)
if project.sentry_key != key:
    project.sentry_key = key
    project.save()
state = "made" if created else "found"
print(f"project {project.id} {state}")
