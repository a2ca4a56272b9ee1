"""The steps on the service's side: plan, SAML, SCIM, API token."""

from collections.abc import Mapping

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.guide import Answers, Evidence, Field, Filled, Place, Step, Tell
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Connection, Fact, KeptToken, KeychainState, ServiceSettings
from spoke_admin.saml.metadata import read_metadata

INTERRUPTED = "The regeneration of the API token was interrupted; doing this step finishes it."
WAITS = "Its regeneration waits until the identity provider has the new token: then finish it on the page Tokens."
LOCKED_AWAY = {KeychainState.LOCKED, KeychainState.DENIED, KeychainState.TIMED_OUT, KeychainState.TOO_LARGE}


class ServiceStep(Step):
    """A step in the service's settings: by program where there is a settings API, else by hand."""

    def by_program(self, connection: Connection) -> bool:
        return connection.service.settings_url is not None

    async def look(self, connection: Connection) -> Evidence:
        if self.by_program(connection):
            return await self.look_at(connection, await connection.service.settings())
        return await self.look_from_outside(connection)

    async def look_at(self, connection: Connection, settings: ServiceSettings) -> Evidence:
        """What the settings API tells."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it reads the settings")

    async def look_from_outside(self, connection: Connection) -> Evidence:
        """Without a settings API: a SCIM door that opens proves plan, SAML and SCIM, for they stand on each other."""
        kept = await connection.tokens.read(connection.service.scim_url)
        title = connection.profile.title
        if kept.secret is None:
            return Evidence(
                proved=False,
                summary=f"{title} has no API for its settings; this is proved once its API token is stored here.",
                notes=("Paste the API token on the page Tokens: what stands on each other is then proved at once.",),
                provable=False,
            )
        counts = await connection.service.probe(kept.secret)
        return Evidence(
            proved=True,
            summary=f"The SCIM door opens with the stored token ({counts}), which needs this step done.",
            facts=(Fact("Users", str(counts.users)), Fact("Groups", str(counts.groups))),
        )


class CheckPlan(ServiceStep):
    """The plan that offers SAML and SCIM."""

    id = "plan"
    title = "Plan and prerequisites"
    why = "SAML and SCIM are offered on one plan only. You need the right to change settings in both consoles."
    action = "Check the plan"
    quotes = ("SAML and SCIM are only available on askSpoke's Plus plan.",)
    drawing = "service_settings"

    def by_program(self, connection: Connection) -> bool:
        return False  # a plan is bought, in the sandbox as well

    async def look(self, connection: Connection) -> Evidence:
        rule = connection.profile.plan
        if rule is None:
            return Evidence(proved=True, summary=f"{connection.profile.title} asks for no particular plan.")
        if connection.service.settings_url is None:
            return await self.look_from_outside(connection)
        settings = await connection.service.settings()
        fits = settings.plan == rule.required
        fact = Fact("Plan", settings.plan, rule.required, fits)
        if fits:
            return Evidence(proved=True, summary=f"The plan is {settings.plan.title()}.", facts=(fact,))
        summary = f"The plan is {settings.plan.title()}; SAML and SCIM need {rule.required.title()}."
        return Evidence(proved=False, summary=summary, facts=(fact,))

    async def act(self, connection: Connection, answers: Answers, tell: Tell) -> None:
        raise AdminError("A plan is bought, not switched on from here.", f"Ask {connection.profile.title} for it.")

    def place(self, connection: Connection | None) -> Place:
        return Place("service", ("Settings", "Integrations", "SSO"))


class ActivateSaml(ServiceStep):
    """SAML: hand over the metadata, test, activate."""

    id = "saml"
    title = "SAML single sign-on"
    why = "People sign in through Okta. The test is run before anything is activated and changes nothing for others."
    action = "Connect, test and activate SAML"
    needs = (CheckPlan,)
    quotes = (
        (
            "Before you can configure provisioning for askSpoke, make sure you have configured SAML in askSpoke "
            "(Settings > Integrations > SSO > SAML)."
        ),
        "SAML must be active before SCIM can be enabled.",
    )
    fields = (
        Field(
            "metadata",
            "Identity provider's metadata",
            "xml",
            "Its address, a file, or the document itself. In Okta: the application's Sign On tab.",
        ),
    )
    drawing = "service_settings"

    async def look_at(self, connection: Connection, settings: ServiceSettings) -> Evidence:
        active = settings.saml == "active"
        facts = [Fact("SAML", settings.saml, "active", active)]
        if settings.saml_issuer:
            facts.append(await self._issuer(connection, settings))
            facts.append(Fact("Sign-on URL", settings.saml_sign_on_url))
        title = connection.profile.title
        words = {"off": "is not connected", "connected": "is connected, not tested", "tested": "is tested, not active"}
        summary = f"SAML is active in {title}." if active else f"SAML {words.get(settings.saml, 'is not active')}."
        notes = ("SAML trusts another identity provider than this one.",) if facts[1:] and not facts[1].ok else ()
        return Evidence(proved=active, summary=summary, facts=tuple(facts), notes=notes if active else ())

    @staticmethod
    async def _issuer(connection: Connection, settings: ServiceSettings) -> Fact:
        if connection.identity_provider is None:
            return Fact("Issuer", settings.saml_issuer, ok=True)
        ours = read_metadata(await connection.identity_provider.metadata()).entity_id
        return Fact("Issuer", settings.saml_issuer, ours, settings.saml_issuer == ours)

    async def fill(self, connection: Connection) -> Mapping[str, Filled]:
        provider = connection.identity_provider
        return {"metadata": Filled(provider.metadata_url() if provider else "")}

    async def act(self, connection: Connection, answers: Answers, tell: Tell) -> None:
        document = await self._document(connection, answers.get("metadata", ""))
        metadata = read_metadata(document)
        tell(f"Metadata of {metadata.entity_id}: signing certificate {metadata.certificates[0].sha256[:16]}…")
        await connection.service.connect_saml(document)
        tell("Connected. Testing: this changes nothing for others.")
        for fact in await connection.service.test_saml():
            tell(f"{fact.label}: {fact.found}")
        await connection.service.activate_saml()
        tell("Activated.")

    @staticmethod
    async def _document(connection: Connection, given: str) -> str:
        """The XML itself, or what its address answers; without an answer the identity provider's own."""
        given = given.strip()
        if not given and connection.identity_provider is not None:
            return await connection.identity_provider.metadata()
        if given.lower().startswith(("http://", "https://")) and connection.fetch_document is not None:
            return await connection.fetch_document(given)
        return given

    def place(self, connection: Connection | None) -> Place:
        saml = connection.profile.saml if connection else None
        return Place("service", saml.settings_path if saml else ("Settings", "Integrations", "SSO", "SAML"))


