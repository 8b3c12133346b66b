"""The one kind of error the stack shows to the person at the terminal."""


class StackError(Exception):
    """Something the operator must put right. Its text is one sentence; `portal up` exits with 2."""

    code = "stack_error"
