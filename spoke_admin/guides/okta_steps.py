"""The steps on the identity provider's side: application, API integration, To App, assignment; and the proof."""

from collections.abc import Mapping, Sequence

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.forecast import FieldForecast, Verdict, forecast, same
from spoke_admin.domain.guide import Answers, Evidence, Field, Filled, Option, Place, Step, Tell
from spoke_admin.domain.person import Person
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Connection, Fact, Feature, IdentityProvider, KeychainState
from spoke_admin.guides.okta_console import place
from spoke_admin.guides.service_steps import ConnectScim, new_token

NEEDED = (Feature.PUSH_NEW_USERS, Feature.PUSH_PROFILE_UPDATES)
OFFERED = {
    Feature.PUSH_NEW_USERS: "Push new users",
    Feature.PUSH_PROFILE_UPDATES: "Push profile updates",
    Feature.PUSH_USER_DEACTIVATION: "Push user deactivation (removes the account)",
    Feature.GROUP_PUSH: "Push groups",
}


class OktaStep(Step):
    """A step in the identity provider's console: by program against the stand-in, else by hand."""

    def by_program(self, connection: Connection) -> bool:
        return connection.identity_provider is not None

    async def look(self, connection: Connection) -> Evidence:
        if connection.identity_provider is None:
            summary = "Okta offers no API for this, and no other proof is at hand yet: check it by eye."
            return Evidence(proved=False, summary=summary, provable=False)
        return await self.look_at(connection, connection.identity_provider)

    async def look_at(self, connection: Connection, provider: IdentityProvider) -> Evidence:
        """What the identity provider tells."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it asks the identity provider")

    async def act(self, connection: Connection, answers: Answers, tell: Tell) -> None:
        if connection.identity_provider is None:
            raise AdminError(f"{self.title} is done by hand.", " > ".join(self.place(connection).path))
        await self.do(connection, connection.identity_provider, answers, tell)

    async def do(self, connection: Connection, provider: IdentityProvider, answers: Answers, tell: Tell) -> None:
        """Does the step through the identity provider."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it is done")


class AddApplication(OktaStep):
    """The service's application in Okta."""

    id = "application"
    title = "Application in Okta"
    why = "The application holds who may use the service, and what is pushed to it."
    action = "Add the application"
    quotes = ("In Okta, Click Add Application > search for askSpoke > enter your Subdomain > click Done",)
    fields = (
        Field("label", "Application label", "text", "What people see on their Okta dashboard."),
        Field("subdomain", "Subdomain", "text", "The first part of your address: acme in acme.askspoke.com."),
    )
    drawing = "okta_application"

    async def look_at(self, connection: Connection, provider: IdentityProvider) -> Evidence:
        application = await provider.application()
        if application is None:
            summary = f"{provider.title} has no application of {connection.profile.title}."
            return Evidence(proved=False, summary=summary)
        facts = (Fact("Application", application.label), Fact("Subdomain", application.subdomain))
        return Evidence(proved=True, summary=f"{provider.title} has the application {application.label}.", facts=facts)

    async def fill(self, connection: Connection) -> Mapping[str, Filled]:
        return {"label": Filled(connection.profile.title), "subdomain": Filled(_subdomain(connection))}

    async def do(self, connection: Connection, provider: IdentityProvider, answers: Answers, tell: Tell) -> None:
        label = answers.get("label", "").strip() or connection.profile.title
        await provider.add_application(label, answers.get("subdomain", "").strip() or _subdomain(connection))
        tell(f"Added the application {label}.")

    def place(self, connection: Connection | None) -> Place:
        path = ("Applications", "Applications", "Add Application", "askSpoke")
        return place(connection.console_url if connection else "", *path)


def _subdomain(connection: Connection) -> str:
    """The admin's own part of the SCIM address; the rehearsal has none and says so."""
    host = connection.service.scim_url.partition("://")[2].partition("/")[0]
    return "rehearsal" if connection.sandbox else host.partition(".")[0]


