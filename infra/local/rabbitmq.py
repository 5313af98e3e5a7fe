"""A private RabbitMQ on loopback ports, with one user per service."""

import asyncio
import json
import os
import secrets
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aio_pika
from aio_pika.exceptions import AMQPError

from infra.broker import ADMIN, EVENTS_EXCHANGE, definitions
from infra.local import install
from infra.local.folders import private_environment, write_private
from infra.local.leash import Leashed
from infra.local.ports import LOOPBACK, free_ports, listens
from infra.local.readiness import await_ready
