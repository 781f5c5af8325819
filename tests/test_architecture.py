"""The plan of docs/architecture.md, enforced: floors, words per room, sizes, names, SQL and templates. Standard library only.

A failure says what the rule is for. When a rule is wrong, change it here and in docs/architecture.md together, with the reason.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "fedi"

# Who may import whom: downward or on the same floor. The longest prefix decides, and `parse_actors` stands where `parse` does; a module
# of fedi/ itself that is not named is a noun.
NOUNS = 4
FLOORS = {
    "fedi": NOUNS,
    "fedi.errors": 0,
    "fedi.clock": 0,
    "fedi.limits": 0,
    "fedi.uris": 1,
    "fedi.config": 1,
    "fedi.ids": 1,
    "fedi.netguard": 1,
    "fedi.http": 1,
    "fedi.webpush": 1,
    "fedi.streaming": 1,
    "fedi.plaintext": 1,
    "fedi.facts": 1,
    "fedi.webpages": 1,
    "fedi.teaser": 1,
    "fedi.html": 1,
    "fedi.sanitize": 1,
    "fedi.markup": 1,
    "fedi.policies": 1,
    "fedi.quotelines": 1,
    "fedi.activitypub.vocab": 1,
    "fedi.activitypub.parse": 1,
    "fedi.activitypub.webfinger": 1,
    "fedi.activitypub.keys": 1,
    "fedi.activitypub.cavage": 1,
    "fedi.activitypub.rfc9421": 1,
    "fedi.activitypub.signatures": 1,
    "fedi.activitypub.jcs": 1,
    "fedi.activitypub.proofs": 1,
    "fedi.storage": 2,
    "fedi.activitypub.render": 2,
    "fedi.activitypub.backoff": 2,
    "fedi.audience": 3,
    "fedi.activitypub.outbox": 3,
    "fedi.activitypub.documents": 5,
    "fedi.activitypub.keyring": 5,
    "fedi.activitypub.lanes": 6,
    "fedi.activitypub.remote": 5,
    "fedi.activitypub.crawl": 5,
    "fedi.activitypub.profiles": 5,
    "fedi.activitypub.threads": 5,
    "fedi.activitypub.verify": 5,
    "fedi.mediacache": 5,
    "fedi.cardreader": 5,
    "fedi.previews": 5,
    "fedi.translator": 5,
    "fedi.uploads": 5,
    "fedi.pushing": 5,
    "fedi.activitypub.receive": 6,
    "fedi.activitypub.synchronization": 6,
    "fedi.activitypub.stamps": 6,
    "fedi.activitypub.inbox": 6,
    "fedi.activitypub.communities": 5,
    "fedi.activitypub.delivery": 6,
    "fedi.instance": 6,
    "fedi.chores": 6,
    "fedi.jobs": 6,
    "fedi.workplace": 6,
    "fedi.control": 6,
    "fedi.web": 7,
    "fedi.cli": 8,
    "fedi.__main__": 8,
}
BARE = {"fedi", "fedi.activitypub"}  # packages whose own __init__ holds no more than a docstring and the version: floor 0

# A library's name belongs to the rooms that may say it (a prefix ending in a dot is a whole package).
WORDS = {
    "sqlite3": ("fedi.storage.",),
    "sqlite_utils": ("fedi.storage.",),
    "aiohttp": ("fedi.web.", "fedi.http", "fedi.cli.serve"),
    "jinja2": ("fedi.web.",),
    "markupsafe": ("fedi.web.",),
    "bleach": ("fedi.sanitize",),
    "html5lib": ("fedi.sanitize",),
    "cryptography": ("fedi.activitypub.keys", "fedi.activitypub.signatures", "fedi.logins", "fedi.oauth", "fedi.webpush"),
    "http_sf": ("fedi.activitypub.",),
    "click": ("fedi.cli.",),
    "rich": ("fedi.cli.",),
    "PIL": ("fedi.images",),
    "pillow_heif": ("fedi.images",),
}
# Spellings of one dialect: the wire's in activitypub, the client API's in web/api. Inside they have other names (docs/architecture.md).
DIALECT = {
    "inReplyTo": "fedi.activitypub.",
    "attributedTo": "fedi.activitypub.",
    "preferredUsername": "fedi.activitypub.",
    "reblogs_count": "fedi.web.api.",
}
LAZY = {"PIL", "pillow_heif", "sqlite_utils", "uvloop"}  # heavy libraries that a function may import when it first needs them
ASYNC_STORAGE = {"fedi.storage.db", "fedi.storage.group"}
ASYNC_GROUND = {"fedi.http", "fedi.netguard"}  # of the ground floor, only what speaks to the network
FORBIDDEN_NAMES = {"util", "utils", "helper", "helpers", "common", "base", "misc", "manager", "managers", "service", "services", "core"}

# Where SQL text is not written where it is run: the wrappers themselves, and builders whose names come from a row class.
SQL_WRAPPERS = {"fedi.storage.tx", "fedi.storage.connection", "fedi.storage.migrate", "fedi.storage.snapshot", "fedi.storage.scan"}
SQL_BUILDERS = {
    ("fedi.storage.accounts", "update"): "column names are checked against Account._fields",
    ("fedi.storage.posts", "update"): "column names are checked against Post._fields",
    ("fedi.storage.checkpoint", "run"): "a pragma takes no parameters; the kind is PASSIVE or TRUNCATE",
}
SQL_CALLS = {"execute", "executemany", "executescript", "query", "one"}
SQL_TEXT = re.compile(
    r"\s*(SELECT\s.+\sFROM\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|CREATE\s+TABLE\s)", re.DOTALL
)


@dataclass(frozen=True)
class Module:
    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def where(self) -> str:
        return str(self.path.relative_to(ROOT))

    def within(self, room: str) -> bool:
        """Whether a room (`fedi.http`, or `fedi.web.` for a package and all in it) holds this module."""
        return self.name == room.rstrip(".") or (room.endswith(".") and self.name.startswith(room))


@cache
def modules() -> dict[str, Module]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        text = path.read_text("utf-8")
        found[name] = Module(name, path, text, ast.parse(text))
    return found


def floor(name: str) -> int | None:
    if name in BARE:
        return 0
    if name not in FLOORS and name.startswith("fedi.activitypub."):
        name = name.partition("_")[0]
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        prefix = ".".join(parts[:length])
        if prefix in FLOORS and not (length == 1 and len(parts) > 2):
            return FLOORS[prefix]
    return None


def is_noun(module: Module) -> bool:
    return floor(module.name) == NOUNS


def imports(module: Module) -> Iterator[tuple[str, ast.stmt]]:
    """(dotted name, statement) of everything a module imports, `from fedi.storage import posts` as fedi.storage.posts."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module.where}:{node.lineno}: write the whole name, `from fedi...`: a line should name its room"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield (inner if inner in modules() else str(node.module)), node


