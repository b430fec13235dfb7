"""Jobs for side processes: everything in them can be pickled."""

from relay.consent import ConsentPolicy, Evidence, Source
from relay.pipeline import ProjectPolicy, RequestFacts
from relay.protocol.auth import Credentials
from relay.protocol.enforcement import NO_LIMITS
from relay.protocol.limits import Limits
from relay.side.work import Job

KEY = "a" * 32


class Says:
    """Evidence that can be pickled."""

    def __init__(self, granted: bool) -> None:
        self.granted = granted

    def __call__(self, _: ConsentPolicy) -> list[Evidence]:
        return [Evidence(Source.URL, self.granted)]


def find(project: str, key: str) -> ProjectPolicy | None:
    return ProjectPolicy("1", limits=Limits(items=9)) if (project, key) == ("1", KEY) else None


def job(granted: bool = True, project: str = "1") -> Job:
    facts = RequestFacts(Credentials(KEY), project, Says(granted), "e" * 32)
    return Job(facts, NO_LIMITS, 0)