class ApiIntegrationStep(OktaStep):
    """Okta's API integration: the SCIM address and the token, tested by Okta itself."""

    id = "api_integration"
    title = "API integration"
    why = "Okta tests the address and the token before it stores them."
    action = "Enable API integration and test it"
    needs = (ConnectScim, AddApplication)
    quotes = (
        (
            "Click the Provisioning tab > click API Integration > enter your API token > click Save > "
            "verify the app successfully connected"
        ),
    )
    drawing = "okta_integration"

    async def look_at(self, connection: Connection, provider: IdentityProvider) -> Evidence:
        integration = await provider.api_integration()
        if integration is None:
            return Evidence(proved=False, summary=f"{provider.title} has no address and no token yet.")
        wanted = connection.service.scim_url
        here = integration.base_url == wanted
        facts = (
            Fact("Base URL", integration.base_url, wanted, here, copy=True),
            Fact("Token", f"…{integration.token_last_four}" if integration.token_last_four else "none"),
            Fact("Test of credentials", integration.message, "passed", integration.works),
        )
        if here and integration.works:
            return Evidence(proved=True, summary=f"{provider.title}'s own test of credentials passed.", facts=facts)
        summary = (
            integration.message if here else f"{provider.title} pushes to another address: {integration.base_url}."
        )
        return Evidence(proved=False, summary=summary, facts=facts)

    async def do(self, connection: Connection, provider: IdentityProvider, answers: Answers, tell: Tell) -> None:
        await provider.enable_api_integration(connection.service.scim_url, await self._token(connection, tell))
        tell(f"{provider.title} tested the credentials and stored them.")

    @staticmethod
    async def _token(connection: Connection, tell: Tell) -> Secret:
        """The kept token. Without a keychain the one of an earlier run is gone: a new one is made and handed over."""
        kept = await connection.tokens.read(connection.service.scim_url)
        if kept.secret is not None:
            return kept.secret
        if kept.state is not KeychainState.MISSING and connection.sandbox:
            return await new_token(connection, tell)
        title = kept.title or "The API token is not on this computer, so it cannot be handed over."
        remedy = kept.remedy or "Go back to the step API token and regenerate it, or paste it on the page Tokens."
        raise AdminError(title, remedy)

    def place(self, connection: Connection | None) -> Place:
        path = ("Applications", "askSpoke", "Provisioning", "Integration", "Configure API Integration")
        return place(connection.console_url if connection else "", *path)


class EnableFeatures(OktaStep):
    """The To App boxes."""

    id = "to_app"
    title = "Provisioning to the app"
    why = "Nothing is pushed until it is switched on here."
    action = "Save the provisioning features"
    needs = (ApiIntegrationStep,)
    quotes = (
        "Click the To App tab > select the Provisioning Features you want to enable > click Save",
        "Note: for this application, deactivating a user means removing the user's account.",
    )
    fields = (Field("features", "Provisioning features", "checks", "What Okta pushes by itself from now on."),)
    warning = (
        "Push user deactivation: who is deactivated or unassigned in Okta loses the account. "
        "askSpoke removes it; it cannot be undone there."
    )
    drawing = "okta_to_app"

    async def look_at(self, connection: Connection, provider: IdentityProvider) -> Evidence:
        application = await provider.application()
        on = application.features if application else frozenset()
        facts = tuple(
            Fact(words, "on" if feature in on else "off", "on" if feature in NEEDED else "", feature in on or None)
            for feature, words in OFFERED.items()
        )
        missing = [OFFERED[feature] for feature in NEEDED if feature not in on]
        if missing:
            return Evidence(proved=False, summary=f"{' and '.join(missing)}: not switched on yet.", facts=facts)
        names = ", ".join(words for feature, words in OFFERED.items() if feature in on)
        return Evidence(proved=True, summary=f"On: {names}.", facts=facts)

    async def fill(self, connection: Connection) -> Mapping[str, Filled]:
        provider = connection.identity_provider
        application = await provider.application() if provider else None
        on = application.features if application and application.features else frozenset(OFFERED)
        options = tuple(Option(feature.value, words) for feature, words in OFFERED.items())
        return {"features": Filled(" ".join(feature.value for feature in OFFERED if feature in on), options)}

    async def do(self, connection: Connection, provider: IdentityProvider, answers: Answers, tell: Tell) -> None:
        chosen = answers.get("features")
        names = chosen.split() if chosen is not None else [feature.value for feature in OFFERED]
        wanted = frozenset(feature for feature in OFFERED if feature.value in names)
        if lacking := [OFFERED[feature] for feature in NEEDED if feature not in wanted]:
            raise AdminError(f"{' and '.join(lacking)} must be on.", "Tick it: without it no person arrives.")
        await provider.enable_features(wanted)
        tell(f"Switched on: {', '.join(OFFERED[feature] for feature in OFFERED if feature in wanted)}.")

    def place(self, connection: Connection | None) -> Place:
        path = ("Applications", "askSpoke", "Provisioning", "To App", "Edit")
        return place(connection.console_url if connection else "", *path)


