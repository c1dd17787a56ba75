"""What can go wrong before or while measuring; the rest of the tree is in `app.errors`."""

from app.errors import AlprError


class EvaluationError(AlprError):
    code = "evaluation_error"


class DatasetError(EvaluationError):
    """The folder is no data set."""


class EmptyDataset(DatasetError):
    """The folder is one, and nothing of it fits the request."""


class ResultError(EvaluationError):
    """A file is not the JSON of `evaluate`, or two of them cannot be compared."""
