"""Paths of every platform; the secret is the name of the user, or what names one."""

from random import Random
from urllib.parse import quote

from benchmarks.identifiers.identifier import Identifier, drawn, name

_HOMES = (
    "/home/{}/.config/@trezor/suite-desktop/logs/main.log",
    "/home/{}/snap/trezor-suite/12/.config/app.log",
    "/var/home/{}/.var/app/io.trezor.Suite/config.json",
    "/export/home/{}/suite/app.log",
    "/Users/{}/Library/Application Support/@trezor/suite-desktop/Cache/data_0",
    "/Users/{}/Library/Developer/Xcode/DerivedData/x.swift",
    "C:\\Users\\{}\\AppData\\Roaming\\@trezor\\suite-desktop\\main.js",
    "c:\\users\\{}\\Desktop\\labels.csv",
    "C:/Users/{}/AppData/Local/Programs/trezor-suite/app.asar/main.js",
    "C:\\\\Users\\\\{}\\\\AppData\\\\Local\\\\Temp\\\\a.tmp",
    "\\Users\\{}\\Documents\\wallet.dat",
    "\\\\?\\C:\\Users\\{}\\AppData\\Local\\x.db",
    "D:\\Users\\{}\\wallet.dat",
    "C:\\USERS\\{}\\WALLET.DAT",
    "C:\\Documents and Settings\\{}\\Application Data\\x.log",
    "/mnt/c/Users/{}/code/app.js",
    "/c/Users/{}/code/app.js",
    "~{}/labels.csv",
    "/media/{}/BACKUP/labels.csv",
    "/run/media/{}/USB/labels.csv",
    "file:///home/{}/suite/index.html",
    "file:///Users/{}/suite/index.html",
    "file:///C:/Users/{}/suite/index.html",
    "file://C:\\Users\\{}\\suite\\index.html",
    "../../home/{}/suite/app.js",
    "/Volumes/{}/labels.csv",
    "D:\\{}\\Wallets\\labels.csv",
    "E:/{}/Wallets/labels.csv",
)
_ENCODED = (
    "/home/{}/suite/app.js", "C:\\Users\\{}\\suite\\app.js", "/Users/{}/Library/x.log",
    "\\Users\\{}\\suite\\app.js",
)  # fmt: skip


def _user(chance: Random) -> tuple[str, tuple[str, ...]]:
    """Return a user's name as a folder has it, and what of it tells."""
    first, last = name(chance), name(chance)
    return chance.choice((
        (first, (first,)),
        (first, (first,)),
        (f"{first}.{last}", (first, last)),
        (f"{first}_{last}", (first, last)),
        (f"{first}-{last}", (first, last)),
        (f"{first.title()} {last.title()}", (first.title(), last.title())),
        (f"{first}{chance.randrange(100)}", (first,)),
        (f"{first.title()}ř{last}", (last,)),
        (first.upper(), (first.upper(),)),
        (f"O'{first.title()}", (first.title(),)),
        (f"{first}&{last}", (first, last)),
    ))  # fmt: skip


def home(chance: Random) -> Identifier:
    """Give a path through a user's folder."""
    user, secrets = _user(chance)
    form = chance.choice(_HOMES)
    if form.startswith("~"):
        user = secrets[0]
        secrets = (user,)
    return Identifier("path", form.format(user), secrets, 0, kind="path")


def encoded(chance: Random) -> Identifier:
    """Give such a path percent-encoded, as URLs of an Electron app have it."""
    user, secrets = _user(chance)
    path = quote(chance.choice(_ENCODED).format(user.replace("ř", "r")), safe="")
    return Identifier("path, encoded", path, secrets, 0, kind="path")


def _folder(chance: Random) -> str:
    """Return a name as people write theirs: in other alphabets, with a mark inside."""
    own = name(chance)
    if chance.random() < 0.6:
        return own
    odd = ("M\u00fc{}", "{}\u00e9", "\u0418\u0432\u0430\u043d{}", "\u674e\u96f7{}", "O'{}", "a&{}")
    return chance.choice(odd).format(own)


def share(chance: Random) -> Identifier:
    """Give a path on another machine (UNC)."""
    server, folder = name(chance).upper(), _folder(chance)
    text = chance.choice((
        f"\\\\{server}\\home\\{folder}\\labels.csv", f"\\\\{server}\\{folder}$\\wallet.dat",
        f"\\\\\\\\{server}\\\\Users\\\\{folder}\\\\x.log",
        f"\\\\?\\UNC\\{server}\\{folder}\\labels.csv",
        f"file://{server}/{folder}/labels.csv", f"smb://{server}/{folder}/labels.csv",
    ))  # fmt: skip
    return Identifier("path, share", text, (server, folder), 0, kind="path")


def container(chance: Random) -> Identifier:
    """Give a path in an iOS app's container or a simulator's, whose UUID tells an install."""
    digits = drawn(chance, "0123456789ABCDEF", 32)
    uuid = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    text = chance.choice((
        f"/var/mobile/Containers/Data/Application/{uuid}/Documents/x.db",
        f"/private/var/containers/Bundle/Application/{uuid}/TrezorSuite.app/main.jsbundle",
        f"file:///var/mobile/Containers/Shared/AppGroup/{uuid}/x.db",
        f"/private/var/mobile/Containers/Data/PluginKitPlugin/{uuid}/tmp/x",
    ))  # fmt: skip
    return Identifier("path, container", text, (uuid,), kind="path")


def temporary(chance: Random) -> Identifier:
    """Give a path in macOS's temporary folder, whose name is one user's."""
    folder = drawn(chance, "abcdefghijklmnopqrstuvwxyz0123456789_", 30)
    two = drawn(chance, "abcdefghijklmnopqrstuvwxyz0123456789_", 2)
    text = chance.choice(("", "/private")) + f"/var/folders/{two}/{folder}/T/suite/x.log"
    return Identifier("path, temporary", text, (folder,), kind="path")