class ConnectScim(ServiceStep):
    """SCIM: the door through which the identity provider pushes users and groups."""

    id = "scim"
    title = "SCIM connection"
    why = "Okta pushes users and groups to this address. It can be enabled once SAML is active."
    action = "Connect SCIM"
    needs = (ActivateSaml,)
    quotes = (
        "Navigate to Settings > Integrations > scroll down to the SSO section. Click Connect under SCIM.",
        "Enable SAML-based single sign on and SCIM to provision users. SAML must be active before SCIM can be enabled.",
    )
    drawing = "service_settings"

    async def look_at(self, connection: Connection, settings: ServiceSettings) -> Evidence:
        connected = settings.scim == "connected"
        facts = [Fact("SCIM", settings.scim, "connected", connected)]
        if connected:
            facts.append(Fact("Base URL", connection.service.scim_url, copy=True))
        summary = "SCIM is connected." if connected else "SCIM is not connected."
        return Evidence(proved=connected, summary=summary, facts=tuple(facts))

    async def act(self, connection: Connection, answers: Answers, tell: Tell) -> None:
        await make_sure_a_token_can_be_kept(connection)
        token = await connection.service.connect_scim()
        tell("SCIM is connected; its API token is shown this once.")
        told = await connection.tokens.keep(connection.service.scim_url, token)
        tell(where_it_is(told))

    def place(self, connection: Connection | None) -> Place:
        path = connection.profile.scim.settings_path if connection else ()
        return Place("service", path or ("Settings", "Integrations", "SSO", "SCIM"))