@cache
def graph() -> dict[str, set[str]]:
    return {module.name: {name for name, _ in imports(module) if name in modules()} - {module.name} for module in modules().values()}


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def complain(found: list[str], rule: str) -> None:
    assert not found, f"{rule}\n  " + "\n  ".join(found)


# -- floors --


def test_every_module_stands_on_a_floor():
    found = [module.where for module in modules().values() if floor(module.name) is None]

    complain(found, "Say on which floor these stand: FLOORS in this file, and the table in docs/architecture.md.")


def test_imports_go_down_or_stay_on_the_floor():
    found = [
        f"{name} (floor {floor(name)}) imports {other} (floor {floor(other)})"
        for name, others in graph().items()
        for other in sorted(others)
        if (floor(name) or 0) < (floor(other) or 0)
    ]

    complain(
        found,
        "A module knows only what is below it. Pass the value in as an argument, emit an event, or move the function to the floor of what"
        " it needs. A new module of fedi/ that is not a noun needs its line in FLOORS.",
    )


def test_no_modules_import_each_other_in_a_circle():
    state: dict[str, int] = {}
    found: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        state[name] = 1
        for other in sorted(graph()[name]):
            if state.get(other) == 1:
                found.append(" -> ".join((*path[path.index(other) :], other)))
            elif other not in state:
                visit(other, (*path, other))
        state[name] = 2

    for name in graph():
        if name not in state:
            visit(name, (name,))

    complain(found, "A circle of imports means that two rooms are one. Move what both need into a third, below them.")


