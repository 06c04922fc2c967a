# SPDX-License-Identifier: GPL-2.0-or-later
"""What has to be set so that Kconfig options get given values: a backward search in kconfiglib's tree.

Ways to a value are a prompt, a choice, what selects an option, and its defaults. They are tried with one assignment
more each time, so that the first that holds is a smallest one; then what can be left out is left out. kconfiglib
itself evaluates each configuration, as `make allnoconfig` with the requested options would."""
import io
import os
import re
import sys
import time

sys.path.append("/usr/lib/python3/dist-packages")  # Debian's, where another python3 comes first in PATH
try:
    import kconfiglib
except ImportError:
    sys.exit("rig: no python module kconfiglib: apt-get install python3-kconfiglib")

MOST_STEPS = 4000  # of one search
MOST_SECONDS = 30
MOST_ASSIGNMENTS = 20
MOST_WAYS = 10  # that are followed to one value; the cheapest


class Underivable(Exception):
    """Why no values of options lead to what was asked."""


class Kconfig(kconfiglib.Kconfig):
    """kconfiglib 14.1 with the words that Kconfig has learned since."""

    def _open(self, filename, mode):
        file = super()._open(filename, mode)
        if mode != "r" or not os.path.basename(filename).startswith("Kconfig"):
            return file
        with file:
            return io.StringIO("".join(self.translated(line) for line in file))

    @staticmethod
    def translated(line):
        if line.strip() == "modules":
            return line.replace("modules", "option modules")
        if line.strip() == "transitional":  # a name that only old configurations use
            return "\n"
        conditional = re.match(r"(\s*depends on )([^#]+?)\s+if\s+([^#]+)", line)
        if conditional and not line.rstrip().endswith("\\"):
            return f"{conditional[1]}({conditional[2]}) || !({conditional[3].strip()})\n"
        return line


def parts(expression, operator):
    if isinstance(expression, tuple) and expression[0] is operator:
        return parts(expression[1], operator) + parts(expression[2], operator)
    return [expression]


def is_switch(item):
    return item.orig_type in (kconfiglib.BOOL, kconfiglib.TRISTATE)


class Goal:
    """A symbol is to have a value, 'y', 'n' or a text."""

    def __init__(self, symbol, value, why):
        self.symbol, self.value, self.why = symbol, value, why

    def reached(self):
        return self.symbol.str_value == self.value

    def key(self):
        return self.symbol.name, self.value


class Way:
    """One way to reach a goal: perhaps an assignment, and then conditions."""

    def __init__(self, assign, conditions, why):
        self.assign, self.conditions, self.why = assign, conditions, why


