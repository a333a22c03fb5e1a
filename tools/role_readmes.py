# SPDX-License-Identifier: GPL-3.0-or-later
"""What a role does and takes, in its README as its meta/argument_specs.yml says it.

python tools/role_readmes.py            write it into roles/*/README.md
python tools/role_readmes.py --check    only name the READMEs that differ; exit 1 if there are any
"""

import json
import sys
from pathlib import Path

import yaml
from antsibull_docs_parser import dom
from antsibull_docs_parser.parser import Context, parse

ROLES = Path(__file__).resolve().parent.parent / "roles"
BEGIN = "<!-- From meta/argument_specs.yml by tools/role_readmes.py. Changes here are overwritten. -->"
END = "<!-- End of what is from meta/argument_specs.yml. -->"


def main(arguments):
    stale = []
    for role in sorted(path.parent.parent for path in ROLES.glob("*/meta/argument_specs.yml")):
        readme = role / "README.md"
        wanted = with_section(readme.read_text(encoding="utf-8"), section(role))
        if wanted != readme.read_text(encoding="utf-8"):
            stale.append(role.name)
            if "--check" not in arguments:
                readme.write_text(wanted, encoding="utf-8")
    print(f"roles/*/README.md: {', '.join(stale) or 'none'} {'differ' if '--check' in arguments else 'written'}")
    return 1 if stale and "--check" in arguments else 0


def with_section(text, generated):
    before, begin, rest = text.partition(BEGIN)
    after = rest.partition(END)[2] if begin else "\n"
    return f"{before.rstrip()}\n\n{BEGIN}\n{generated}\n{END}{after}"


def section(role):
    entry_points = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    parts, tables = [], {}
    for name, spec in entry_points.items():
        parts += [
            "",
            "## Variables" if name == "main" else f"## `tasks_from: {name}`",
            "",
            spec["short_description"] + ".",
        ]
        parts += ["", *(f"* {markdown(line, role)}" for line in as_list(spec.get("description")))]
        options = spec.get("options", {})
        same = next((other for other, theirs in tables.items() if theirs == options), None)
        if same:
            parts += ["", f"It takes the variables of `{same}`."]
        elif options:
            tables[name] = options
            parts += ["", "| Variable | Type | Default | Meaning |", "| --- | --- | --- | --- |"]
            parts += [row(path, option, role) for path, option in flat(options)]
    return "\n".join(parts)


def flat(options, path=""):
    for name, option in options.items():
        yield path + name, option
        yield from flat(option.get("options", {}), f"{path}{name}{'[]' if option['type'] == 'list' else ''}.")


def row(path, option, role):
    kind = f"list of {option['elements']}" if option["type"] == "list" else option["type"]
    if option.get("choices"):
        kind += ": " + ", ".join(f"`{choice}`" for choice in option["choices"])
    default = "required" if option.get("required") else f"`{shown(option['default'])}`" if "default" in option else ""
    meaning = " ".join(markdown(line, role) for line in as_list(option["description"]))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in (f"`{path}`", kind, default, meaning)) + " |"


def shown(default):
    return default if isinstance(default, str) and default else json.dumps(default)


def as_list(text):
    return text if isinstance(text, list) else [text] if text else []


def markdown(text, role):
    context = Context(
        current_plugin=dom.PluginIdentifier(f"telephony.livekit.{role.name}", "role"), role_entrypoint="main"
    )
    return "".join(part_as_markdown(part) for part in parse([text], context)[0]).replace("\n", " ")


def part_as_markdown(part):
    match part:
        case dom.TextPart():
            return part.text
        case dom.CodePart():
            return f"`{part.text}`"
        case dom.OptionNamePart():
            return f"`{part.name}`" if part.value is None else f"`{part.name}: {part.value}`"
        case dom.OptionValuePart():
            return f"`{part.value}`"
        case dom.PluginPart() if part.plugin.type == "role" and part.plugin.fqcn.startswith("telephony.livekit."):
            name = part.plugin.fqcn.rpartition(".")[2]
            return f"[{name}](../{name}/README.md)"
        case dom.PluginPart():
            return f"`{part.plugin.fqcn}`"
        case dom.ModulePart():
            return f"`{part.fqcn}`"
        case dom.URLPart():
            return f"<{part.url}>"
        case dom.LinkPart():
            return f"[{part.text}]({part.url})"
        case dom.ItalicPart():
            return f"*{part.text}*"
        case dom.BoldPart():
            return f"**{part.text}**"
    raise ValueError(f"cannot write {part} as Markdown")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