def test_imports_stand_at_the_top_of_the_file():
    found = []
    for module in modules().values():
        if module.within("fedi.cli."):
            continue  # a command imports what it uses when it runs, so that `fedi --help` is quick
        for function in functions(module.tree):
            for node in ast.walk(function):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
                found += [f"{module.where}:{node.lineno}: {name}" for name in names if name.split(".")[0] not in LAZY]

    complain(sorted(set(found)), "An import inside a function hides a circle or a floor. Only heavy libraries (LAZY) may wait.")


# -- words by room --


def test_a_librarys_name_is_said_only_in_its_rooms():
    found = [
        f"{module.where}:{node.lineno}: {name}"
        for module in modules().values()
        for name, node in imports(module)
        if name.split(".")[0] in WORDS and not any(module.within(room) for room in WORDS[name.split(".")[0]])
    ]

    complain(found, "Each library has one room, so that it can be replaced there (WORDS in this file). Call that room instead.")


def test_nothing_outside_storage_says_select():
    found = []
    for module in modules().values():
        if module.within("fedi.storage."):
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL_TEXT.match(node.value):
                found.append(f"{module.where}:{node.lineno}: {node.value.strip()[:40]}")
        for call in sql_calls(module.tree):
            receiver = ast.unparse(call.func).rpartition(".")[0]
            if receiver != "params":  # `params.query(request)` reads an address, not the database
                found.append(f"{module.where}:{call.lineno}: {ast.unparse(call.func)}(...)")

    complain(found, "SQL lives in fedi/storage, where indexes and visibility can be reviewed. Add a function to the noun's file there.")


def test_each_dialect_stays_in_its_room():
    found = [
        f"{module.where}:{node.lineno}: {node.value!r} belongs to {DIALECT[node.value]}"
        for module in modules().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in DIALECT
        if not module.within(DIALECT[node.value])
    ]

    complain(found, "Translate in activitypub/parse and render, or in web/api/entities; inside the house the dictionary's words hold.")


def test_rules_and_storage_never_wait():
    found = [
        f"{module.where}:{node.lineno}: async {node.name}"
        for module in modules().values()
        if ((floor(module.name) or 0) <= NOUNS and module.name not in ASYNC_STORAGE | ASYNC_GROUND)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.AsyncFunctionDef)
    ]

    complain(found, "A rule runs inside a transaction: were it async, a slow peer could hold the database. Gather first, then apply.")


# -- sizes and names --


def test_modules_stay_small():
    found = [f"{m.where}: {len(m.text.splitlines())} lines" for m in modules().values() if len(m.text.splitlines()) > 600]
    for path in sorted((ROOT / "tests").rglob("*.py")):
        lines = len(path.read_text("utf-8").splitlines())
        found += [f"{path.relative_to(ROOT)}: {lines} lines"] if lines > 800 else []

    complain(found, "600 lines are the end (400 is the time to think), 800 for tests: split by noun or by kind.")


def test_functions_stay_small():
    found = []
    for module in modules().values():
        for node in functions(module.tree):
            lines = (node.end_lineno or 0) - node.lineno + 1
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            count = len([a for a in given if a.arg not in ("self", "cls")])
            if lines > 60:
                found.append(f"{module.where}:{node.lineno}: {node.name} has {lines} lines, at most 60")
            if count > 6:
                found.append(f"{module.where}:{node.lineno}: {node.name} takes {count} arguments, at most 6")

    complain(found, "Split it where its comment would say 'now ...'; give arguments that travel together a name of their own.")


def test_no_room_is_called_after_nothing():
    paths = [path for room in ("fedi", "tests", "bench") for path in (ROOT / room).rglob("*") if path.is_dir() or path.suffix == ".py"]
    found = [str(path.relative_to(ROOT)) for path in paths if path.stem in FORBIDDEN_NAMES]

    complain(found, "Such a name attracts everything. Name the file for the noun or the technique in it.")


