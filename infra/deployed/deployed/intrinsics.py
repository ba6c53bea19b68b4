"""Evaluates CloudFormation's intrinsic functions in a processed template."""

import re

from .checks import Failure

NO_VALUE = object()


class Intrinsics:
    """Evaluates values of one stack's template. Fails on functions that it does not know."""

    def __init__(self, template, references, get_attribute):
        """`references` maps parameters, pseudo parameters and logical ids to their values. `get_attribute` is called
        with a logical id and an attribute to evaluate Fn::GetAtt."""
        self.conditions = template.get("Conditions", {})
        self.references = references | {"AWS::NoValue": NO_VALUE}
        self.get_attribute = get_attribute

    def evaluate(self, value):
        """Returns `value` with all functions evaluated, without those parts that are AWS::NoValue."""
        if isinstance(value, list):
            return [each for each in map(self.evaluate, value) if each is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name in ("Ref", "Condition") or name.startswith("Fn::"):
                return self._function(name, argument)
        evaluated = {name: self.evaluate(each) for name, each in value.items()}
        return {name: each for name, each in evaluated.items() if each is not NO_VALUE}

    def _function(self, name, argument):
        if name == "Ref":
            return self._reference(argument)
        if name == "Condition":
            return self.evaluate(self.conditions[argument])
        if name == "Fn::If":
            condition, yes, no = argument
            return self.evaluate(yes if self.evaluate(self.conditions[condition]) else no)
        if name == "Fn::Sub":
            return self._substitute(argument)
        argument = self.evaluate(argument)
        known = {
            "Fn::GetAtt": lambda: self.get_attribute(*_parts(argument)),
            "Fn::Join": lambda: argument[0].join(argument[1]),
            "Fn::Split": lambda: argument[1].split(argument[0]),
            "Fn::Equals": lambda: argument[0] == argument[1],
            "Fn::Not": lambda: not argument[0],
            "Fn::And": lambda: all(argument),
            "Fn::Or": lambda: any(argument),
        }
        if name not in known:
            raise Failure(f"The template uses {name}, which is not supported here.")
        return known[name]()

    def _reference(self, name):
        if name not in self.references:
            raise Failure(f"The template refers to {name}, which the stack does not contain.")
        return self.references[name]

    def _substitute(self, argument):
        text, variables = (argument, {}) if isinstance(argument, str) else argument
        variables = self.evaluate(variables)

        def replace(match):
            name = match[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in variables:
                return str(variables[name])
            return str(self.get_attribute(*name.split(".", 1)) if "." in name else self._reference(name))

        return re.sub(r"\$\{([^}]+)\}", replace, text)


def _parts(argument):
    """Returns the resource and the attribute of an Fn::GetAtt."""
    return argument.split(".", 1) if isinstance(argument, str) else argument
