"""The bodies of answers about gates."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.api.schemas.lists import MAX_PAGE
from app.names import without_nul
from app.passes.gates.deciding import Reason
from app.passes.gates.log import Decision
from app.passes.gates.rules import GateConfig, GateRule


class GateBody(GateConfig):
    """A gate as the file has it."""

    name: str
    has_target: bool = Field(description="Whether `open` is a target of the file of targets.")


class GatesBody(BaseModel):
    gates: list[GateBody]
    error: str | None = Field(description="What is wrong with the file since it was changed.")


class DecisionsQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    gate: Annotated[str, Field(max_length=64), AfterValidator(without_nul)] | None = None
    reason: Reason | None = None
    limit: int = Field(50, ge=1, le=MAX_PAGE)
    cursor: str | None = Field(None, max_length=200, description="`next` of the page before.")


class DecisionBody(BaseModel):
    """What a gate decided on a pass; a pass has several where its reading got better."""

    at: datetime
    gate: str
    camera: str | None
    pass_id: str
    plate: str | None = Field(description="As compared, O as 0; null where it is not to be kept.")
    list: str
    entry: int | None = Field(description="`id` of the entry whose plate was read.")
    probability: float = Field(description="Of the plate.")
    reads: int = Field(description="Frames that agreed on it.")
    reason: Reason = Field(description="`opened`, `dry_run`, or why it stayed closed.")


class DecisionPage(BaseModel):
    decisions: list[DecisionBody]
    next: str | None = Field(description="`cursor` of the next page; null at the last one.")


def gate_body(rule: GateRule, *, has_target: bool) -> GateBody:
    return GateBody(name=rule.name, has_target=has_target, **rule.config.model_dump())


def decision_page(found: list[Decision], following: str | None) -> DecisionPage:
    decisions = [
        DecisionBody(
            at=each.at,
            gate=each.gate,
            camera=each.camera,
            pass_id=each.pass_id,
            plate=each.plate,
            list=each.list,
            entry=each.entry,
            probability=round(each.probability, 4),
            reads=each.reads,
            reason=each.reason,
        )
        for each in found
    ]
    return DecisionPage(decisions=decisions, next=following)