class Configuration:
    """`make allnoconfig` with requests, and what is set in addition."""

    def __init__(self, requests):
        self.kconfig = Kconfig(warn_to_stderr=False)
        self.requests = {name: value for name, value in requests}
        for symbol in self.kconfig.unique_defined_syms:
            if is_switch(symbol):
                symbol.set_value(2 if symbol.is_allnoconfig_y else 0)
        for name, value in requests:
            symbol = self.kconfig.syms.get(name)
            if symbol and symbol.nodes:
                symbol.set_value(value.strip('"').replace('\\"', '"'))
        self.held = {name: self.value(name) for name in self.requests}
        self.set = {}  # name -> (value, reason, value before)
        self.costs = {}

    def value(self, name):
        symbol = self.kconfig.syms.get(name)
        return symbol.str_value if symbol and symbol.nodes else "n"

    def assign(self, symbol, value, why):
        selected = symbol.choice.user_selection if symbol.choice else None
        self.set[symbol.name] = (value, why, symbol.user_value, selected)
        symbol.set_value(value)

    def undo(self, name):
        symbol, (_, _, before, selected) = self.kconfig.syms[name], self.set.pop(name)
        if before is None:
            symbol.unset_value()
        else:
            symbol.set_value(before)
        if symbol.choice:
            if selected:
                selected.set_value(2)
            else:
                symbol.choice.unset_value()

    def rivals(self, symbol):
        """Requested members of its choice, which it takes the place of."""
        return [s.name for s in symbol.choice.syms if s is not symbol and self.held.get(s.name) == "y"] if symbol.choice else []

    # What an expression asks of symbols: a list of lists of goals, any one of which will do.
    def choices_of(self, expression, want, why):
        value = kconfiglib.expr_value(expression)
        if value == 2 if want else value == 0:
            return [[]]
        if not isinstance(expression, tuple):
            if isinstance(expression, kconfiglib.Choice):
                if not want:
                    return []
                return [goals for node in expression.nodes if node.prompt for goals in self.choices_of(node.prompt[1], True, why)]
            if expression.is_constant or not expression.nodes or not is_switch(expression):
                return []
            return [[Goal(expression, "y" if want else "n", why)]]
        operator = expression[0]
        if operator is kconfiglib.NOT:
            return self.choices_of(expression[1], not want, why)
        if operator in (kconfiglib.AND, kconfiglib.OR):
            operands = [self.choices_of(part, want, why) for part in parts(expression, operator)]
            if (operator is kconfiglib.AND) != want:
                return [goals for operand in operands for goals in operand]
            together = [[]]
            for operand in operands:
                operand = sorted(operand, key=self.cost_of)[:MOST_WAYS]
                together = sorted(([*some, *more] for some in together for more in operand), key=self.cost_of)[:MOST_WAYS]
            return together
        left, right = expression[1:]
        if isinstance(left, kconfiglib.Symbol) and left.is_constant:
            left, right = right, left
        if not isinstance(left, kconfiglib.Symbol) or not left.nodes or not right.is_constant:
            return []
        equal = (operator is kconfiglib.EQUAL) if want else (operator is kconfiglib.UNEQUAL)
        differ = (operator is kconfiglib.UNEQUAL) if want else (operator is kconfiglib.EQUAL)
        if is_switch(left) and right.str_value in "yn" and (equal or differ):
            return [[Goal(left, right.str_value if equal else "yn".replace(right.str_value, ""), why)]]
        return [[Goal(left, right.str_value, why)]] if equal else []

    def ways(self, goal):
        symbol, want = goal.symbol, goal.value
        found = []
        name = symbol.name
        prompts = [node.prompt[1] for node in symbol.nodes if node.prompt]
        if not is_switch(symbol) or want == "n":
            for condition in prompts:
                for goals in self.choices_of(condition, True, f"{name} depends on it"):
                    off = self.choices_of(symbol.rev_dep, False, f"it selects {name}") if want == "n" else [[]]
                    found += [Way((symbol, want), goals + more, goal.why) for more in off]
            if want == "n":
                # Without a prompt, or out of sight: what selects it and its defaults must go.
                gone = self.choices_of(symbol.rev_dep, False, f"it selects {name}")
                for value, condition in symbol.defaults:
                    either = self.choices_of(condition, False, f"{name} is on because of it")
                    if not isinstance(value, kconfiglib.Symbol) or not value.is_constant:
                        either += self.choices_of(value, False, f"{name} is on because of it")
                    gone = [some + more for some in gone for more in either][:MOST_WAYS]
                if not any(kconfiglib.expr_value(condition) for condition in prompts):
                    found += [Way(None, goals, goal.why) for goals in gone]
            return found
        for condition in prompts:
            for goals in self.choices_of(condition, True, f"{name} depends on it"):
                found.append(Way((symbol, "y"), goals, goal.why))
        # What has a prompt that can be had is set, and not got from a stranger that selects it.
        if any(self.way_cost(way) < 1000 for way in found):
            return found
        kind = "which cannot be set by itself" if prompts else "which has no prompt"
        for term in parts(symbol.rev_dep, kconfiglib.OR):
            if term is self.kconfig.n:
                continue
            for goals in self.choices_of(term, True, f"it selects {name}, {kind} ({goal.why})"):
                for more in self.choices_of(symbol.direct_dep, True, f"{name} depends on it"):
                    found.append(Way(None, goals + more, goal.why))
        visible = any(kconfiglib.expr_value(condition) for condition in prompts)
        if not visible:
            for value, condition in symbol.defaults:
                for goals in self.choices_of(condition, True, f"{name} follows from it"):
                    for more in self.choices_of(value, True, f"{name} follows from it"):
                        found.append(Way(None, goals + more, goal.why))
        return found

    # A guess of the number of assignments, to try the cheap ways first. Cycles count as impossible.
    def cost_of(self, goals):
        return sum(self.cost(goal) for goal in goals)

    def cost(self, goal):
        if goal.reached():
            return 0
        key = goal.key()
        if key in self.costs:
            return self.costs[key]
        self.costs[key] = 1000
        cost = min((self.way_cost(way) for way in self.ways(goal)), default=1000)
        self.costs[key] = min(cost, 1000)
        return self.costs[key]

    def way_cost(self, way):
        cost = self.cost_of(way.conditions)
        if way.assign:
            name = way.assign[0].name
            # To go against what was asked for comes last.
            cost += 0 if name in self.set else self.price(*way.assign)
        return cost

    def price(self, symbol, value):
        against = self.held.get(symbol.name, value) != value or (value == "y" and self.rivals(symbol))
        return 5 if against else 1

    def search(self, goals, limit, path, limits):
        limits[0] -= 1
        if limits[0] < 0 or time.monotonic() > limits[1]:
            raise Underivable("the search for options takes too many steps")
        goals = [goal for goal in goals if not goal.reached()]
        if not goals:
            yield True
            return
        goal, rest = goals[0], goals[1:]
        if limit <= 0 and all(way.assign and way.assign[0].name not in self.set for way in self.ways(goal)):
            return
        if goal.key() in path:
            return
        for way in sorted(self.ways(goal), key=self.way_cost)[:MOST_WAYS]:
            if self.way_cost(way) > max(limit, 0) + 2 or self.way_cost(way) >= 1000:
                continue
            price, undo = 0, ""
            if way.assign:
                symbol, value = way.assign
                if symbol.name in self.set:
                    if self.set[symbol.name][0] != value:
                        continue
                else:
                    price = self.price(symbol, value)
                    if price > limit:
                        continue
                    undo = symbol.name
                    self.assign(symbol, value, way.why)
            # Without an assignment the goal is to follow from the conditions: not by way of itself, and it is looked at again.
            again, trail = ([], path) if way.assign else ([goal], path | {goal.key()})
            for _ in self.search(way.conditions + again + rest, limit - price, trail, limits):
                yield True
            if undo:
                self.undo(undo)

    def broken(self):
        """Requested options that lost their value to what was set."""
        replaced = {rival for name in self.set for rival in self.rivals(self.kconfig.syms[name])} | set(self.set)
        return [name for name, value in self.held.items() if name not in replaced and self.value(name) != value]

    def reach(self, wanted, why):
        """Sets what gives `wanted` ([(name, value), ...]) these values. Returns the names that it set."""
        goals = []
        for name, value in wanted:
            symbol = self.kconfig.syms.get(name)
            if not symbol or not symbol.nodes:
                if value == "n":
                    continue
                raise Underivable(f"no Kconfig file of this architecture has CONFIG_{name}")
            goals.append(Goal(symbol, value, why))
        before = set(self.set)
        self.costs = {}
        lost = set()
        limits = [MOST_STEPS, time.monotonic() + MOST_SECONDS]
        try:
            for limit in range(MOST_ASSIGNMENTS + 1):
                for _ in self.search(goals, limit, frozenset(), limits):
                    if all(goal.reached() for goal in goals) and not self.broken():
                        self.leave_out(goals, before)
                        return [name for name in self.set if name not in before]
                    if all(goal.reached() for goal in goals):
                        lost.update(self.broken())
        except Underivable:  # in the middle of a search
            self.forget([name for name in self.set if name not in before])
            raise
        if lost:
            taken = ", ".join(f"CONFIG_{name}={self.held[name]}" for name in sorted(lost))
            text = f"what compiles it takes away {taken}, which is asked for"
            raise Underivable(text)
        raise Underivable(self.obstacle([goal for goal in goals if not goal.reached()] or goals))

    def leave_out(self, goals, before):
        for name in [name for name in self.set if name not in before]:
            value, why = self.set[name][:2]
            self.undo(name)
            if not all(goal.reached() for goal in goals) or self.broken():
                self.assign(self.kconfig.syms[name], value, why)

    def forget(self, names):
        for name in reversed(names):
            self.undo(name)

    def impossible(self, expression):
        ways = self.choices_of(expression, True, "")
        return kconfiglib.expr_value(expression) < 2 and min((self.cost_of(goals) for goals in ways), default=1000) >= 1000

    def obstacle(self, goals):
        texts = []
        impossible = [goal for goal in goals if self.cost(goal) >= 1000]
        for goal in impossible or goals:
            symbol = goal.symbol
            text = f"CONFIG_{symbol.name}={goal.value} cannot be reached"
            unmet = [kconfiglib.expr_str(part) for part in parts(symbol.direct_dep, kconfiglib.AND) if self.impossible(part)]
            if unmet:
                text += f": it depends on {' && '.join(unmet)}, which cannot hold here"
            elif goal.value == "n":
                on = [kconfiglib.expr_str(term) for term in parts(symbol.rev_dep, kconfiglib.OR) if kconfiglib.expr_value(term)]
                text += f": it is on because of {', '.join(on[:4]) or 'its default'}"
            elif not any(node.prompt for node in symbol.nodes):
                selecting = [kconfiglib.expr_str(term) for term in parts(symbol.rev_dep, kconfiglib.OR) if term is not self.kconfig.n]
                text += ": it has no prompt, and "
                text += f"what selects it cannot be set: {', '.join(selecting[:4])}" if selecting else "nothing selects it"
            texts.append(text)
        return "; ".join(texts)

    def settings(self, names):
        result = []
        for name in names:
            value, why = self.set[name][:2]
            symbol = self.kconfig.syms[name]
            if symbol.orig_type is kconfiglib.STRING:
                value = '"' + value.replace('"', '\\"') + '"'
            if symbol.choice and value == "y":
                why += f"; one of the choice at {symbol.choice.nodes[0].filename}:{symbol.choice.nodes[0].linenr}"
                for rival in self.rivals(symbol):
                    result.append({"name": rival, "value": "n", "reason": f"{name} is chosen in its place",
                                   "instead_of": self.requests[rival]})
            asked = self.requests.get(name, value)
            result.append({"name": name, "value": value, "reason": why, "instead_of": asked if asked != value else ""})
        return result
