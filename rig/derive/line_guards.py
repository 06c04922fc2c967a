# SPDX-License-Identifier: GPL-2.0-or-later
"""What #if nesting and IS_ENABLED() ask of Kconfig options, for given lines of a C source to be compiled.

A condition is a tree of ("and", [...]), ("or", [...]), ("not", one), ("option", name), ("constant", bool) and
("unknown", text). From it follow alternatives: pairs of the goals [(option, value), ...] that make it hold, and the texts
of what it also asks and is not about options."""
import re

MOST_ALTERNATIVES = 6
TRUE, FALSE = ("constant", True), ("constant", False)
# What the compiler of kernel code defines, or does not.
DEFINED = {"__KERNEL__": True, "MODULE": False, "__CHECKER__": False, "__GENKSYMS__": False, "__ASSEMBLY__": False, "__ASSEMBLER__": False}
ASSEMBLY = {"__ASSEMBLY__": True, "__ASSEMBLER__": True}
TOKEN = re.compile(r"\s*(\w+|&&|[|][|]|[!=<>]=|<<|>>|.)")
STRING_OR_COMMENT = re.compile(r""""(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|//[^\n]*|/[*].*?[*]/""", re.DOTALL)
DIRECTIVE = re.compile(r"\s*#\s*(ifdef|ifndef|if|elif|else|endif)\b\s*(.*)", re.DOTALL)
ENABLED = re.compile(r"(!\s*)?\b((?:IS_ENABLED|IS_BUILTIN|IS_REACHABLE)\s*\(\s*CONFIG_(\w+)\s*\))")


def without_comments(text):
    """The text with comments blanked; the lines keep their numbers."""
    return STRING_OR_COMMENT.sub(lambda found: found[0] if found[0][0] in "\"'" else re.sub(r"[^\n]+", " ", found[0]), text)


class Unread(Exception):
    """A condition, or a part of one, that is not about options alone."""


class Condition:
    """Reads the condition of an #if."""

    def __init__(self, text, assembly):
        self.text, self.assembly = text.strip(), assembly
        self.tokens = TOKEN.findall(self.text)

    def read(self):
        try:
            result = self.either()
            if self.tokens:
                raise Unread
            return result
        except Unread:
            return ("unknown", self.text)

    def take(self, *wanted):
        if self.tokens and self.tokens[0] in wanted:
            return self.tokens.pop(0)
        return ""

    def either(self):
        operands = [self.both()]
        while self.take("||"):
            operands.append(self.both())
        return operands[0] if len(operands) == 1 else ("or", operands)

    def both(self):
        operands = [self.one()]
        while self.take("&&"):
            operands.append(self.one())
        return operands[0] if len(operands) == 1 else ("and", operands)

    def one(self):
        if self.take("!"):
            return ("not", self.one())
        if self.take("("):
            inner = self.either()
            if not self.take(")"):
                raise Unread
            return self.alone(inner)
        if not self.tokens:
            raise Unread
        word = self.tokens.pop(0)
        if word == "defined" or word in ("IS_ENABLED", "IS_BUILTIN", "IS_REACHABLE"):
            bracket = self.take("(")
            name = self.tokens.pop(0) if self.tokens else ""
            if bracket and not self.take(")"):
                raise Unread
            return is_defined(name, self.assembly)
        if word.isdigit():
            return self.alone(TRUE if int(word) else FALSE)
        if word.startswith("CONFIG_") and (not self.tokens or self.tokens[0] in ("&&", "||", ")")):
            return ("option", word[7:])
        # A comparison or a macro: all of it up to the next && or || of this level.
        words, depth = [word], 0
        while self.tokens and (depth or self.tokens[0] not in ("&&", "||", ")")):
            depth += {"(": 1, ")": -1}.get(self.tokens[0], 0)
            words.append(self.tokens.pop(0))
        return ("unknown", " ".join(words))

    def alone(self, operand):
        """Only where no comparison or arithmetic follows."""
        if self.tokens and self.tokens[0] not in ("&&", "||", ")"):
            raise Unread
        return operand


def is_defined(name, assembly):
    if name.startswith("CONFIG_"):
        return ("option", name[7:])
    known = {**DEFINED, **(ASSEMBLY if assembly else {})}
    return ("constant", known[name]) if name in known else ("unknown", f"defined({name})")


