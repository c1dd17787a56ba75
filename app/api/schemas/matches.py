"""The body of a match with a list of plates."""

from pydantic import BaseModel, Field

from app.passes.records import ListKind


class MatchBody(BaseModel):
    """That the vehicle is one of a list; what was read stands beside it."""

    list: str
    kind: ListKind
    number: int = Field(description="`id` of the entry.")
    entry: str = Field(description="Plate of the entry.")
    owner: str
    probability: float
    exact: bool = Field(description="The plate was read so, to the letter.")
