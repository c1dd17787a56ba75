"""The bodies of requests and answers about telling others."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.names import NAME
from app.passes.notify.ledger import Delivery
from app.passes.notify.notifier import TargetStatus
from app.passes.notify.targets import Form

MAX_PAGE = 500
TargetName = Annotated[str, StringConstraints(max_length=64, pattern=f"^{NAME.pattern}$")]
DeliveryId = Annotated[str, StringConstraints(max_length=40, pattern="^msg_[0-9a-f]{32}$")]


class DeliveryQuery(BaseModel):
    """Which deliveries; nothing for all."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["waiting", "delivered", "failed"] | None = Field(
        None, description="`failed`: given up; it can be sent again."
    )
    target: TargetName | None = None
    limit: int = Field(50, ge=1, le=MAX_PAGE, description="Deliveries of a page.")
    cursor: str | None = Field(None, max_length=200, description="`next` of the page before.")


class DeliveryBody(BaseModel):
    """A message to one target; `id` is the `webhook-id` of every try."""

    id: str
    target: str
    kind: str = Field(examples=["pass.end"])
    pass_id: str | None
    state: Literal["waiting", "delivered", "failed"]
    created: datetime
    due: datetime | None = Field(description="When it is tried next; null where it is over.")
    attempts: int
    status: int | None = Field(description="HTTP status of the last try.")
    error: str | None = Field(description="Why the last try failed.")
    done: datetime | None


class DeliveryPage(BaseModel):
    deliveries: list[DeliveryBody]
    next: str | None = Field(description="`cursor` of the next page; null at the last one.")


class TargetBody(BaseModel):
    name: str
    kind: Literal["webhook", "mqtt", "unknown"] = Field(
        description="`unknown`: it is not in the file any more, and messages wait for it."
    )
    form: Form | None = Field(
        description="What a webhook is told in; a test of `relay` opens a gate."
    )
    address: str = Field(description="Without path and query.")
    waiting: int
    oldest: datetime | None = Field(description="Since when the oldest message waits.")
    disabled: datetime | None = Field(description="Since when it is told nothing.")
    reason: str | None


class TargetsBody(BaseModel):
    targets: list[TargetBody]
    error: str | None = Field(
        description="What is wrong with the file of targets; those before it go on."
    )


class TestedBody(BaseModel):
    """Look at the delivery with this id for what became of it."""

    id: str


class ReplayedBody(BaseModel):
    replayed: int


def delivery_page(found: list[Delivery], following: str | None) -> DeliveryPage:
    return DeliveryPage(deliveries=[_delivery(each) for each in found], next=following)


def targets_body(found: list[TargetStatus], error: str | None) -> TargetsBody:
    targets = [TargetBody.model_validate(each, from_attributes=True) for each in found]
    return TargetsBody(targets=targets, error=error)


def _delivery(delivery: Delivery) -> DeliveryBody:
    return DeliveryBody.model_validate(delivery, from_attributes=True)
