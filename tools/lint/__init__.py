"""The project's own rules that no linter on the market knows, each a small check with tests.

`python -m tools.lint` reads every file of the project, prints what breaks a rule and exits with 1 if anything does.
A line that has a good reason says so, itself or on the line above: `# lint: allow RULE: the reason` (in templates in a
`{# … #}`).
"""
