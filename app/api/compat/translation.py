"""Routes that answer errors in the form of another service."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from app.errors import AlprError

logger = logging.getLogger(__name__)


class TranslatedRoute(APIRoute):
    """A route whose clients know another error body than ours: a router has a subclass."""

    @staticmethod
    def error_answer(error: AlprError) -> Response:
        """What the clients of this route expect on that error."""
        raise NotImplementedError

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_or_translate(request: Request) -> Response:
            try:
                return await handle(request)
            except ClientDisconnect:
                raise
            except AlprError as error:
                refusal = error
            except Exception:
                logger.exception("request failed")
                refusal = AlprError("The request failed.")
            request.app.state.service.metrics.refused.labels(refusal.code).inc()
            return self.error_answer(refusal)

        return handle_or_translate
