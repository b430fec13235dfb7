"""Random lines of stack traces, code and packages that no rule may touch."""

import random
import string
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

_SYLLABLES: Final = (
    "ba", "con", "der", "fi", "gra", "ker", "lo", "mu", "nal", "pro", "qui", "ren", "sol", "ta",
    "ul", "ver", "wes", "xi", "yo", "zen",
)  # fmt: skip


def pick(chance: random.Random, *lines: str) -> str:
    """Return one of the lines."""
    return chance.choice(lines)


def word(chance: random.Random) -> str:
    """Return a word that means nothing."""
    return "".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4)))


def _camel(chance: random.Random) -> str:
    return word(chance) + "".join(word(chance).capitalize() for _ in range(chance.randint(0, 3)))


def _place(chance: random.Random) -> str:
    return f"{chance.randint(1, 99999)}:{chance.randint(1, 99999)}"


def _hex(chance: random.Random, size: int) -> str:
    return "".join(chance.choices("0123456789abcdef", k=size))


def _scripts(chance: random.Random) -> str:
    function, name, at = _camel(chance), word(chance), _place(chance)
    return pick(
        chance,
        f"    at {function} (app:///build/{name}.js:{at})",
        f"    at async {function} (node:internal/{name}:{at})",
        f"    at new {function.capitalize()} (webpack://suite/./packages/{name}/src/index.ts:{at})",
        f"{function}@https://suite.trezor.io/web/static/js/{name}.{_hex(chance, 8)}.js:{at}",
        f"    at https://suite.trezor.io/{name}.js:{at}",
        f"    at Object.<anonymous> ({name}.js:{at})",
        f"{function}@[native code]",
        f"    at {function} [as {name}] (/app.asar/build/{name}.js:{at})",
        "    at Array.map (<anonymous>)",
        f"    at eval (eval at {function} (app:///{name}.js:{at}), <anonymous>:1:1)",
        f"    at Proxy.{function} (../node_modules/@{name}/{name}/lib/index.js:{at})",
        f"global code@app:///main.jsbundle:{at}",
        f"anonymous@address at index.android.bundle:1:{chance.randint(1, 10**7)}",
        f"TypeError: Cannot read properties of undefined (reading '{function}')",
        f"ReferenceError: Can't find variable: {function}",
        f"NotFoundError: Failed to execute '{function}' on 'Node'",
    )


def _python(chance: random.Random) -> str:
    name, n = word(chance), chance.randint(1, 9999)
    return pick(
        chance,
        f'  File "/usr/lib/python3.12/{name}.py", line {n}, in {name}',
        f'  File "<frozen importlib._bootstrap>", line {n}, in _call',
        f"    {name} = self.{name}({name}[1::2])",
        f"<{name}.{name.capitalize()} object at 0x7f{_hex(chance, 10)}>",
        f"KeyError: '{name}'",
        f"{name}.{name.capitalize()}Error: {name} failed",
        f"site-packages/{name}/__init__.py in {name} at line {n}",
        f"    return {name}(*args, **kwargs)",
        f"    def {name}(self, {name}=None, *, password=None):",
        f"    raise {name.capitalize()}Error(f'{{self!r}}: {{key}} is not set')",
        f"    x = a[{n % 9}::2] + b[::-1]",
        "    user=args.user, password=args.password,",
        f"{name}-{n % 9}.{n % 30}.{n % 7}-cp312-cp312-manylinux_2_17_x86_64.whl",
    )


def _native(chance: random.Random) -> str:
    name, address = word(chance), _hex(chance, chance.choice((8, 9, 12)))
    klass = name.capitalize()
    return pick(
        chance,
        "std::vector::push_back",
        f"std::__1::{name}::{klass}",
        f"{name}::{name}",
        f"{klass}::operator()",
        f"_ZN{len(name)}{name}3fooEv",
        "_ZNSt6vectorIiSaIiEE9push_backERKi",
        f"{name}::{{{{closure}}}}::h{_hex(chance, 16)}",
        f"0x{address} {name} + {chance.randint(1, 9999)}",
        f"#{chance.randint(0, 99):02} pc 00000000{_hex(chance, 8)} /system/lib64/lib{name}.so",
        f"rax 0x{_hex(chance, 16)} rbx 0x{_hex(chance, 16)}",
        f"Access violation at 0x7fff{_hex(chance, 8)}",
        f"core::result::unwrap_failed::h{_hex(chance, 16)}",
        f"<{name}::{klass} as core::ops::Drop>::drop",
        f"goroutine {chance.randint(1, 999)} [running]:",
        f"main.(*{klass}).Run(0xc000{_hex(chance, 6)}, 0x2)",
        f"\t/usr/local/go/src/{name}/{name}.go:{chance.randint(1, 999)} +0x{_hex(chance, 3)}",
        f"{klass}.dll!{klass}::{name}+0x{_hex(chance, 4)}",
        f"errno=0x{_hex(chance, 8)} flags=0x{_hex(chance, 2)}",
        "a::b",
        f"-[{klass} {name}:]",
        f"$s{len(klass)}{klass}4mainyyF",
        f"thread 'main' panicked at src/{name}.rs:{_place(chance)}",
    )