class AssignOnePerson(OktaStep):
    """One person first: the pilot that shows what arrives."""

    id = "assign"
    title = "Assign one person"
    why = "One person first: what arrives is compared before anyone else is assigned."
    action = "Assign this person"
    needs = (EnableFeatures,)
    quotes = (
        (
            "Click on Assignments > Assign > Assign to People > select a user and update their profile > "
            "click Save and Go Back"
        ),
    )
    fields = (Field("person", "Person", "choice", "What the service would silently ignore is said beside the name."),)
    drawing = "okta_assignments"

    async def look_at(self, connection: Connection, provider: IdentityProvider) -> Evidence:
        assignments = await provider.assignments()
        pushed = [assignment for assignment in assignments if assignment.state == "pushed"]
        failed = [assignment for assignment in assignments if assignment.state == "failed"]
        notes = tuple(f"{assignment.person.name}: {assignment.message}" for assignment in failed)
        if not pushed:
            summary = f"{failed[-1].person.name}: {failed[-1].message}" if failed else "Nobody is assigned yet."
            return Evidence(proved=False, summary=summary, notes=notes)
        facts = tuple(Fact(it.person.name, it.message or "pushed", ok=True) for it in pushed[:5])
        people = f"{len(pushed)} people are" if len(pushed) > 1 else f"{pushed[0].person.name} is"
        return Evidence(proved=True, summary=f"{people} assigned and pushed.", facts=facts, notes=notes)

    async def fill(self, connection: Connection) -> Mapping[str, Filled]:
        provider = connection.identity_provider
        people = await provider.people() if provider else []
        options = tuple(Option(it.id, f"{it.name} ({it.login})", _losses(it, connection.profile)) for it in people)
        return {"person": Filled(options[0].value if options else "", options)}

    async def do(self, connection: Connection, provider: IdentityProvider, answers: Answers, tell: Tell) -> None:
        people = await provider.people()
        wanted = answers.get("person") or (people[0].id if people else "")
        person = next((it for it in people if wanted in (it.id, it.login)), None)
        if person is None:
            raise AdminError(f"{provider.title} has no person {wanted!r}.", "Choose a person from the list.")
        for row in forecast(person, connection.profile):
            if row.verdict in (Verdict.IGNORED, Verdict.REJECTED):
                tell(f"{row.label} {row.value}: {row.verdict}. {row.reason}")
        await provider.assign(person.id)
        outcome = next((it for it in await provider.assignments() if it.person.id == person.id), None)
        if outcome is None or outcome.state != "pushed":
            raise AdminError(
                f"{person.name} was assigned, but not pushed.",
                "Put right what is named, then assign the person again.",
                outcome.message if outcome else "",
            )
        tell(f"{person.name} is assigned and was pushed.")

    def place(self, connection: Connection | None) -> Place:
        path = ("Applications", "askSpoke", "Assignments", "Assign", "Assign to People")
        return place(connection.console_url if connection else "", *path)


