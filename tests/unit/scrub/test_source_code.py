"""Expressions of code told apart from values, both sides."""

import string
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

import relay
from relay.scrub.source_code import is_choice
from relay.scrub.structure import value_after


@cache
def shipped() -> relay.Scrubber:
    """The rules that ship."""
    return relay.load_scrubber(secret=b"test" * 8, verify=False)


EXPRESSIONS = [
    # the key's own name, or one that ends in it
    "open(at, pwd=pwd)",
    "        password=auth_password,",
    "        user=args.user,",
    '  "fullname": self._fullname,',
    "{ label: this.label }",
    'headers: { "X-CSRFToken": csrftoken },',
    # calls, attributes and subscripts
    "token=getToken(bar)",
    "address = getAddress(x)",
    "{'username': config.get(server, 'username')}",
    "address=manager.get_address(x), authkey=authkey",
    "api_key=os.environ['API_KEY']",
    "password: this.password",
    'label=_("Action:")',
    # words of code
    "def f(extern_key, passphrase=None):",
    "def f(self, address=True):",
    "{password:!0,range:!0}",
    'switch(e){case"label":return".";case"matrix":return";"}',
    'let k=x?"label":y.z',
    # types
    "constructor(private password: string) {",
    "def f(private_key: ed25519Private, message: bytes) -> bytes:",
    "ECPrivateKey ::= SEQUENCE {",
    # code around a name
    "this.__ownerID=t,this.__altered=!1,this)},List}(l)",
    "return u.size=s,u._head=o,u.__ownerID=i,u.__hash=a,u",
    "constructor(l){super(),this.label=l,this.names={}}",
    'Y.host=Y.hostname,Y.username=Y.password="",Y.auth&&(~(x=1))',
    "let i=O();i&&(r.Authorization=B(i));let o=await A(t,{headers:r})",
    "const{Label:t=yf,Dropdown:r=gf}=e;return t",
    "    key = EccKey(curve=c, seed=alice_priv)",
    # templates, and what is filled in later
    "headers:{Authorization:`Bearer ${t}`}",
    'headers={"Authorization": f"Bearer {auth.token}"}',
    "password=%s&user=%s",
    "label={label}",
    # brackets of code
    "'labels': [",
    "label: (0,e.H)((0,e.B)(),x)",
    ":param password: (optional) x",
    "const label = (lanes & 536870912) === lanes",
    'd={properties:{label:{type:"string"},options:{type:"object",x:!0}}}',
    '\'labels\': [(r"}", Punctuation, "#pop")]',
    "label: { ",
    ":param public_key: [:class:`bytes`] a key",
    "        signature=str(newsig),",
    "    'password': serializers.CharField(write_only=True),",
    "Bip32KeyData(chain_code=chain_code_bytes)",
    'f"(wrong secret: {key_bytes[0]})"',
    "host name: required",
    'raise ValueError("Invalid label: " + line)',
    'print("Using random seed:", self.random_seed)',
    "labels = [label.strip() for label in found]",
    "sig = [Integer(x) for x in sig]",
    "fullName = f'%s.%s.%s' % (a, b, c)",
    "    objects.filter(team=team_pk, user=user_id).delete()",
    '"label": string[1:labelEnd],',
    "password=GetPassCallable().getpass",
    '        payload = {"username": user, "password": pw}',
    "no size ({signature=}).",
    # statements
    "        shutil.chown(dirname, user=uid)",
    "    defaults={'username': email, 'is_active': False})",
    "            yield from _run_test_server(address=path, use_ssl=use_ssl,",
    "            railroad.Group, item=ret, label=element_results_name",
    "                address=addr, authkey=authkey, serializer=SERIALIZER)",
    "        seed = (1 << (10000 * 8)) - 1",
    "Sig: _TypeAlias = tuple[str, str]",
    "labels = [\n    _clean(i * step)\n    for i in range(9)\n]",
    "PASSWORD: {'type': 'string', 'format': 'password'},",
    # an attribute that says the key, or is one of the object's own
    '            "UserName": user.name,',
    '"InstanceId": instance.id, "x": 1',
    '            "OwnerId": self.account_id,',
    '    update({"ClientSecret": self.secret})',
    "    token(project=self.project, user=self.admin, role=x)",
    # what is looked up, packed, or put together
    "    secret_key=cached_credentials['secret_key'],",
    "    'secret_key': token['accessToken']['secretAccessKey'],",
    '    "Signature": base64.b64encode(signature).decode("utf-8"),',
    "    params.update({'labels': json.dumps(labels)})",
    '    "USER": _unquote(parsed.username),',
    '    "Address": f"query.timestream.{self.region_name}.example.org",',
    # types, with what they are at first
    '    password: str = parameters.get("PASSWORD")  # type: ignore[assignment]',
    "    user: Any = None,",
    ":type private_key: SigningKey",
    "    label : String or Symbol",
    "    label : String, optional",
    # seeds of random numbers
    "G = nx.gn_graph(200, seed=1234)",
    "Ray(p, q).random_point(seed=42).n(3)",
    "def qs(n, seed=1234):",
    # what a bundle exports under its own name, cut off where a line was
    "exports.USER_ID=USER_ID,exports.CLIENT_ADDRESS=CLIENT_ADDRESS,exports.CLIENT_PORT=CLIENT_PORT;",
    "exports.DIST=DIST,exports.DEVICE_NAME=DEVICE_NAME,e",
    "T=T,exports.USER_NAME=USER_NAME,exports.PASSWORD=PASSWORD,exports.FCP=",
]

