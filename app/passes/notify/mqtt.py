"""Messages by MQTT: one connection to a broker, made again whenever it is lost."""

import asyncio
import logging
import random
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import aiomqtt

from app.passes.notify.channel import Answer
from app.passes.notify.discovery import (
    OFFLINE,
    ONLINE,
    Publication,
    Topics,
    camera_of,
)
from app.passes.notify.ledger import Message
from app.passes.notify.targets import MqttConfig, Target

logger = logging.getLogger(__name__)

PAUSES_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
MAX_CAMERAS: Final = 500
"""More are not shown to Home Assistant: clients name cameras of single pictures as they like."""
_GOODBYE_S: Final = 0.5
_AGAIN_S: Final = 0.1
"""Before Python 3.12 `asyncio.wait_for`, on which aiomqtt rests, loses a cancellation that comes
with what it waits for: the task would go on for ever."""
_QOS: Final = 1
_KEEPALIVE_S: Final = 20
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}


class MqttChannel:
    """Takes messages one after the other, in order, while it is connected; others wait."""

    def __init__(
        self,
        target: Target,
        config: MqttConfig,
        certificates: ssl.SSLContext,
        *,
        wake: Callable[[], None],
    ) -> None:
        """Connects in the running event loop; `wake` is called when it is connected."""
        self._target, self._config, self._certificates = target, config, certificates
        self._topics = Topics(config.topic, config.discovery, config.frigate)
        self._wake = wake
        self._client: aiomqtt.Client | None = None
        self._cameras: set[str] = set(config.cameras)
        self._found: set[str] = set()
        self._task = asyncio.get_running_loop().create_task(self._stay_connected())

    @property
    def parallel(self) -> int:
        return 0 if self._client is None else 1

    async def send(self, message: Message) -> Answer:
        client = self._client
        if client is None:
            return Answer(False, error="not connected")
        try:
            if message.is_pass:
                await self._introduce(client, camera_of(message))
            for publication in self._topics.publications(message):
                await self._publish(client, publication)
        except aiomqtt.MqttError:
            return Answer(False, error="the broker did not take it")
        return Answer(True)

    async def close(self) -> None:
        """Says goodbye, as far as the broker is there."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(aiomqtt.MqttError, TimeoutError):
                async with asyncio.timeout(_GOODBYE_S):
                    gone = Publication(self._topics.status, OFFLINE, retain=True)
                    await self._publish(client, gone)
        while not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task], timeout=_AGAIN_S)

    async def _stay_connected(self) -> None:
        failures = 0
        while True:
            try:
                async with self._connection() as client:
                    await self._welcome(client)
                    if failures:
                        logger.info("%s: connected to the broker", self._target.name)
                    failures = 0
                    self._client = client
                    self._wake()
                    await self._listen(client)
            except (aiomqtt.MqttError, OSError, ValueError) as error:
                if not failures:
                    logger.warning("%s: no connection to the broker: %s", self._target.name, error)
                failures += 1
            finally:
                self._client = None
            pause = PAUSES_S[min(max(failures, 1), len(PAUSES_S)) - 1]
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))

    def _connection(self) -> aiomqtt.Client:
        url, secure = self._target.url, self._target.url.scheme == "mqtts"
        return aiomqtt.Client(
            url.host or "",
            url.port or _PORTS[url.scheme],
            username=self._config.user,
            password=self._target.secret,
            timeout=self._config.timeout,
            keepalive=_KEEPALIVE_S,
            tls_context=self._certificates if secure else None,
            will=aiomqtt.Will(self._topics.status, OFFLINE, qos=_QOS, retain=True),
            max_queued_incoming_messages=16,
        )

    async def _welcome(self, client: aiomqtt.Client) -> None:
        """Say that we are here, and what there is of us: a broker may have forgotten it."""
        await self._publish(client, Publication(self._topics.status, ONLINE, retain=True))
        self._found.clear()
        for camera in sorted(self._cameras):
            await self._introduce(client, camera)
        if self._topics.birth is not None:
            await client.subscribe(self._topics.birth, qos=_QOS)

    async def _listen(self, client: aiomqtt.Client) -> None:
        """Until the connection is lost. Raises MqttError."""
        async for heard in client.messages:
            if heard.payload == ONLINE.encode() and not heard.retain:
                await self._welcome(client)

    async def _introduce(self, client: aiomqtt.Client, camera: str) -> None:
        if camera in self._found or len(self._found) >= MAX_CAMERAS:
            return
        self._cameras.add(camera)
        for publication in self._topics.entities(camera):
            await self._publish(client, publication)
        self._found.add(camera)

    async def _publish(self, client: aiomqtt.Client, publication: Publication) -> None:
        await client.publish(
            publication.topic, publication.payload, qos=_QOS, retain=publication.retain
        )