def alternatives(condition, want=True):
    kind, operand = condition
    if kind == "constant":
        return [([], [])] if operand == want else []
    if kind == "unknown":
        return [([], [operand if want else f"!({operand})"])]
    if kind == "option":
        return [([(operand, "y" if want else "n")], [])]
    if kind == "not":
        return alternatives(operand, not want)
    if (kind == "and") != want:
        found = [one for each in operand for one in alternatives(each, want)]
        return sorted(found, key=lambda one: len(one[1]))[:MOST_ALTERNATIVES]
    together = [([], [])]
    for each in operand:
        together = [(goals + more, unread + texts) for goals, unread in together for more, texts in alternatives(each, want)
                    if not any((name, "n" if value == "y" else "y") in goals for name, value in more)][:MOST_ALTERNATIVES]
    return together


class Guard:
    """Lines of a file that are compiled under the same condition. `inside` says it for people."""

    def __init__(self, condition, inside, lines):
        self.condition, self.inside, self.lines = condition, inside, lines

    def where(self):
        return str(self.lines[0]) if len(self.lines) == 1 else f"{self.lines[0]}-{self.lines[-1]}"

    def ways(self):
        return alternatives(self.condition)


def nesting(text, assembly):
    """The conditions around each line, outermost first: for each line a list of (condition, text)."""
    lines = without_comments(text).split("\n")
    result = [[] for _ in lines]
    stack = []  # (condition, text, what held before in this #if)
    number = 0
    while number < len(lines):
        begin, joined = number, lines[number]
        while joined.endswith("\\") and number + 1 < len(lines):
            number += 1
            joined = joined[:-1] + " " + lines[number]
        number += 1
        words = DIRECTIVE.match(joined)
        if words:
            word, rest = words[1], " ".join(words[2].split())
            if word in ("ifdef", "ifndef", "if"):
                following = " ".join(line for line in lines[number:number + 3] if line.strip()).split()
                if word == "ifndef" and following[:2] in (["#define", rest], ["#", "define"]):
                    condition = TRUE  # the header's own
                elif word == "if":
                    condition = Condition(rest, assembly).read()
                else:
                    condition = is_defined(rest, assembly)
                    condition = ("not", condition) if word == "ifndef" else condition
                stack.append((condition, f"#{word} {rest}", [condition]))
            elif stack and word in ("elif", "else"):
                _, opened, before = stack.pop()
                own = Condition(rest, assembly).read() if word == "elif" else TRUE
                name = f"#elif {rest}" if word == "elif" else opened if opened.startswith("#else of") else f"#else of {opened}"
                stack.append((("and", [("not", one) for one in before] + [own]), name, before + [own]))
            elif stack and word == "endif":
                stack.pop()
                continue_with = [(condition, name) for condition, name, _ in stack]
                result[begin:number] = [continue_with] * (number - begin)
                continue
        result[begin:number] = [[(condition, name) for condition, name, _ in stack]] * (number - begin)
    return lines, result


def guards_of(text, file, changed, places):
    """The guards of changed lines, and of places where lines went (the line before each). Lines without one are left out."""
    lines, around = nesting(text, file.endswith(".S"))
    found = []
    for number in sorted(set(changed) | set(places)):
        if not 1 <= number <= len(lines) or (number not in places and not lines[number - 1].strip()):
            continue
        conditions = [(condition, name) for condition, name in around[number - 1] if condition != TRUE]
        if conditions:
            guard = Guard(("and", [condition for condition, _ in conditions]), "inside " + ", ".join(name for _, name in conditions), [number])
            if found and found[-1].inside == guard.inside and found[-1].condition == guard.condition:
                found[-1].lines.append(number)
            else:
                found.append(guard)
    for number in sorted(set(changed)):
        if 1 <= number <= len(lines) and not DIRECTIVE.match(lines[number - 1]):
            for negated, call, name in ENABLED.findall(lines[number - 1]):
                condition = ("option", name)
                found.append(Guard(("not", condition) if negated else condition, f"under {'!' if negated else ''}{call}", [number]))
    return found
