"""Evaluates what a processed template leaves to CloudFormation: references, conditions and the functions used here."""

import re

from .checks import Failure

NO_VALUE = object()


class Intrinsics:
    """Evaluates values of one stack's template. Fails on a function it does not know rather than guessing."""

    def __init__(self, template, references, attribute):
        """`references` maps parameters, pseudo parameters and logical ids to their values; `attribute` gives Fn::GetAtt."""
        self.conditions = template.get("Conditions", {})
        self.references = references | {"AWS::NoValue": NO_VALUE}
        self.attribute = attribute

    def value(self, value):
        """`value` with every function evaluated; what is AWS::NoValue is left out."""
        if isinstance(value, list):
            return [each for each in map(self.value, value) if each is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name in ("Ref", "Condition") or name.startswith("Fn::"):
                return self._function(name, argument)
        evaluated = {name: self.value(each) for name, each in value.items()}
        return {name: each for name, each in evaluated.items() if each is not NO_VALUE}

    def _function(self, name, argument):
        if name == "Ref":
            return self._reference(argument)
        if name == "Condition":
            return self.value(self.conditions[argument])
        if name == "Fn::If":
            condition, yes, no = argument
            return self.value(yes if self.value(self.conditions[condition]) else no)
        if name == "Fn::Sub":
            return self._substitute(argument)
        argument = self.value(argument)
        known = {
            "Fn::GetAtt": lambda: self.attribute(*(argument.split(".", 1) if isinstance(argument, str) else argument)),
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
        text, own = (argument, {}) if isinstance(argument, str) else argument
        own = self.value(own)

        def put(match):
            name = match[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in own:
                return str(own[name])
            return str(self.attribute(*name.split(".", 1)) if "." in name else self._reference(name))

        return re.sub(r"\$\{([^}]+)\}", put, text)