def _losses(person: Person, profile: ServiceProfile) -> str:
    """What will be lost of a person, in words, "" for nothing."""
    rows = [row for row in forecast(person, profile) if row.verdict in (Verdict.IGNORED, Verdict.REJECTED)]
    return "; ".join(f"{row.label.lower()} will be {row.verdict}: {row.reason}" for row in rows)


class VerifyArrival(OktaStep):
    """Field by field: what was forecast beside what the service holds."""

    id = "verify"
    title = "Verify what arrived"
    why = "The profile at the service is read back, field by field, beside what was forecast."
    action = "Verify what arrived"
    needs = (AssignOnePerson,)
    quotes = (
        "Navigate to askSpoke > click on the user's profile > verify the user you assigned was updated",
        (
            "If a user profile contains an invalid phone number, askSpoke will silently ignore it and not set the "
            "phone number on the askSpoke profile of the user."
        ),
    )
    drawing = "service_profile"

    async def look_at(self, connection: Connection, provider: IdentityProvider) -> Evidence:
        pushed = [assignment for assignment in await provider.assignments() if assignment.state == "pushed"]
        if not pushed:
            return Evidence(proved=False, summary="Nobody was pushed yet.")
        person = pushed[0].person
        title = connection.profile.title
        held = await self._held(connection, provider, person)
        if held is None:
            return Evidence(proved=False, summary=f"{title} does not know {person.login}.")
        rows = forecast(person, connection.profile)
        facts = tuple(_compared(row, held, connection.profile) for row in rows)
        wrong = [fact.label for fact in facts if not fact.ok]
        notes = tuple(f"{row.label} {row.value} is not there: {row.reason}" for row in _ignored(rows, held))
        if wrong:
            return Evidence(
                proved=False, summary=f"{person.name}: {', '.join(wrong)} differ.", facts=facts, notes=notes
            )
        lost = f"; ignored as forecast: {', '.join(row.label for row in _ignored(rows, held))}" if notes else ""
        summary = f"{person.name} arrived as forecast: {len(facts)} fields compared{lost}."
        return Evidence(proved=True, summary=summary, facts=facts, notes=notes)

    @staticmethod
    async def _held(connection: Connection, provider: IdentityProvider, person: Person) -> Mapping[str, str] | None:
        """The user as the service has it: asked with our token, or without one through the provider's."""
        kept = await connection.tokens.read(connection.service.scim_url)
        if kept.secret is None and kept.state is not KeychainState.MISSING and provider.stand_in:
            return await provider.user_at_service(person.id, connection.profile)
        return await connection.service.find_user(person.login)

    async def do(self, connection: Connection, provider: IdentityProvider, answers: Answers, tell: Tell) -> None:
        evidence = await self.look_at(connection, provider)
        tell(evidence.summary)
        if not evidence.proved:
            raise AdminError(evidence.summary, "Correct the person in Okta; the update is pushed, then verify again.")

    def place(self, connection: Connection | None) -> Place:
        return Place("service", ("Team", "the person's profile"))


def _ignored(rows: Sequence[FieldForecast], held: Mapping[str, str]) -> list[FieldForecast]:
    return [row for row in rows if row.verdict is Verdict.IGNORED and not held.get(row.path)]


def _compared(row: FieldForecast, held: Mapping[str, str], profile: ServiceProfile) -> Fact:
    """One field: what the service holds beside what was forecast."""
    found, attribute = held.get(row.path, ""), profile.attribute_of(row.path)
    if row.verdict is Verdict.IGNORED:
        stays = f"{found} (was there before)" if found else "not set"
        return Fact(row.label, stays, f"not set: {row.value} is ignored", ok=True)
    arrived = attribute is not None and same(attribute, found, row.value)
    return Fact(row.label, found or "not set", row.value, arrived)
