"""The state of the stand-in service's single sign-on settings, kept in its database.

Of a token only its SHA-256 digest, its last four characters and the times are kept: it cannot be shown again.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from spoke_admin.domain.secret import Secret
from spoke_admin.sandbox.database import Database

SamlState = Literal["off", "connected", "tested", "active"]


@dataclass(frozen=True)
class Saml:
    """The identity provider as the service knows it. `certificate` is base64 DER, times are ISO 8601."""

    state: SamlState = "off"
    issuer: str = ""
    sign_on_url: str = ""
    certificate: str = ""
    sha256: str = ""
    not_before: str = ""
    not_after: str = ""


@dataclass(frozen=True)
class TokenRow:
    """A token that opens the SCIM door. `ends` is None until it is replaced."""

    digest: str
    last4: str
    created: str
    ends: str | None


def utc_now() -> datetime:
    return datetime.now(UTC)


class Settings:
    """Plan, SAML, SCIM and tokens. Gates are the business of the settings API; here is what is so."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    def now(self) -> datetime:
        return self._clock()

    def value(self, name: str) -> Any:
        """A stored value, None when it was never set."""
        row = self._database.connection.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def set_value(self, name: str, value: Any) -> None:
        with self._database.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, json.dumps(value)))

    @property
    def plan(self) -> str:
        return str(self.value("plan"))

    @plan.setter
    def plan(self, plan: str) -> None:
        self.set_value("plan", plan)

    @property
    def saml(self) -> Saml:
        return Saml(**(self.value("saml") or {}))

    @saml.setter
    def saml(self, saml: Saml) -> None:
        self.set_value("saml", asdict(saml))

    def set_saml_state(self, state: SamlState) -> None:
        self.saml = replace(self.saml, state=state)

    @property
    def scim_connected(self) -> bool:
        return bool(self.value("scim_connected"))

    def connect_scim(self) -> Secret:
        """Switches SCIM on; the first token, of which only a digest is kept."""
        with self._database.transaction():
            self.set_value("scim_connected", value=True)
            return self.new_token(keep_old_s=0)

    def disconnect_scim(self) -> None:
        with self._database.transaction() as connection:
            self.set_value("scim_connected", value=False)
            connection.execute("DELETE FROM token")

    def new_token(self, *, keep_old_s: int) -> Secret:
        """A new token. The one before it ends now, or after `keep_old_s` seconds; any older one ends now."""
        token = Secret(secrets.token_urlsafe(32))
        moment = self.now()
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM token WHERE ends IS NOT NULL")
            if keep_old_s:
                connection.execute("UPDATE token SET ends = ?", ((moment + timedelta(seconds=keep_old_s)).isoformat(),))
            else:
                connection.execute("DELETE FROM token")
            connection.execute(
                "INSERT INTO token (digest, last4, created, ends) VALUES (?, ?, ?, NULL)",
                (_digest(token.reveal()), token.last_four, moment.isoformat(timespec="seconds")),
            )
        return token

    def end_old_token(self) -> bool:
        """Ends the token that a newer one replaced; whether there was one that still lived."""
        lived = self.old_token is not None
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM token WHERE ends IS NOT NULL")
        return lived

    @property
    def token(self) -> TokenRow | None:
        return next((row for row in self._tokens() if row.ends is None), None)

    @property
    def old_token(self) -> TokenRow | None:
        """The token before, as long as it lives beside the new one."""
        return next((row for row in self._tokens() if row.ends is not None), None)

    def opens(self, token: str) -> bool:
        """Whether `token` opens the SCIM door now. Compared in constant time."""
        digest = _digest(token)
        # every row is compared: the time must not tell which one fitted
        return sum(hmac.compare_digest(digest, row.digest) for row in self._tokens()) > 0

    def _tokens(self) -> list[TokenRow]:
        """Those that live now: no clock has to tick for an old one to end."""
        moment = self.now()
        rows = self._database.connection.execute("SELECT digest, last4, created, ends FROM token ORDER BY created")
        tokens = [TokenRow(*row) for row in rows]
        return [row for row in tokens if row.ends is None or datetime.fromisoformat(row.ends) > moment]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