VALUES = [
    ("password=hunter2", "hunter2"),
    ("login failed: user=jane password=swordfish", "swordfish"),
    ("Login(user=jane, password=swordfish)", "swordfish"),
    ("{user=jane, password=swordfish}", "swordfish"),
    ("password: swordfish", "swordfish"),
    ("PASSWORD=swordfish ./run", "swordfish"),
    ("password=password1", "password1"),
    ("password = 'swordfish'", "swordfish"),
    ("{'password': 'swordfish'}", "swordfish"),
    ('{"password":"sword(fish)"}', "sword(fish)"),
    ('this.login({password:"swordfish"})', "swordfish"),
    ("self.login(password='swordfish')", "swordfish"),
    ("login(password=b'swordfish')", "swordfish"),
    ("return get(r, {password: 'swordfish'})", "swordfish"),
    ("{'label': Label('My savings')}", "My savings"),
    ('Config { password: Some("swordfish") }', "swordfish"),
    ("label: My savings", "My savings"),
    ("label: My = savings", "savings"),
    ("{'username': 'swordfish', 'is_active': False}", "swordfish"),
    ("{'username': 4217, 'is_active': False}", "4217"),
    ("    user=jane password=swordfish", "swordfish"),
    ("  logged in, item=ret, password=swordfish1", "swordfish1"),
    ("pin=(4217)", "4217"),
    ("password: {'type': 'string', 'value': 'swordfish'}", "swordfish"),
    ('{"label": "My savings"}', "My savings"),
    ("label=Savings&x=1", "Savings"),
    ("{ label: [ 'My savings' ] }", "My savings"),
    ('{"labels": {"a": "My savings"}}', "My savings"),
    ("{ label: { type: 'My savings' } }", "My savings"),
    ("{'pin': (4, 2, 1, 7)}", "4, 2, 1, 7"),
    ("password: (swordfish1)", "swordfish1"),
    ("password={hunter2}", "hunter2"),
    ("password=str(hunter2)", "hunter2"),
    ("x={'secret': bytearray(b'swordfish')}", "swordfish"),
    ("deviceId=a1b2c3,other=x", "a1b2c3"),
    ("user.session_id: 4217", "4217"),
    ("Cookie: sid=abc; x=y", "sid=abc"),
    ("can't log in, password: 'swordfish'", "swordfish"),
    ('it said "x", password: "swordfish"', "swordfish"),
    ("isn't it, password: ')swordfish'", "swordfish"),
    ("this.state is gone; password=hunter2", "hunter2"),
    ("password=password,hunter2", "hunter2"),
    (f'    password = f"{"swordfish " * 30}{{self.x}}"', "swordfish"),
    ('            "UserName": jane.doe,', "jane.doe"),
    ('            "password": self.hunter2,', "hunter2"),
    ("password=self.swordfish", "swordfish"),
    ("password=dumps(hunter2)x", "hunter2"),
    ("password: str = swordfish", "swordfish"),
    ("password: String or Swordfish1", "Swordfish1"),
    (":type of password: hunter2", "hunter2"),
    ("seed=1234,0567,1837", "0567"),
    ("seed: 0512 1837 0044 1201", "0512"),
    ("seed=12345678901234567890", "12345678901234567890"),
    ("pin=1234)", "1234"),
    ("app.password=password,app.label=Savings", "Savings"),
    ("exports.LABEL=LABEL,exports.PASSWORD=hunter2,exports.DIST=DIST", "hunter2"),
    ("exports.LABEL=LABEL,exports.PASSWORD='swordfish'", "swordfish"),
    ("exports.password=password,swordfish1", "swordfish1"),
]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_is_no_value(text: str) -> None:
    """Code without a literal comes out as it was."""
    assert text == shipped().scrub_text(text)


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_a_value_goes(text: str, value: str) -> None:
    """A value goes in a log, a document, a header and a literal, with code around it too."""
    assert value not in shipped().scrub_text(text)


