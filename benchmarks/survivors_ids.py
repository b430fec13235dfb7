"""Random ids, versions, times, addresses of nobody and names of files that no rule may touch."""

import base64
import random
import string
import uuid
from collections.abc import Callable, Mapping
from types import MappingProxyType

from benchmarks.survivors_code import pick, word

Chance = random.Random


def _hex(chance: Chance, size: int) -> str:
    return chance.randbytes((size + 1) // 2).hex()[:size]


def _number(chance: Chance, most: int) -> int:
    return chance.randint(0, most)


def _uuid(chance: Chance) -> str:
    return str(uuid.UUID(bytes=chance.randbytes(16), version=chance.choice((1, 4, 5))))


def _version(chance: Chance, parts: int) -> str:
    tops = (150, 30, 9999, 300)
    return ".".join(str(_number(chance, top)) for top in tops[:parts])


def _loopback(chance: Chance) -> str:
    port = chance.choice(("", f":{_number(chance, 65535)}"))
    v4 = pick(chance, "127.0.0.1", "0.0.0.0", f"127.{_number(chance, 255)}.0.1")
    v6 = pick(chance, "[::1]", "[::]", "[::ffff:127.0.0.1]")
    where = chance.choice((v4, v6)) + port
    return pick(
        chance,
        f"connect ECONNREFUSED {where}",
        f"http://{where}/status",
        f"listen on {where}",
        f"ws://{where}/?step={word(chance)}",
        f"{where}",
        "::1",
        "bound to ::",
        f"from={where}",
    )


def _four_numbers(chance: Chance) -> str:
    version = _version(chance, 4)
    chrome = f"{chance.randint(60, 150)}.0.{_number(chance, 9999)}.{_number(chance, 300)}"
    return pick(
        chance,
        f"Chrome/{chrome}",
        f"HeadlessChrome/{chrome} Safari/537.36",
        f"v{version}",
        f"version {version}",
        f"version: {version}",
        f"Version={version}",
        f"release {version}-beta",
        f"Edg/{chrome}",
        f"file version {version}.",
        f'"version": "{version}"',
        f"build {version}",
        f"trezor-suite@{_version(chance, 3)}-beta.{_number(chance, 9)}",
        f"FileVersion: {version}",
        f"product_version={version}",
        f"requires >={version}",
        f"{version}-rc1",
        f"Firmware version {version}",
        f"app_version: '{version}'",
    )


def _user_agent(chance: Chance) -> str:
    chrome = f"{chance.randint(60, 150)}.0.{_number(chance, 9999)}.{_number(chance, 300)}"
    ios = f"{chance.randint(12, 19)}_{_number(chance, 6)}"
    model = pick(chance, "Pixel 8 Pro", "SM-S918B", "moto g(60)", "2201116SG", "CPH2449", "K")
    return pick(
        chance,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{chrome} Safari/537.36 Edg/{chrome}",
        f"Mozilla/5.0 (Linux; Android {chance.randint(8, 16)}; {model}) AppleWebKit/537.36 "
        f"(KHTML, like Gecko) Version/4.0 Chrome/{chrome} Mobile Safari/537.36",
        f"Mozilla/5.0 (iPhone; CPU iPhone OS {ios} like Mac OS X) AppleWebKit/605.1.15 "
        f"(KHTML, like Gecko) CriOS/{chrome} Mobile/15E148 Safari/604.1",
        f"Mozilla/5.0 (X11; Linux x86_64; rv:{chance.randint(80, 140)}.0) Gecko/20100101 "
        f"Firefox/{chance.randint(80, 140)}.0",
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) TrezorSuite/{_version(chance, 3)} "
        f"Chrome/{chrome} Electron/{_version(chance, 3)} Safari/537.36",
        f"Dalvik/2.1.0 (Linux; U; Android {chance.randint(8, 16)}; {model} Build/UQ1A.240205.004)",
        f"okhttp/{_version(chance, 3)}",
        f"TrezorSuite/{_version(chance, 3)} CFNetwork/1494.0.7 Darwin/23.4.0",
    )


def _time(chance: Chance) -> str:
    clock = f"{_number(chance, 23):02}:{_number(chance, 59):02}:{_number(chance, 59):02}"
    day = f"{chance.randint(1990, 2040)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    millis = f"{_number(chance, 999):03}"
    return pick(
        chance,
        f"at {clock}",
        f"{day}T{clock}.{millis}Z",
        f"{day} {clock},{millis} INFO ready",
        f"{day}T{clock}+02:00",
        f"[{clock}.{millis}] started",
        f"took 00:{clock}",
        f"Mon, 25 Nov 2024 {clock} GMT",
        f"{clock}:{millis}",
        f"{chance.uniform(1e9, 2e9):.6f}",
        f"since {chance.randint(10**12, 2 * 10**12)}",
        f"PT{_number(chance, 23)}H30M",
    )


def _semver(chance: Chance) -> str:
    version = _version(chance, 3)
    name = f"{word(chance)}-{word(chance)}"
    return pick(
        chance,
        f"{name}@{version}",
        f"@{word(chance)}/{name}@{version}",
        f"v{version}",
        f"^{version}",
        f"~{version}-alpha.{_number(chance, 20)}",
        f"{name}=={version}",
        f"{version}+build.{_hex(chance, 7)}",
        f"{name} {version} -> {_version(chance, 3)}",
        f"v{version}-{_number(chance, 900)}-g{_hex(chance, 7)}",
        f"{name}-{version}.tgz",
        f"{name} ({version}): updated",
        f"{version}-canary.{_hex(chance, 9)}",
        f"node v{version}",
    )


