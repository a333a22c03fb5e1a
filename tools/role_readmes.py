# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate the repeated parts of roles: images, providers, alerts, the action group, and the variables of each role.

python tools/role_readmes.py            write them, and each README last, from meta/argument_specs.yml
python tools/role_readmes.py --check    only name the files that differ; exit code 1 if there are any
"""

import json
import re
import sys
import textwrap
from pathlib import Path

import yaml
from antsibull_docs_parser import dom
from antsibull_docs_parser.parser import Context, parse

ROLES = Path(__file__).resolve().parent.parent / "roles"
MODULES = ROLES.parent / "plugins" / "modules"
PROVIDERS = ROLES / "livekit_firewall" / "defaults" / "main" / "providers.yml"
IMAGES = Path(__file__).with_name("images.yml")
BEGIN = "<!-- From {} by tools/role_readmes.py. Changes here are overwritten. -->"
END = "<!-- End of what is from {}. -->"
ALERTS = ROLES / "livekit_sip" / "files" / "livekit.rules.yml"
RUNTIME = ROLES.parent / "meta" / "runtime.yml"
ALERTS_PAGE = ROLES.parent / "docs" / "monitoring.md"


def main(arguments):
    check, stale = "--check" in arguments, []

    def settle(path, wanted):
        if path.read_text(encoding="utf-8") != wanted:
            stale.append(str(path.relative_to(ROLES.parent)))
            if not check:
                path.write_text(wanted, encoding="utf-8")

    for role, entry in yaml.safe_load(IMAGES.read_text(encoding="utf-8"))["images"].items():
        for path in (ROLES / role / "defaults" / "main.yml", ROLES / role / "meta" / "argument_specs.yml"):
            settle(path, with_image(path.read_text(encoding="utf-8"), role, entry["image"]))
    for role in sorted(ROLES.glob("internal_*")):
        specs = role / "meta" / "argument_specs.yml"
        settle(specs, with_users(specs.read_text(encoding="utf-8"), users_of(role.name)))
    specs = ROLES / "livekit_firewall" / "meta" / "argument_specs.yml"
    settle(specs, with_providers(specs.read_text(encoding="utf-8"), PROVIDERS.read_text(encoding="utf-8")))
    for role in sorted(path.parent.parent for path in ROLES.glob("*/meta/argument_specs.yml")):
        readme = role / "README.md"
        settle(readme, with_section(readme.read_text(encoding="utf-8"), section(role)))
    settle(RUNTIME, with_group(RUNTIME.read_text(encoding="utf-8"), sorted(MODULES.glob("livekit_*.py"))))
    table = alert_table(yaml.safe_load(ALERTS.read_text(encoding="utf-8")))
    settle(ALERTS_PAGE, with_section(ALERTS_PAGE.read_text(encoding="utf-8"), table, of=ALERTS.name))
    print(f"{', '.join(stale) or 'nothing'} {'differs' if check else 'written'}")
    return 1 if stale and check else 0


def with_image(text, role, image):
    """The text of defaults/main.yml or meta/argument_specs.yml with this image as the default of <role>_image."""
    pattern = rf"^( *){role}_image:(?: \S+|(?:\n\1 .*)*?\n\1  default: \S+)$"
    found = re.search(pattern, text, re.MULTILINE)
    if not found:
        raise ValueError(f"{role}_image has no default here")
    kept = found[0].rpartition(" ")[0]
    return f"{text[: found.start()]}{kept} {image}{text[found.end() :]}"


def users_of(role):
    """The roles whose tasks use a role."""
    using = re.compile(rf"name: telephony\.livekit\.{role}$", re.MULTILINE)
    found = {
        path.relative_to(ROLES).parts[0]
        for path in ROLES.glob("*/tasks/*.yml")
        if using.search(path.read_text(encoding="utf-8"))
    }
    return sorted(found - {role})


def with_users(text, roles):
    """The text of an internal role's meta/argument_specs.yml with the roles that use it."""
    names = f"{', '.join(roles[:-1])} and {roles[-1]}" if roles[1:] else roles[0]
    said = f"Used by the role{'s' if roles[1:] else ''} {names}. It may change without notice."
    return re.sub(r"Used by the roles? .*\. It may change without notice\.", said, text, count=1)


def with_group(text, modules):
    """The text of meta/runtime.yml with the modules that connect to a server as the last action group."""
    return "\n".join(
        [text.partition("  livekit:\n")[0] + "  livekit:", *(f"    - {path.stem}" for path in modules), ""]
    )


def with_providers(specs, data):
    """The text of meta/argument_specs.yml with the providers from defaults/main/providers.yml as their default."""
    before, name, rest = specs.partition("      livekit_firewall_providers:\n")
    said, default, old = rest.partition("        default:\n")
    providers = data.partition("livekit_firewall_providers:\n")[2]
    after = re.sub(r"\A(?: {10}.*\n)+", "", old)
    return f"{before}{name}{said}{default}{textwrap.indent(providers, ' ' * 8)}{after}"


def with_section(text, generated, of="meta/argument_specs.yml"):
    begin, end = BEGIN.format(of), END.format(of)
    before, found, rest = text.partition(begin)
    after = rest.partition(end)[2] if found else "\n"
    return f"{before.rstrip()}\n\n{begin}\n{generated}\n{end}{after}"


def alert_table(rules):
    lines = ["", "| Alert | Severity | What it says | What it reads |", "| --- | --- | --- | --- |"]
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        says = rule["annotations"]["summary"].replace("{{ $labels.instance }}", "the host")
        metrics = dict.fromkeys(re.findall(r"\b(up|livekit_\w+?)(?:_bucket)?\b(?=[{\[)\s]|$)", rule["expr"]))
        reads = ", ".join(f"`{name}`" for name in metrics)
        says = re.sub(r"{{.*?}}", "…", says)
        lines.append(f"| `{rule['alert']}` | {rule['labels']['severity']} | {says} | {reads} |")
    return "\n".join([*lines, ""])


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
    return (
        "| "
        + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in (f"`{path}`", kind, default, meaning))
        + " |"
    )


def shown(default):
    return default.strip() if isinstance(default, str) and default else json.dumps(default)


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
