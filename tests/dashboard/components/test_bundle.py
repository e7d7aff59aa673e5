"""The modules of a component as one text: what stands where, and what is refused. That the result runs, node says."""

import pytest

from dashboard.components.bundle import browser_module, style_sheet


@pytest.fixture
def bundle(tmp_path):
    """`bundle(**texts)`: of the module `index` and others by their names."""

    def bundle_(**texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.js").write_text(text, encoding="utf-8")
        return browser_module(tmp_path / "index.js")

    return bundle_


def test_what_is_imported_comes_first_once_in_a_function_of_its_own(bundle):
    text = bundle(
        index='import { b } from "./b.js";\nimport { a, c } from "./a.js";\n\nexport default function () {}\n',
        a="const hidden = 1;\nexport const a = hidden;\nexport const c = 2;\n",
        b='import {\n  a,\n} from "./a.js";\nconst hidden = 3;\nexport function b() {\n  return a + hidden;\n}\n',
    )
    assert text.count("const hidden = 1;") == text.count("const hidden = 3;") == 1
    order = ["const module0 = (() => {", "const a = hidden;", "return { a, c };", "const module1", "const { a } = module0;"]
    order += ["function b()", "return { b };", "const { b } = module1;", "const { a, c } = module0;", "export default function"]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert "import {" not in text and text.count("export") == 1


def test_what_the_component_itself_exports_stays_exported(bundle):
    assert bundle(index="export class Bench {}\nexport default 1;\n").endswith("export class Bench {}\nexport default 1;\n")


def test_every_kind_of_export(bundle):
    kinds = "export const a = 1;\nexport function b() {}\nexport async function c() {}\nexport class D {}\n"
    text = bundle(index='import { a, b, c, D } from "./a.js";\n', a=kinds)
    assert "\nconst a = 1;\nfunction b() {}\nasync function c() {}\nclass D {}\nreturn { D, a, b, c };\n" in text


def test_comments_that_begin_a_line_stay_behind_and_casts_stay(bundle):
    cast = "const x = f(\n  /** @type {number} */ (1),\n);\nconst kept = 2; // two\n"
    text = bundle(index=f"// @ts-check\n/**\n * @param {{number}} x\n */\n{cast}/** @typedef {{number}} Y */\n  // so\n")
    assert text.split("\n", 1)[1] == cast


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("import a from './a.js';", "cannot read"),
        ('import * as a from "./a.js";', "cannot read"),
        ('import { a as b } from "./a.js";', "a as b"),
        ('import { gone } from "./a.js";', "does not export"),
        ('import { a } from "elsewhere";', "cannot read"),
        ('import { wrong } from "./default.js";', "cannot read"),
        ('import { wrong } from "./list.js";', "cannot read"),
        ('import { one } from "./one.js";', "itself"),
    ],
)
def test_what_it_cannot_read_is_refused(bundle, line, words):
    others = {
        "a": "export const a = 1;\n",
        "default": "export default 1;\n",
        "list": "const wrong = 1;\nexport { wrong };\n",
        "one": 'import { two } from "./two.js";\nexport const one = two;\n',
        "two": 'import { one } from "./one.js";\nexport const two = one;\n',
    }
    with pytest.raises(ValueError, match=words):
        bundle(index=f"{line}\n", **others)


def test_style_sheets_follow_each_other(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.css").write_text(f".{name} {{}}\n")
    assert style_sheet(tmp_path / "a.css", tmp_path / "b.css") == ".a {}\n\n.b {}\n"
