"""Every setting of Rouxing, from environment variables ``ROUXING_*`` or a ``.env`` file. Secrets are never printed."""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from rouxing.model.errors import PermanentError

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """One place for what differs between machines; what a decision depends on is a flow parameter instead."""

    model_config = SettingsConfigDict(env_prefix="ROUXING_", env_file=".env", extra="ignore", frozen=True)

    state_dir: Path = Field(
        default=PROJECT_ROOT / ".rouxing",
        description="Folder for what Rouxing keeps: embedded database, Prefect home, logs, reports.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL to use, e.g. postgresql://user:password@host:5432/rouxing; absent = the embedded one.",
    )
    database_name: str = Field(
        default="rouxing",
        pattern=r"^[a-z_][a-z0-9_]{0,62}$",
        description="Database inside the embedded PostgreSQL.",
    )
    pseudonym_key: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Key of the pseudonyms (at least 16 characters); absent = made once and kept in the state folder.",
    )
    prefect_port: int = Field(default=4200, ge=1, le=65535, description="Port of the Prefect server on loopback.")
    vendor_url: str = Field(
        default="http://127.0.0.1:8710",
        description="Base address of the vendor feeds: the city in the demo, your integration gateway in production.",
    )
    city_port: int = Field(default=8710, ge=0, le=65535, description="Port of the simulated city; 0 = any free one.")
    city_stores: int = Field(default=30, ge=2, le=5000, description="Stores of the simulated city.")
    city_days: int = Field(default=120, ge=35, le=730, description="Days of history of the simulated city.")
    city_seed: int = Field(default=1, ge=0, description="Seed of the simulated city.")
    business_date: date = Field(default=date(2026, 6, 18), description="Business day that the demo plans.")
    clock: Literal["system", "city"] = Field(
        default="system", description="Whose clock tells a flow the time when nobody does: this machine or the city."
    )
    history_days: int = Field(
        default=400, ge=1, le=3660, description="Days before the first load that ingest reads from a vendor."
    )
    settle_minutes: int = Field(
        default=10, ge=0, le=120, description="A vendor's rows may show this late; decisions leave out younger ones."
    )
    stock_hours: int = Field(
        default=36,
        ge=1,
        le=2160,
        description="Stock counts older than this are stale: no full plan is made on them, but a trimmed one.",
    )
    plan_seconds: float = Field(
        default=120.0,
        gt=0,
        description="Time budget of one decision of a plan; when it is over, the next rung of the ladder is taken.",
    )
    task_runner: Literal["threads", "dask"] = Field(
        default="threads",
        description="Where shards of training and prediction run: threads of the flow run, or a Dask cluster.",
    )
    dask_address: str | None = Field(
        default=None,
        pattern=r"^[a-z]+://\S+$",
        description="Scheduler of the Dask cluster, e.g. tcp://scheduler:8786; absent = processes of this machine.",
    )
    real_history: Path = Field(
        default=PROJECT_ROOT.parent / "shared" / "data",
        description="Folder of the real histories for tests and backtests.",
    )

    @cached_property
    def state(self) -> Path:
        """The state folder, made if absent; PermanentError says how to mend one that cannot be written."""
        folder = self.state_dir.expanduser().resolve()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".writable-{secrets.token_hex(4)}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise PermanentError(
                f"The state folder {folder} cannot be written ({error.strerror}); "
                "set ROUXING_STATE_DIR to a folder of yours."
            ) from error
        return folder

    @property
    def reports(self) -> Path:
        return self.state / "reports"

    @property
    def city_name(self) -> str:
        """Names a city by what makes it: the same parameters are the same city."""
        return f"s{self.city_stores}_d{self.city_days}_r{self.city_seed}_{self.business_date:%Y%m%d}"

    @property
    def city_state(self) -> Path:
        return self.state / "city" / self.database_name

    @property
    def history_start(self) -> date:
        """First day of the simulated city's history."""
        return self.business_date - timedelta(days=self.city_days + 1)

    def pseudonym_secret(self) -> bytes:
        """The key of the pseudonyms; made once per state folder when none is set."""
        if self.pseudonym_key is not None:
            return self.pseudonym_key.get_secret_value().encode()
        path = self.state / "pseudonym.key"
        if not path.exists():
            temporary = path.with_suffix(f".{secrets.token_hex(4)}")
            temporary.touch(mode=0o600)
            temporary.write_text(secrets.token_hex(32))
            # A link never replaces: of two processes that race, the first one's key is kept.
            try:
                path.hardlink_to(temporary)
            except FileExistsError:
                pass
            finally:
                temporary.unlink()
        return path.read_text().encode()


def load_settings(**overrides: object) -> Settings:
    """Settings of this process; PermanentError names each wrong one in a sentence."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = "; ".join(
            f"ROUXING_{'_'.join(str(part) for part in item['loc']).upper()}: {item['msg']}" for item in error.errors()
        )
        raise PermanentError(f"A setting is wrong: {wrong}.") from None
