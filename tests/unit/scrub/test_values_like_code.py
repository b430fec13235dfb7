"""Values that look like expressions of code, but for what stands around them or behind them."""

from functools import cache

import pytest

import relay
from relay.scrub.code_lines import CodeLines, is_code_line


@cache
def shipped() -> relay.Scrubber:
    """The rules that ship."""
    return relay.load_scrubber(secret=b"test" * 8, verify=False)


VALUES = [
    ("password=${x}hunter2", "hunter"),
    ("password=$(x)hunter2", "hunter"),
    ("password={0}hunter2", "hunter"),
    ("password: {x}hunter2", "hunter"),
    ("password=null,hunter2", "hunter"),
    ("password: }hunter2", "hunter"),
    ("password=,hunter2", "hunter"),
    ("password=self.hunter2x9", "hunter"),
    ("X (password=hunter)", "hunter"),
    ("password=(hunter)", "hunter"),
    ("password={hunter}", "hunter"),
    ("DEBUG => password=hunter,user=jane", "hunter"),
    ("login(password=hunter) => false", "hunter"),
    ('new Error("x", password=hunter)', "hunter"),
    ("connect(user=jane, password=hunter).then(x => x)", "hunter"),
    ("if(true){PASSWORD=hunter}", "hunter"),
    ("users' password: '+hunter2'", "hunter"),
    ("  password: hunterTwo2x", "hunter"),
    ('    "password": hunterTwo2x,', "hunter"),
    ("    login(user, password=hunter)", "hunter"),
    ("    connect(password=hunter, host=x)", "hunter"),
    ('{"password": "${hunter2!Aa}"}', "hunter"),
    ("password: `hunter2${x}`", "hunter"),
    ("{'password': ['a]b', 'hunter2']}", "hunter"),
    ("password=None)x9!kk", "x9"),
    ("password=)x9k$2", "x9"),
    ("password=]abc123", "abc"),
    ("X-Api-Key: abc(def)", "abc"),
    ("cookie=sid.abc(x)", "abc"),
    ("x-api-key=request.abc123", "abc"),
    ("authorization=this.abc", "abc"),
    ('{"authorization":"${abc}"}', "abc"),
    ("password=foo(bar", "bar"),
    ("Authorization: foo(bar)", "bar"),
    ("password=correct(horse)battery", "battery"),
    ("password=a()bhunter2", "bhunter"),
    ("password=Winter[2024]!", "Winter"),
    ("password: options.Winter2024", "Winter"),
    ("password=P[x]q9zzz", "q9z"),
    ("ERROR login failed password=S3cret() for user", "S3cret"),
    ("password=this.is.my.pass", "my.pass"),
    ("password=config.jane", "jane"),
    ("password: janesPassword", "jane"),
    ("password=password_jane", "jane"),
    ("username: jane == admin", "jane"),
    ("x != y password=jane.doe", "jane"),
    ("password=window.Summer", "Summer"),
    ("password=event.horizon", "horizon"),
    ("password: os.Linux4Ever", "Linux"),
    ("password=document.Secret9", "Secret9"),
    ("password: MyPassword", "MyPass"),
    ('{"password": MyPassword}', "MyPass"),
    ("password: my_password", "my_pass"),
    ("password=admin_password", "admin"),
    ("passphrase: secretPassphrase", "secretP"),
    ("label: MyLabel", "MyLabel"),
    ('"label":"${My savings}"', "avings"),
    ("label: `Savings of ${Jane}`", "avings"),
    ("Assertion failed: a === b, label=Savings", "avings"),
    ("label=Savings (a||b)", "avings"),
    ("label=(Savings)", "avings"),
    ("label: (My savings)", "avings"),
    ("label: $SAVINGS", "SAVINGS"),
    ("label: <label>", "<label"),
    ('label: f"{Jane}"', "Jane"),
    ("user: Jane Doe != user: John", "Jane"),
    ("status == 200, password=winter", "winter"),
    ("url?q=a!==b&password=winter&user=jane", "winter"),
    (
        "{'note': '" + "n" * 140 + "', password: '%s3cretX9'}",
        "s3cret",
    ),
    ("user_password=sword1", "sword1"),
    ("password=get(hunter)x", "hunter"),
    ("password: string hunter2", "hunter2"),
    ("password=None, user=jane", "jane"),
    ("    password=janeDoe,", "janeDoe"),
    ("return to sender; password=hunter", "hunter"),
    ("    password: correct(horse)battery,", "battery"),
    ("        password: MyPassword", "MyPassword"),
    ("        password: my_password", "my_password"),
    ('f"{x}" password: {y}hunter', "hunter"),
    ("password: str(hunter)1", "hunter"),
    ("password: get(a)hunter", "hunter"),
    ("password: Winter[abc]", "abc"),
    ("return code 5; password=hunter", "hunter"),
    ("password=<b>old", "old"),
    ("password=old[0]", "old"),
    ("    x=a[0], password=hunter", "hunter"),
    ("    password=old[0]x", "old"),
    ("password=getattr(", "getattr"),
    ("my password: <b>old", "old"),
    ("    password=getLucky(7)", "Lucky"),
    ("password=getLucky(7)", "Lucky"),
    ("DEBUG x => y password=self.pass", "self.pass"),
    ("    password: MyPassword,x", "MyPassword"),
    ('{"label":{"x":"My savings"}}', "savings"),
]