def _managed(chance: random.Random) -> str:
    name, n = word(chance), chance.randint(1, 999)
    klass = name.capitalize()
    return pick(
        chance,
        f"\tat io.trezor.{name}.{klass}.{name}({klass}.kt:{n})",
        f"{klass}@{_hex(chance, 8)}",
        f"Object@{_hex(chance, 8)}",
        f"java.lang.NullPointerException: {klass}.{name}() on a null object reference",
        f"[Ljava.lang.String;@{_hex(chance, 7)}",
        f"\tat java.base/java.util.{klass}.get({klass}.java:{n})",
        f"{klass}$$ExternalSyntheticLambda{n % 9}@{_hex(chance, 7)}",
        f"   at Trezor.{klass}.{name}(String key) in {klass}.cs:line {n}",
        f"\t... {n} more",
        f"Caused by: java.io.IOException: {name}",
        f"com.facebook.react.bridge.{klass}Impl$1.run({klass}Impl.java:{n})",
        f"android.os.Handler.dispatchMessage(Handler.java:{n})",
        f"#{n % 50} {klass}.{name} (package:{name}/{name}.dart:{_place(chance)})",
        f"dart:async/zone.dart {n}:{n}",
        f"{name}.rb:{n}:in `{name}'",
        f"#{n % 20} /var/www/html/{name}.php({n}): {klass}->{name}()",
    )


def _minified(chance: random.Random) -> str:
    a, b = chance.choices(string.ascii_lowercase, k=2)
    name = _camel(chance)
    return pick(
        chance,
        f"this.label={a},this.{name}={b}}}",
        f"({a},{b})=>{{let{{address:n}}={a};return n}}",
        f"{a}.password={b}.password,{a}.{name}=!0",
        f"return {a}?{{label:{b},value:{a}}}:null",
        f'case"address":return {a}.{name}({b})',
        f"Object.assign({a},{{token:{b}.token,key:{a}}})",
        f"function {a}({b}){{return{{user:{b},{name}:void 0}}}}",
        f"__webpack_require__({chance.randint(1, 99999)})",
        f"e.exports={{{name}:{chance.randint(1, 99999)}}}",
        f"var {a}={b}({chance.randint(1, 99999)}),{b}=n.n({a});",
        f"const {{ label, address }} = {name}(state);",
        f"  password: this.{name}.password,",
        f"  address: {name}.address,",
        f"if (!{name}.token) throw new Error('{name} token is missing');",
        f"import {{ {name} }} from '@trezor/{a}{b}-utils';",
        f'{chance.randint(1, 99999)}:({a},{b},n)=>{{"use strict";n.d({b},{{{a}:()=>{name}}})',
        f"!function({a},{b}){{{a}.{name}={b}}}(this);",
    )


def _package(chance: random.Random) -> str:
    name, version = (
        word(chance),
        f"{chance.randint(0, 30)}.{chance.randint(0, 30)}.{chance.randint(0, 30)}",
    )
    return pick(
        chance,
        f"@{name}/{name}-core@{version}",
        f"node_modules/@{name}/{name}/dist/index.cjs",
        f"node_modules/.pnpm/{name}@{version}/node_modules/{name}",
        f"/usr/local/lib/python3.11/site-packages/{name}/core.py",
        f"~/.cargo/registry/src/index.crates.io-{_hex(chance, 16)}/{name}-{version}/src/lib.rs",
        f"/rustc/{_hex(chance, 40)}/library/core/src/result.rs:{chance.randint(1, 999)}",
        f"/app/node_modules/{name}/index.js",
        f"C:\\Program Files\\Trezor Suite\\resources\\app.asar\\build\\{name}.js",
        f"C:\\Windows\\System32\\{name}.dll",
        f"/Applications/Trezor Suite.app/Contents/Resources/app.asar/build/{name}.js",
        f"/opt/{name}/lib/{name}.so.{version}",
        f"https://registry.npmjs.org/{name}/-/{name}-{version}.tgz",
        f"/system/framework/{name}.jar",
        f"/usr/lib/x86_64-linux-gnu/lib{name}.so.6",
        f"pkg:npm/%40{name}/{name}@{version}",
        f"maven:io.{name}:{name}:{version}",
        f"/var/log/{name}.log",
        f"./src/{name}/index.tsx",
    )


CODE_KINDS: Mapping[str, Callable[[random.Random], str]] = MappingProxyType(
    {
        "javascript trace": _scripts, "python trace": _python, "native trace": _native,
        "managed trace": _managed, "minified code": _minified, "package": _package,
    }
)  # fmt: skip
