"""What a service process is told by its environment, and nothing else."""

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ServiceName = Literal["registry", "assessment", "evaluation", "notification"]
Role = Literal["api", "worker", "both"]


class Settings(BaseSettings):
    """One process of one service; every field is an environment variable of the same name in capitals.

    Durations are seconds. Secrets never appear in `repr`, logs or errors.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, env_ignore_empty=True)

    service: ServiceName
    role: Role = "both"

    amqp_url: SecretStr = Field(description="amqp://user:password@host:port/vhost of this service's own user")
    mongo_url: SecretStr = Field(description="mongodb://… of this service's own user")
    mongo_database: str = Field(default="", description="empty: the service's name")

    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, description="0 takes a free port")
    ready_file: Path | None = Field(default=None, description="written with the base URL once serving")

    jwks_url: str = Field(description="where the token issuer publishes its keys")
    jwt_issuer: str = "skillcert"
    jwt_audience: str = "skillcert"

    seal_keys: SecretStr = Field(description="comma-separated version:base64(32 bytes); the first one seals")
    index_key: SecretStr = Field(description="base64(32 bytes) for the keyed index of ID numbers")

    public_url: str | None = Field(
        default=None,
        description="how the public's links begin, e.g. https://cert.example.org; None: this process",
    )
    public_limit: bool = Field(
        default=True, description="limit the public's requests per address; off where all callers share one address"
    )
    credential_keys: SecretStr | None = Field(
        default=None, description="comma-separated id:base64(32-byte Ed25519 seed); the first one signs credentials"
    )

    rabbitmq_management_url: SecretStr | None = Field(
        default=None,
        description="http://user:password@host:port of a broker administrator; None: no readers over AMQP are let in",
    )
    public_amqp_url: str | None = Field(
        default=None,
        description="where other systems reach the broker, e.g. amqps://broker.example.org:5671/; None: as in AMQP_URL",
    )
    smtp_url: SecretStr | None = Field(
        default=None, description="smtp://user:password@host:port (STARTTLS) or smtps://…; None: no mail is sent"
    )
    mail_from: str | None = Field(default=None, description="who mail says it is from, e.g. skillcert@example.org")

    otlp_endpoint: str | None = Field(default=None, description="OTLP/HTTP collector, e.g. http://host:4318")
    trace_file: Path | None = Field(default=None, description="local runs: spans as JSON lines")
    clock_file: Path | None = Field(default=None, description="local runs: seconds to add to the time of day")

    retry_delays: tuple[float, ...] = Field(
        default=(1, 5, 30, 120, 600), description="waits between bus attempts; afterwards the message parks"
    )
    sweep_every: float = Field(default=1.0, description="how often the relay looks for what a crash left")
    sweep_after: float = Field(default=5.0, description="age at which an unannounced event is the sweep's")
    poll_every: float = Field(default=0.5, description="how often due work is looked for")
    webhook_private_hosts: bool = Field(default=False, description="allow webhooks to private addresses")

    @cached_property
    def database(self) -> str:
        return self.mongo_database or self.service
