"""What guides may ask of the two systems and of the keychain; adapters answer.

Every method may raise AdminError.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.person import Group, Person
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.secret import Secret

if TYPE_CHECKING:
    from spoke_admin.domain.rotation import Outcome


class NothingMadeError(AdminError):
    """A token was asked for, and surely none was made: the call was refused, or never left this computer."""


class NoOverlapError(NothingMadeError):
    """The service does not let two tokens live at once."""


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What a service tells of its SCIM token: never the token."""

    last_four: str
    created: datetime | None = None
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """The service's single sign-on settings, as they are now.

    `old_token` is the one before `token`, as long as it lives beside it. `saml_certificate_ends`: when the certificate
    that the service holds of the identity provider does.
    """

    plan: str
    saml: Literal["off", "connected", "tested", "active"]
    scim: Literal["off", "connected"]
    scim_url: str = ""
    token: TokenFacts | None = None
    saml_issuer: str = ""
    saml_sign_on_url: str = ""
    old_token: TokenFacts | None = None
    saml_certificate_ends: datetime | None = None


class Service(Protocol):
    """A service such as askSpoke: its SCIM door and, where it has one, its settings API."""

    profile: ServiceProfile
    scim_url: str
    settings_url: str | None  # None: the settings are changed by hand

    async def settings(self) -> ServiceSettings: ...

    async def connect_saml(self, metadata: str) -> None:
        """Hands over the identity provider's metadata (XML)."""

    async def test_saml(self) -> Sequence["Fact"]:
        """Runs the service's own test; what was compared. Raises AdminError when it fails."""
        ...

    async def activate_saml(self) -> None: ...

    async def connect_scim(self) -> Secret:
        """Switches SCIM on; the token, shown this once."""
        ...

    async def regenerate_token(self, keep_old_s: int = 0) -> Secret:
        """A new token. The old one is dead at once where the profile says so, or lives on for `keep_old_s` seconds.

        Raises NoOverlapError where two tokens may not live at once, NothingMadeError when surely no token was made;
        with any other AdminError one may have been.
        """
        ...

    async def end_old_token(self) -> None:
        """Ends the token before the newest one now. Harmless where none is alive, or the service cannot do that."""

    async def reach(self) -> None:
        """Whether the service answers at all. Raises AdminError when it does not, or is no such service."""

    async def probe(self, token: Secret) -> "ScimCounts":
        """One authenticated read of /Users and /Groups with this token."""
        ...

    async def find_user(self, user_name: str) -> Mapping[str, str] | None:
        """The user of this userName by attribute paths of the profile, read with the stored token; None: not there."""
        ...

    async def users(self, progress: "TellUsers | None" = None, paused: "TellPause | None" = None) -> "ServiceUsers":
        """Everyone the service shows, read page by page with the stored token.

        `progress` is told after each page, `paused` when the service asks to wait, and the reading goes on then.
        """
        ...


TellUsers = Callable[[int, int], None]  # users read, users in all; 0 in all: the service does not say
TellPause = Callable[[float], None]  # seconds until the next call


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """A user as the service lists it. `external_id` is an identity provider's, "" where none is linked or shown."""

    id: str
    user_name: str
    external_id: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class ServiceUsers:
    """The users of a service, each once, in its order.

    `complete` is False where some may be missing: fewer came than the service said it has (`promised`, None: it did not
    say), the reading ended at a bound or in a circle, or `unreadable` entries had no user name.
    """

    users: tuple[ServiceUser, ...]
    complete: bool
    promised: int | None = None
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class ScimCounts:
    """How many users and groups the SCIM door shows."""

    users: int
    groups: int

    def __str__(self) -> str:
        users = "1 user" if self.users == 1 else f"{self.users:,} users"
        return f"{users}, 1 group" if self.groups == 1 else f"{users}, {self.groups:,} groups"


class Feature(StrEnum):
    """What an identity provider pushes, in Okta's own names."""

    PUSH_NEW_USERS = "PUSH_NEW_USERS"
    PUSH_PROFILE_UPDATES = "PUSH_PROFILE_UPDATES"
    PUSH_USER_DEACTIVATION = "PUSH_USER_DEACTIVATION"
    GROUP_PUSH = "GROUP_PUSH"
    IMPORT_NEW_USERS = "IMPORT_NEW_USERS"


@dataclass(frozen=True, slots=True)
class ApiIntegration:
    """The identity provider's side of SCIM. `works` is the answer of its own test of credentials, just made."""

    base_url: str
    token_last_four: str
    works: bool
    message: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """A person who is assigned to the application, and what became of the push."""

    person: Person
    state: Literal["pending", "pushed", "failed"]
    message: str = ""
    external_id: str = ""  # the service's id of the user


