"""The manifests for Kubernetes are valid, fit each other, and fit the program."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from relay import __version__, config
from relay.health import LIVE, READY
from relay.protocol.dsn import Dsn
from tests.docs.pages import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
WAYS = ("sqlite", "jetstream")
SECRETS = {
    "upstream": f"https://{'a' * 32}@o1.ingest.sentry.io/7",
    "hash-secret": "0123456789abcdef",
    "usage-hash-secret": "fedcba9876543210",
    "usage-access-key-id": "relay",
    "usage-secret-access-key": "0123456789",
}
OPTIONAL = {name for name in SECRETS if name.startswith("usage-")}
NAME = {"app.kubernetes.io/name": "scrub-relay"}

Document = dict[str, Any]


def documents(way: str) -> dict[str, Document]:
    """Every document that a kustomization puts together, by kind and name."""
    found: dict[str, Document] = {}

    def read(folder: Path) -> None:
        kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
        for resource in kustomization["resources"]:
            path = (folder / resource).resolve()
            if path.is_dir():
                read(path)
                continue
            for document in yaml.safe_load_all(path.read_text("utf-8")):
                name = f"{document['kind']}/{document['metadata']['name']}"
                assert name not in found
                found[name] = document

    read(FOLDER / way)
    return found


def workload(way: str) -> Document:
    """What makes the pods."""
    kind = "StatefulSet" if way == "sqlite" else "Deployment"
    return documents(way)[f"{kind}/scrub-relay"]


def pod(way: str) -> Document:
    return workload(way)["spec"]["template"]


def container(way: str) -> Document:
    (only,) = pod(way)["spec"]["containers"]
    return only


def environment(way: str, *, all_of_it: bool = True) -> dict[str, str]:
    """What the Secret comes to as variables, with or without what may be missing there."""
    found = {}
    for variable in container(way)["env"]:
        reference = variable["valueFrom"]["secretKeyRef"]
        assert "scrub-relay" == reference["name"]
        assert (reference["key"] in OPTIONAL) == reference.get("optional", False)
        if all_of_it or reference["key"] not in OPTIONAL:
            found[variable["name"]] = SECRETS[reference["key"]]
    return found


def settings(way: str, *, all_of_it: bool = True) -> config.Settings:
    """What the mounted file and the environment come to."""
    file = str(FOLDER / way / "relay.yaml")
    return config.load_settings(file, environment(way, all_of_it=all_of_it))


def everything() -> list[tuple[str, str]]:
    return [(way, name) for way in WAYS for name in documents(way)]


@pytest.mark.parametrize("version", ["1.29.0", "1.34.0"])
@pytest.mark.parametrize(("way", "name"), everything())
def test_each_is_as_kubernetes_has_it(way: str, name: str, version: str) -> None:
    """By the schema of the oldest version that is named, and of a newer one; no unknown key."""
    kubernetes_validate.validate(documents(way)[name], version, strict=True)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")
@pytest.mark.parametrize("way", WAYS)
def test_kubectl_puts_them_together(way: str) -> None:
    """With the configuration in a ConfigMap that the pods mount, under the name that it gets."""
    call = ["kubectl", "kustomize", str(FOLDER / way)]
    done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=60)
    assert (0, "") == (done.returncode, done.stderr)
    made = list(yaml.safe_load_all(done.stdout))
    assert {"scrub-relay"} == {document["metadata"]["namespace"] for document in made}
    (configuration,) = (document for document in made if document["kind"] == "ConfigMap")
    assert (FOLDER / way / "relay.yaml").read_text("utf-8") == configuration["data"]["relay.yaml"]
    (pods,) = (d["spec"]["template"]["spec"] for d in made if "template" in d.get("spec", {}))
    mounted = next(v["configMap"]["name"] for v in pods["volumes"] if v["name"] == "config")
    assert configuration["metadata"]["name"] == mounted
    assert f"scrub-relay:{__version__}" == pods["containers"][0]["image"]
    for document in made:
        kubernetes_validate.validate(document, "1.34.0", strict=True)


@pytest.mark.parametrize("way", WAYS)
def test_every_file_is_used(way: str) -> None:
    """A manifest that no kustomization names would look as if it did something."""
    named: set[Path] = set()
    for folder in (FOLDER / way, FOLDER / "base"):
        kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
        assert "kustomize.config.k8s.io/v1beta1" == kustomization["apiVersion"]
        generated = [f for m in kustomization.get("configMapGenerator", ()) for f in m["files"]]
        files = [*kustomization["resources"], *generated, "kustomization.yaml"]
        named |= {(folder / file).resolve() for file in files}
    there = {path for folder in (way, "base") for path in (FOLDER / folder).iterdir()}
    assert {path for path in named if path.is_file()} == there


@pytest.mark.parametrize("way", WAYS)
def test_the_relay_starts_with_the_mounted_configuration(way: str) -> None:
    """The file loads, and takes the upstream and the hash secret from the Secret."""
    found = settings(way)
    assert way == found.spool.backend
    (project,) = found.projects
    assert isinstance(project.upstream, Dsn)
    assert SECRETS["upstream"] == str(project.upstream)
    assert SECRETS["hash-secret"] == found.hash.secret
    assert ("0.0.0.0", "0.0.0.0") == (found.listen.host, found.admin.host)


@pytest.mark.parametrize("way", WAYS)
def test_usage_events_can_be_switched_on(way: str) -> None:
    """They are off; with what is commented out they go to a bucket, by keys of theirs."""
    assert () == settings(way, all_of_it=False).usage.apps
    lines = (FOLDER / way / "relay.yaml").read_text("utf-8").splitlines()
    at = lines.index("# usage:")
    text = "\n".join([*lines[:at], *(line.removeprefix("# ") for line in lines[at:])])
    usage = config.parse(text, "relay.yaml", environment(way)).usage
    assert ["suite"] == [app.name for app in usage.apps]
    assert "s3://bucket/usage" == usage.store.url
    assert ("relay", SECRETS["usage-hash-secret"]) == (
        usage.store.access_key_id, usage.hash.secret,
    )  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_the_configuration_stands_where_it_is_looked_for(way: str) -> None:
    """The argument names the file of the generated ConfigMap; each mount has its volume."""
    assert ["serve", "--config", "/etc/relay/relay.yaml"] == container(way)["args"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container(way)["volumeMounts"]}
    assert {"config": "/etc/relay", "tmp": "/tmp", "data": "/data"} == mounts
    volumes = {volume["name"]: volume for volume in pod(way)["spec"]["volumes"]}
    claims = {c["metadata"]["name"] for c in workload(way)["spec"].get("volumeClaimTemplates", ())}
    assert mounts.keys() == volumes.keys() | claims
    kustomization = yaml.safe_load((FOLDER / way / "kustomization.yaml").read_text("utf-8"))
    (generated,) = kustomization["configMapGenerator"]
    assert volumes["config"]["configMap"]["name"] == generated["name"]
    assert ["relay.yaml"] == generated["files"]


@pytest.mark.parametrize("way", WAYS)
def test_ports_are_those_of_the_configuration(way: str) -> None:
    """Container, probes, services, policy and scraping speak of the same two ports."""
    listen, admin = settings(way).listen, settings(way).admin
    ports = {port["name"]: port["containerPort"] for port in container(way)["ports"]}
    assert {"ingest": listen.port, "admin": admin.port} == ports
    for probe, path in (("startup", LIVE), ("liveness", LIVE), ("readiness", READY)):
        assert {"path": path, "port": "ingest"} == container(way)[f"{probe}Probe"]["httpGet"]
    services = [d for d in documents(way).values() if d["kind"] == "Service"]
    assert services
    for service in services:
        assert ["ingest"] == [port["targetPort"] for port in service["spec"]["ports"]]
    notes = pod(way)["metadata"]["annotations"]
    assert ("true", str(admin.port), "/metrics") == (
        notes["prometheus.io/scrape"],
        notes["prometheus.io/port"],
        notes["prometheus.io/path"],
    )


@pytest.mark.parametrize("way", WAYS)
def test_only_prometheus_reaches_the_admin_port(way: str) -> None:
    """Who may reach the ingest port is not said here; the admin port is for one namespace."""
    policy = documents(way)["NetworkPolicy/scrub-relay"]["spec"]
    assert ["Ingress", "Egress"] == policy["policyTypes"]
    rules = {port["port"]: rule for rule in policy["ingress"] for port in rule["ports"]}
    assert {"ingest", "admin"} == rules.keys()
    monitoring = {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}
    assert [{"namespaceSelector": monitoring}] == rules["admin"]["from"]


@pytest.mark.parametrize("way", WAYS)
def test_there_is_time_to_stop(way: str) -> None:
    """What a pod gets is longer than the wait before it stops and the time that it stops in."""
    spec = pod(way)["spec"]
    command, seconds = container(way)["lifecycle"]["preStop"]["exec"]["command"]
    assert "sleep" == command
    assert int(seconds) + settings(way).listen.shutdown < spec["terminationGracePeriodSeconds"]


@pytest.mark.parametrize("way", WAYS)
def test_labels_and_selectors_match(way: str) -> None:
    """Everything that selects pods selects these, and everything has the name."""
    assert NAME == pod(way)["metadata"]["labels"]
    assert {"matchLabels": NAME} == workload(way)["spec"]["selector"]
    found = documents(way)
    assert all(document["metadata"]["labels"] == NAME for document in found.values())
    budget = found["PodDisruptionBudget/scrub-relay"]["spec"]
    assert ({"matchLabels": NAME}, 1) == (budget["selector"], budget["maxUnavailable"])
    assert {"matchLabels": NAME} == found["NetworkPolicy/scrub-relay"]["spec"]["podSelector"]
    for service in (d for d in found.values() if d["kind"] == "Service"):
        assert NAME == service["spec"]["selector"]
    (spread,) = pod(way)["spec"]["topologySpreadConstraints"]
    assert {"matchLabels": NAME} == spread["labelSelector"]
    assert f"ServiceAccount/{pod(way)['spec']['serviceAccountName']}" in found


@pytest.mark.parametrize("way", WAYS)
def test_pods_are_hardened(way: str) -> None:
    """The user of the image, no root, no capabilities, a file system that is only read."""
    assert {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    } == container(way)["securityContext"]
    context = pod(way)["spec"]["securityContext"]
    assert (True, 10001, 10001) == (
        context["runAsNonRoot"], context["runAsUser"], context["runAsGroup"],
    )  # fmt: skip
    assert f"\nUSER {context['runAsUser']}:{context['runAsGroup']}\n" in (
        ROOT / "Dockerfile"
    ).read_text("utf-8")
    assert {"type": "RuntimeDefault"} == context["seccompProfile"]
    assert pod(way)["spec"]["automountServiceAccountToken"] is False
    assert pod(way)["spec"]["enableServiceLinks"] is False
    assert container(way)["resources"]["limits"].keys() == {"memory"}


def test_both_ways_make_the_same_pods() -> None:
    """They differ in what stands at /data, and in nothing else."""

    def rest(way: str) -> Document:
        spec = pod(way)["spec"]
        return {**spec, "volumes": [v for v in spec["volumes"] if v["name"] != "data"]}

    assert rest("sqlite") == rest("jetstream")


def test_each_spool_has_a_volume() -> None:
    """Of SQLite: one for each pod, with room for more than the spool; of JetStream: none."""
    spec = workload("sqlite")["spec"]
    (claim,) = spec["volumeClaimTemplates"]
    assert ("data", ["ReadWriteOnce"]) == (claim["metadata"]["name"], claim["spec"]["accessModes"])
    assert "3Gi" == claim["spec"]["resources"]["requests"]["storage"]
    both = settings("sqlite").spool.max_bytes + settings("sqlite").usage.spool.max_bytes
    assert 3 * both < 3 * 1024**3
    assert f"Service/{spec['serviceName']}" in documents("sqlite")
    assert settings("sqlite").spool.path.startswith("/data/")
    assert "volumeClaimTemplates" not in workload("jetstream")["spec"]


def test_only_what_has_no_state_scales_by_itself() -> None:
    """A spool on a volume would be left behind."""
    scaler = documents("jetstream")["HorizontalPodAutoscaler/scrub-relay"]["spec"]
    assert {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "scrub-relay",
    } == scaler["scaleTargetRef"]
    assert scaler["minReplicas"] > 1
    assert "replicas" not in workload("jetstream")["spec"]
    assert "cpu" in container("jetstream")["resources"]["requests"]
    assert not [d for d in documents("sqlite").values() if d["kind"] == "HorizontalPodAutoscaler"]