CODE = [
    "password=${DB_PASSWORD}",
    "password={0}",
    "password=None)",
    "f(password=null, x)",
    "password=<your-password>",
    'headers={"Authorization": "Bearer ${GITHUB_TOKEN}"}',
    "label: `${this.name}`",
    "throw new Error(`password: ${e.message}`)",
    "    password=auth_password,",
    "    user=args.user,",
    "            priv_key=key_bytes if not is_public else None,",
    "        password: Optional[str] = None",
    '                  passphrase: str = "") -> None:',
    "    labels: deserializeLabels(pos + 16),",
    "!t.did&&e.user.did&&(t.username=e.user.name),t.did||e.did||(t.did=e)",
    'x={"user.name":{description:"Short",type:"string"},y:!0}',
    "n.setUser({...n.getUser(),ip_address: {snip}",
    "        ip_address: ip,",
    "    cookies: options.include?.cookies ?? x.cookies !== false",
    "            hostname: isIPv6 ? hostname.slice(1) : hostname",
    "        # Private key: (passfactor * factorb)",
    "        self.m_mnemonic = (Mnemonic.Bip39.FromString(mnemonic)",
    "    cookies: LooseCookies | None = None",
    '                    label = f"execute:{rule.name}"',
    "            yield Group(label=key)",
    '            password=self.settings_dict["PASSWORD"],',
    '{"a":M,"user.email":M,"user.username":M,"user.ip":M',
    "{snip} ,{user:{id:p,email:g,username:u}}",
    "        cookies: CookieJar | Cookies | dict[str, str] | None = None",
    "        strip_user_password: bool = True,",
    "f(signature=np.matmul.signature).example(",
    'click.echo(f"Using master secret: {secret_hex}")',
    "      ip_address: void 0",
    "    label = `${label.substring(0, MAX_LENGTH - 3)}...`",
    'sp=require("./b.cjs"),ip=require("./c.cjs")',
    "Yr=1024*1024,ap=25*1024,wt=4,ip=5,x",
    "i,hostname:/^(?=.{1,4})/",
    'SET_COOKIE: Final[istr] = istr("Set-Cookie")',
    "def f(self, name: str, cookie: Morsel[str])",
    "        cookies: LooseCookies,",
    "            'Authorization': auth,",
    'self.log(f"Used shuffle seed: {seed_display}")',
    'print(f"password={password!r}")',
    '        user_pass = (self.username + ":" + self.password)',
    "if support.check_sanitizer(address=True):",
    "            AnnotatedItem, label=type(element).__name__.lower()",
    "        sender=__name__, credentials=_clean_credentials(credentials)",
    '        displayName: getDisplayNameForFiber(_fiber8) || "Anonymous"',
    "        displayName: formattedDisplayName,",
    "  }, isReader && label ? label : children",
    "    'USER': tokens.Keyword,",
    '        request_info["env"] = {"REMOTE_ADDR": request.remote}',
    '    login: str, password: str = "", encoding: str = "latin1"',
    "        username=auth_user,",
    '        "user":         LOG_USER,',
    "                 priv_key: Bip32PrivateKey,",
    "    :type label: bytes/bytearray/memoryview",
    "        self.labels: list[int] = []",
    "        signature = (\n            f.remote_field.model,",
    "    return label == x || this.label",
    '                "label": obj[0],',
    '                "label": getattr(',
    "                menu.add_command(label=entry[0], menu=x)",
    "               label=f'{menu_label} Line Numbers'",
    "        labels = [self.class_label]",
    "    LABELS: ClassVar[dict[type, int]] = {}",
    "                IPrivateKey: IPrivateKey object",
    "    ecdh2 = ECDH(private_key=key2)",
    "        super().__init__(item, label=self.all_label)",
    '        self.label: str = label or ""',
    "            password: (bool, optional)",
    "        ctx.load_cert_chain(FILE, password=KEY_PASSWORD.encode())",
    '            "REMOTE_ADDR": peername[0] if peername else None,',
    "        'user': User.objects.get(id=user_pk),",
    '                dot.add_node(child, label=f"{rendered}/{x} more")',
    ",this.rootInjects.preauthorizeApiKey=preauthorizeApiKey.bind(null,s)",
    "        goto = Goto(label=block_1)",
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_a_value_like_code_goes(text: str, value: str) -> None:
    """What is only the beginning of an expression, or stands in no line of code, is a value."""
    assert value not in shipped().scrub_text(text)


@pytest.mark.parametrize("text", CODE)
def test_code_stays(text: str) -> None:
    """Placeholders that stand alone, and expressions in lines of code, stay."""
    assert text == shipped().scrub_text(text)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("const x = y;", True),
        ("if(a===b)return c", True),
        ("x => y, a === b", True),
        ('{a:"x",b:"y"}', True),
        ("DEBUG => a", False),
        ("a === b === c", False),
        ("new Error(x) new Error(y)", False),
        ("plain words", False),
        ("return to sender", False),
    ],
)
def test_two_signs_make_a_line_code(line: str, expected: bool) -> None:
    """A statement or two signs of different kinds make a line one of code; one sign does not."""
    assert expected == is_code_line(line)


@pytest.mark.parametrize("end", ["\n", "\r"])
def test_a_line_ends_on_both_sides(end: str) -> None:
    """What stands above and below is judged by itself."""
    lines = CodeLines(end.join(["return f(x);", "label: x", "return f(x);"]))
    assert "label: x" == lines.line(15)
    assert [True, False, True] == [lines.near(at) for at in (2, 15, 25)]


def test_a_line_is_judged_once() -> None:
    """Places near each other share a verdict, and its cost is told once."""
    spent: list[int] = []
    lines = CodeLines("label=(" * 1_000 + "\nconst x = y;", spent.append)
    assert not any(lines.near(at) for at in range(0, 7_000, 7))
    assert len(spent) <= 7_000 // 120 + 1
    assert sum(spent) >= 7_000
    assert lines.near(7_010)
    assert lines.line(7_010) == "const x = y;"