@dataclass(frozen=True, slots=True)
class Application:
    """The service's application in the identity provider."""

    id: str
    label: str
    features: frozenset[Feature] = frozenset()
    subdomain: str = ""


class IdentityProvider(Protocol):
    """An identity provider such as Okta."""

    url: str
    title: str
    stand_in: bool  # the rehearsal's: what is done by hand elsewhere can be done here

    async def metadata(self) -> str:
        """The SAML metadata (XML)."""
        ...

    def metadata_url(self) -> str: ...

    async def application(self) -> Application | None:
        """The service's application, None when it was not added yet."""
        ...

    async def add_application(self, label: str, subdomain: str) -> None: ...

    async def api_integration(self) -> ApiIntegration | None:
        """The stored address and a fresh test of credentials; None when nothing is stored."""
        ...

    async def enable_api_integration(self, base_url: str, token: Secret) -> None:
        """Stores both after a passed test of credentials. Raises AdminError when the test fails."""

    async def enable_features(self, features: frozenset[Feature]) -> None: ...

    async def people(self) -> Sequence[Person]: ...

    async def groups(self) -> Sequence[Group]: ...

    async def assignments(self) -> Sequence[Assignment]: ...

    async def user_at_service(self, person_id: str, profile: ServiceProfile) -> Mapping[str, str] | None:
        """The assigned person's user at the service by attribute paths, read with the token the provider holds.

        None: not there. Raises AdminError where the provider offers no such look.
        """
        ...

    async def assign(self, person_id: str) -> None:
        """Assigns a person; with the feature on, the push happens at once."""


class KeychainState(StrEnum):
    """Where a token is, in the words of the command line."""

    AVAILABLE = "available"
    MISSING = "missing"
    LOCKED = "locked"
    DENIED = "denied"
    TIMED_OUT = "timed_out"
    TOO_LARGE = "too_large"
    SESSION_ONLY = "session_only"


@dataclass(frozen=True, slots=True)
class KeptToken:
    """The answer to a look into the keychain.

    `secret` with AVAILABLE, and with any other state when this process holds the token in its memory. `backend` names
    the store; `title` and `remedy` have words for every state but AVAILABLE and MISSING, and with these two when the
    token was kept in another store before.
    """

    state: KeychainState
    backend: str
    secret: Secret | None = None
    title: str = ""
    remedy: str = ""


class Tokens(Protocol):
    """The tokens of this computer's keychain, each kept below the address it belongs to."""

    async def read(self, address: str) -> KeptToken: ...

    async def keep(self, address: str, secret: Secret) -> KeptToken:
        """Stores and reads back. In any state but AVAILABLE the token is in memory until the program ends."""
        ...

    async def forget(self, address: str) -> KeptToken: ...


@runtime_checkable
class Unlocks(Protocol):
    """Tokens of a keychain whose own window may ask a person."""

    async def unlock(self, address: str) -> KeptToken:
        """As `Tokens.read`, and waits for that person, a few minutes at most."""
        ...


class Renewing(Protocol):
    """Puts a new SCIM token in the old one's place, journalled: none is lost when the program is killed meanwhile."""

    async def renew(self, connection: "Connection", tell: Callable[[str], None]) -> "Outcome":
        """Begins, or finishes what was interrupted. Raises AdminError."""
        ...

    def is_unfinished(self, connection: "Connection") -> bool:
        """Whether one was interrupted, is under way, or waits for a person. Raises AdminError."""
        ...


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was looked at: expected beside found. `copy`: a value to carry elsewhere."""

    label: str
    found: str
    expected: str = ""
    ok: bool | None = None
    copy: bool = False


@dataclass(frozen=True)
class Addresses:
    """A connection as it is saved: addresses and a profile's name, no secret. "" where there is none."""

    name: str
    scim_url: str
    settings_url: str = ""
    identity_provider_url: str = ""
    profile: str = "askspoke"


@dataclass(frozen=True)
class Connection:
    """A service and an identity provider that belong together, and where their tokens are.

    `identity_provider` is None as long as there is none that this program can ask: its steps are then done by hand.
    `console_url` is the identity provider's address for deep links, "" when unknown.
    """

    name: str
    sandbox: bool
    profile: ServiceProfile
    service: Service
    identity_provider: IdentityProvider | None
    tokens: Tokens
    console_url: str = ""
    fetch_document: Callable[[str], Awaitable[str]] | None = None  # a document by its address, bounded, no redirects
    closing: Callable[[], Awaitable[None]] | None = None
    renewing: Renewing | None = None

    async def close(self) -> None:
        """Ends what the connection holds open. Harmless twice."""
        if self.closing is not None:
            await self.closing()