def test_every_source_named_in_the_code_is_listed():
    text = (ROOT / "docs" / "sources.md").read_text("utf-8")
    listed = [re.escape(name) for name in re.findall(r"^\| \*\*(.+?)\*\*", text, re.MULTILINE)]
    known = re.compile(rf"({'|'.join(listed)})(-\d\d)?(?![\w-])")
    found = []
    for module in modules().values():
        for match in re.finditer(r"Source: (.+)", module.text):
            line = module.text.count("\n", 0, match.start()) + 1
            for part in match[1].replace('"""', "").split(";"):
                if not known.match(part.strip()):
                    found.append(f"{module.where}:{line}: {part.strip()[:60]}")

    complain(found, "`Source:` names an entry of docs/sources.md (its bold name first), so that the reader can find it.")


# -- SQL is never built from what a stranger wrote (INF-04) --


@dataclass(frozen=True)
class Scope:
    """What a name can stand for inside one function."""

    module: Module
    function: ast.AST

    def constant(self, node: ast.expr | None) -> bool:
        """Whether an expression can only be text that stands in our source."""
        match node:
            case ast.Constant():
                return isinstance(node.value, str)
            case ast.JoinedStr():
                return all(self.constant(part) for part in node.values)
            case ast.FormattedValue():
                return self.constant(node.value)
            case ast.BinOp(op=ast.Add()):
                return self.constant(node.left) and self.constant(node.right)
            case ast.IfExp():
                return self.constant(node.body) and self.constant(node.orelse)
            case ast.Subscript():  # a choice from a table of constants: `_ORDERS[newest_first]`
                return isinstance(node.value, ast.Name) and is_constant_name(node.value.id)
            case ast.Attribute():
                return is_constant_name(node.attr)
            case ast.Name():
                return is_constant_name(node.id) or self.local(node.id) or self.parameter(node.id)
            case ast.Call():
                return self.call(node)
        return False

    def call(self, node: ast.Call) -> bool:
        """`visible.clause("p")` and the like, private functions given constants only, numbers, and lists of our own names."""
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        match node.func:
            case ast.Name(id="int" | "len"):
                return True
            case ast.Attribute(attr="join", value=ast.Constant()):
                return all(isinstance(a, ast.GeneratorExp | ast.ListComp) and self.constant(a.elt) for a in arguments)
            case ast.Attribute(value=ast.Name(id="visible")):
                return all(self.constant(argument) for argument in arguments)
            case ast.Name(id=name) if name.startswith("_"):
                return all(self.constant(argument) for argument in arguments)
        return False

    def local(self, name: str) -> bool:
        """Whether everything a function assigns to a local name is constant."""
        verdicts = []
        for node in ast.walk(self.function):
            match node:
                case ast.Assign() if any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
                    verdicts.append(self.constant(node.value))
                case ast.AugAssign(target=ast.Name(id=target)) | ast.AnnAssign(target=ast.Name(id=target)) if target == name:
                    verdicts.append(self.constant(node.value))
                case ast.For(target=ast.Name(id=target)) | ast.comprehension(target=ast.Name(id=target)) if target == name:
                    verdicts.append(self.names(node.iter))
        return bool(verdicts) and all(verdicts)

    def names(self, node: ast.expr) -> bool:
        """Whether a loop goes over constants: a table of them, or the fields of a row class."""
        if isinstance(node, ast.Tuple):
            return all(self.constant(element) for element in node.elts)
        return (isinstance(node, ast.Attribute) and node.attr == "_fields") or (isinstance(node, ast.Name) and is_constant_name(node.id))

    def parameter(self, name: str) -> bool:
        """Whether every caller in the module gives a private function a constant for this parameter."""
        function = self.function
        if not (isinstance(function, ast.FunctionDef) and function.name.startswith("_")):
            return False
        given = [argument.arg for argument in function.args.args]
        if name not in given:
            return False
        verdicts = []
        for caller in functions(self.module.tree):
            for call in ast.walk(caller):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == function.name:
                    by_name = {keyword.arg: keyword.value for keyword in call.keywords}
                    at = given.index(name)
                    value = by_name.get(name, call.args[at] if at < len(call.args) else None)
                    verdicts.append(Scope(self.module, caller).constant(value))
        return bool(verdicts) and all(verdicts)


def is_constant_name(name: str) -> bool:
    return name.strip("_").isupper()


def sql_calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SQL_CALLS and node.args:
            yield node