class KeepToken(ServiceStep):
    """The API token: in the keychain, and proved by a call."""

    id = "token"
    title = "API token"
    why = "Okta needs the API token. It is shown once, kept in the keychain of this computer and nowhere else."
    action = "Regenerate the token and keep it"
    needs = (ConnectScim,)
    quotes = ("Copy or regenerate the API token.", "Copy the API token below and enter it in your IdP")
    warning = "A regenerated token ends the old one at once: Okta cannot push until it has the new one."
    drawing = "service_settings"

    async def look(self, connection: Connection) -> Evidence:
        unfinished = connection.renewing is not None and connection.renewing.is_unfinished(connection)
        if unfinished and is_handed_over_from_here(connection):
            return Evidence(proved=False, summary=INTERRUPTED)
        kept = await connection.tokens.read(connection.service.scim_url)
        if kept.secret is None:
            return await self._kept_elsewhere(connection, kept)
        try:
            counts = await connection.service.probe(kept.secret)
        except AdminError:
            if unfinished:  # the one before has ended, and the new one is not in its place yet
                return Evidence(proved=False, summary=INTERRUPTED)
            raise
        return Evidence(
            proved=True,
            summary=f"The token opens SCIM: {counts}. {where_it_is(kept)}",
            notes=(WAITS,) if unfinished else (),
            facts=(
                Fact("Token", f"…{kept.secret.last_four}"),
                Fact("Users", str(counts.users)),
                Fact("Groups", str(counts.groups)),
            ),
        )

    @staticmethod
    async def _kept_elsewhere(connection: Connection, kept: KeptToken) -> Evidence:
        """No token here: the identity provider may hold a working one all the same, and its own test proves that."""
        provider = connection.identity_provider
        held = await provider.api_integration() if provider else None
        if held is not None and held.works and held.base_url == connection.service.scim_url:
            return Evidence(
                proved=True,
                summary=f"{provider.title if provider else ''} holds a working token (…{held.token_last_four}); "
                "this computer keeps none.",
                notes=(kept.title,) if kept.title else (),
            )
        if kept.state in LOCKED_AWAY and not connection.sandbox:
            raise AdminError(kept.title, kept.remedy)
        return Evidence(proved=False, summary=f"No API token of {connection.profile.title} is kept on this computer.")

    async def act(self, connection: Connection, answers: Answers, tell: Tell) -> None:
        await new_token(connection, tell)

    def place(self, connection: Connection | None) -> Place:
        path = connection.profile.scim.token_path if connection else ()
        return Place("service", path or ("Settings", "Integrations", "SSO", "SCIM", "API token"))


def is_handed_over_from_here(connection: Connection) -> bool:
    """Whether the identity provider gets a new token by itself; else a person enters it there, by hand."""
    provider = connection.identity_provider
    return provider is not None and provider.stand_in


async def new_token(connection: Connection, tell: Tell) -> Secret:
    """A new token in the old one's place, kept and proved by a call; an interrupted regeneration is finished."""
    await make_sure_a_token_can_be_kept(connection)
    if connection.renewing is None:
        raise AdminError("The token cannot be regenerated from here.", "Regenerate it in the service, and paste it.")
    outcome = await connection.renewing.renew(connection, tell)
    if outcome.kept is None or outcome.kept.secret is None:
        raise AdminError(outcome.words or "The new token is not on this computer.", "Do this step once more.")
    tell(where_it_is(outcome.kept))
    return outcome.kept.secret


async def make_sure_a_token_can_be_kept(connection: Connection) -> None:
    """Before a token is made that is shown once: raises AdminError when the keychain would not take it.

    In the sandbox it may stay in memory: the rehearsal's token ends with the rehearsal.
    """
    kept = await connection.tokens.read(connection.service.scim_url)
    if kept.state in LOCKED_AWAY and not connection.sandbox:
        raise AdminError(kept.title, kept.remedy)


def where_it_is(kept: KeptToken) -> str:
    """Where a token is kept, in a sentence."""
    if kept.state is KeychainState.AVAILABLE:
        return f"It is kept in {kept.backend}."
    why = "There is no keychain" if kept.state is KeychainState.SESSION_ONLY else kept.title.rstrip(".")
    return f"{why}: it is kept in memory until this program ends."