def _uuids(chance: Chance) -> str:
    one = _uuid(chance)
    return pick(
        chance,
        one,
        one.upper(),
        one.replace("-", ""),
        f"blob:https://suite.trezor.io/{one}",
        f"request {one} failed",
        f"{{{one}}}",
        f"urn:uuid:{one}",
        f"/v1/jobs/{one}/log",
        f"job-{one}.json",
        f"id={one}&n=1",
        f"{one}_{_uuid(chance)}",
    )


def _event_id(chance: Chance) -> str:
    one, span = _hex(chance, 32), _hex(chance, 16)
    return pick(
        chance,
        one,
        f"event {one} sent",
        f"{one}-{span}-1",
        f"sentry-trace: {one}-{span}-0",
        f"00-{one}-{span}-01",
        f"sentry-trace_id={one},sentry-environment=production",
        f"trace_id={one}",
        f"debug id {one}",
        f"span {span}",
        one.upper(),
        f"md5 {one}",
        f"replay {one} started",
        f"dsn key {one}"[4:],
    )


def _commit(chance: Chance) -> str:
    one = _hex(chance, 40)
    return pick(
        chance,
        one,
        f"commit {one}",
        f"release {one}",
        f"trezor-suite@{one}",
        f"HEAD is now at {one}",
        f"https://github.com/trezor/trezor-suite/commit/{one}",
        f"git checkout {one[:12]}",
        f"merge {one[:7]} into develop",
        f"refs/heads/develop {one}",
        f"rev: {one}",
        f"git+https://github.com/{word(chance)}/{word(chance)}.git#{one}",
        f"sha1 {one}",
    )


def _integrity(chance: Chance) -> str:
    size = chance.choice((32, 48, 64))
    name = {32: "sha256", 48: "sha384", 64: "sha512"}[size]
    digest = base64.b64encode(chance.randbytes(size)).decode()
    return pick(
        chance,
        f"{name}-{digest}",
        f'integrity="{name}-{digest}"',
        f"integrity: {name}-{digest}",
        f"script-src 'self' '{name}-{digest}'",
        f'"integrity": "{name}-{digest}",',
    )


def _asset(chance: Chance) -> str:
    name, tag = word(chance), _hex(chance, chance.choice((8, 16, 20)))
    mixed = "".join(chance.choices(string.ascii_letters + string.digits + "_-", k=8))
    return pick(
        chance,
        f"{_number(chance, 9999)}.{tag}.chunk.js",
        f"static/js/{name}.{tag}.js.map",
        f"/_next/static/chunks/{_number(chance, 999)}-{tag[:16]}.js",
        f"assets/index-{mixed}.js",
        f"{name}.{tag}.css",
        f"fonts/TTHoves-{name}.{tag}.woff2",
        f"webpack://suite/./src/{name}.ts",
        f"webpack-internal:///(app)/./{name}/{name}.tsx",
        f"image@{chance.choice('23')}x.png",
        f"//# sourceMappingURL={name}.{tag}.js.map",
        f"{name}-{tag[:8]}@2x.png",
        f"chunk {tag} loaded",
        f"Loading chunk {_number(chance, 9999)} failed. ({name}.{tag}.js)",
        f"app.asar/build/{name}.js",
        f"file:///opt/suite/resources/app.asar/build/{name}.js",
    )


def _etag(chance: Chance) -> str:
    one = _hex(chance, 32)
    return pick(
        chance,
        f'etag: "{one}"',
        f'W/"{_hex(chance, 5)}-{base64.b64encode(chance.randbytes(20)).decode()}"',
        f'"{one}"',
        f'if-none-match: W/"{_hex(chance, 3)}-{_hex(chance, 12)}"',
        f"x-amz-request-id: {_hex(chance, 16).upper()}",
        f"cf-ray: {_hex(chance, 16)}-PRG",
        f"cache key {one[:20]}",
    )


def _docker(chance: Chance) -> str:
    short = _hex(chance, 12)
    name = f"{word(chance)}/{word(chance)}"
    return pick(
        chance,
        f"{name}:{_version(chance, 3)}",
        f"container {short} exited with 137",
        f"/docker/{short}/cgroup",
        f"layer {short}: pull complete",
        f"image {name}:{short}",
    )


def _data(chance: Chance) -> str:
    raw = base64.b64encode(chance.randbytes(chance.randint(60, 600))).decode()
    return pick(
        chance,
        f"data:image/png;base64,iVBORw0KGgo{raw}",
        f"data:font/woff2;base64,d09GMg{raw}",
        f"url(data:image/gif;base64,R0lGODlh{raw})",
        f"data:image/jpeg;base64,/9j/4AAQSkZJRg{raw}",
        f"data:application/wasm;base64,AGFzbQEAAA{raw}",
    )


ID_KINDS: Mapping[str, Callable[[Chance], str]] = MappingProxyType(
    {
        "loopback": _loopback, "four numbers": _four_numbers, "user agent": _user_agent,
        "time": _time, "semantic version": _semver, "uuid": _uuids, "event id": _event_id,
        "commit": _commit, "integrity": _integrity, "asset": _asset, "etag": _etag,
        "container": _docker, "data uri": _data,
    }
)  # fmt: skip