def test_sql_is_made_of_constants_INF_04():
    found = []
    for module in modules().values():
        if not module.within("fedi.storage.") or module.name in SQL_WRAPPERS:
            continue
        for function in functions(module.tree):
            scope = Scope(module, function)
            if (module.name, function.name) not in SQL_BUILDERS:
                found += [
                    f"{module.where}:{call.lineno}: {function.name}" for call in sql_calls(function) if not scope.constant(call.args[0])
                ]

    complain(
        sorted(set(found)),
        "Values are bound, never written into a statement. Interpolated may be UPPER_CASE constants and the fragments of `visible`; for a"
        " list of values use `IN (SELECT value FROM json_each(?))`.",
    )


def test_the_exceptions_to_constant_sql_still_exist_INF_04():
    for module, function in SQL_BUILDERS:
        if module in modules():
            assert function in [f.name for f in functions(modules()[module].tree)], (
                f"{module}.{function} is gone: remove it from SQL_BUILDERS"
            )


def test_the_check_for_constant_sql_can_fail_INF_04():
    bad = """
def a(tx, name): tx.query(f"SELECT {name}")
def b(tx, name): tx.query("SELECT " + name)
def c(tx, name): tx.query("SELECT %s" % name)
def d(tx, name): tx.query("SELECT {}".format(name))
def e(tx, name):
    sql = "SELECT "
    sql += name
    tx.query(sql)
def f(tx, sql): tx.query(sql)
"""
    module = next(iter(modules().values()))
    verdicts = [Scope(module, f).constant(call.args[0]) for f in functions(ast.parse(bad)) for call in sql_calls(f)]

    assert verdicts == [False] * 6


def test_code_does_nothing_that_trusts_text_INF_04():
    dangerous = {"eval", "exec", "compile", "__import__"}
    found = []
    for module in modules().values():
        found += [
            f"{module.where}:{node.lineno}: {name}" for name, node in imports(module) if name.split(".")[0] in {"pickle", "marshal", "yaml"}
        ]
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in dangerous:
                found.append(f"{module.where}:{node.lineno}: {node.func.id}(...)")
            if (
                isinstance(node, ast.keyword)
                and node.arg in {"shell", "verify", "verify_ssl", "ssl"}
                and isinstance(node.value, ast.Constant)
            ):
                if node.value.value is (node.arg == "shell"):
                    found.append(f"{module.where}:{node.value.lineno}: {node.arg}={node.value.value}")
            if isinstance(node, ast.Attribute) and node.attr == "host" and isinstance(node.value, ast.Name) and node.value.id == "request":
                found.append(f"{module.where}:{node.lineno}: request.host is what the client says; ours is config.uris.host")

    complain(found, "None of these is needed here, and each has been a hole elsewhere.")


# -- templates (XSS-18, XSS-09) --


def templates() -> list[Path]:
    return sorted(path for path in (PACKAGE / "web" / "templates").rglob("*") if path.is_file())


def test_templates_escape_everything_XSS_18():
    found = []
    for path in templates():
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if re.search(r"\|\s*safe\b|autoescape\s+false|Markup\(", line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")

    complain(found, "What is already safe arrives as Html, a type only the sanitiser and the markup renderer make; all else is escaped.")


def test_template_environments_have_autoescape_on_XSS_18():
    found = []
    for module in modules().values():
        for node in ast.walk(module.tree):
            name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
            name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else name
            if isinstance(node, ast.Call) and name in {"Environment", "SandboxedEnvironment", "Template"}:
                if not any(k.arg == "autoescape" and isinstance(k.value, ast.Constant) and k.value.value is True for k in node.keywords):
                    found.append(f"{module.where}:{node.lineno}: {name}(...) without autoescape=True")

    complain(found, "Jinja does not escape unless told to.")


def test_templates_hold_no_inline_script_or_style_XSS_09():
    inline = re.compile(r"<script(?![^>]*\ssrc=)|<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:", re.IGNORECASE)
    found = []
    for path in templates():
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if inline.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")

    complain(found, "The content security policy forbids it and browsers drop it: write it into static/.")


# -- the tests themselves --


def test_folders_of_tests_are_packages_so_that_names_may_repeat():
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    found = [str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()]

    complain(found, "Add an empty __init__.py: without it two test_posts.py collide.")