def test_a_pseudonym_without_quotes_comes_to_rest() -> None:
    """A number in a text that holds a document is replaced once, and scrubbed again stays."""
    once = shipped().scrub_text('{"user":{"id":17,"n":2}}')
    assert once.startswith('{"user":{"id":hash:')
    assert once.endswith(',"n":2}}')
    assert once == shipped().scrub_text(once)


NAMES = st.text(string.ascii_lowercase, min_size=4, max_size=12)
VALUE = st.text(string.ascii_letters + string.digits, min_size=8, max_size=20).filter(
    lambda value: any(map(str.isdigit, value)) and value[-1].isdigit()
)
FORMS = [
    "{key}={value}",
    "{key}: {value}",
    "x {key}={value} y",
    "at {name}, {key}={value}",
    "{name}({key}={value}, {name}=1)",
    '{{"{key}": "{value}"}}',
    "{{'{key}': '{value}'}}",
    'this.{name}({{{key}:"{value}"}})',
    "    {name} = self.{name}({key}='{value}')",
    "{name}?{key}={value}&{name}=1",
    'return {name}({{ {key}: "{value}" }});',
]


@given(st.sampled_from(FORMS), st.sampled_from(["password", "db_password", "pin", "label"]),
       NAMES, VALUE)  # fmt: skip
def test_values_of_any_kind_go(form: str, key: str, name: str, value: str) -> None:
    """A value with a digit at its end goes in every form that keys and values have."""
    assert value not in shipped().scrub_text(form.format(key=key, name=name, value=value))


CODE = [
    "        {key}={name}.{key},",
    "        {key}={key},",
    "self.{key} = {name}({key}={key})",
    "const {{ {key} }} = this.{name}; return {name}({key}: {key})",
    "if(!{name}){{this.{key}={name},this.x=!0}}",
    "{name}({{{key}:this.{name}.{key},x:1}})",
    '  "{key}": get_{name}(self, x),',
    "def {name}(self, {key}=None):",
    "async {name}({key}: string): Promise<void> {{",
]


@given(st.sampled_from(CODE), st.sampled_from(["password", "label", "address", "api_key"]), NAMES)
def test_code_of_any_names_stays(form: str, key: str, name: str) -> None:
    """Names of code stay, whatever they are."""
    text = form.format(key=key, name=name)
    assert text == shipped().scrub_text(text)


@given(st.text("ab=:'\"`(){}[],.$ \n1", max_size=60), st.integers(0, 20))
def test_a_span_lies_in_the_text(tail: str, spaces: int) -> None:
    """Whatever follows a key, the span of its value lies behind the colon and in the text."""
    text = " " * spaces + "label=" + tail
    found = value_after(text, spaces, spaces + 6)
    if found is not None:
        key, (start, stop) = found
        assert key.startswith("label")
        assert spaces + 6 <= start < stop <= len(text)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ('case "', True), ("case  '", True), ('x?"', True), ("x ? `", True), ('x="', True),
        ('x = "', True), ('{"', False), (', "', False), ("case ", False), ("x = ", False),
        ('"', False), ("", False), ('case         "', False),
    ],
)  # fmt: skip
def test_a_quoted_key_that_is_a_branch(before: str, expected: bool) -> None:
    """Behind `case`, a question mark or an equals sign, and in quotes."""
    assert expected is is_choice(f'{before}label": y', len(before))
