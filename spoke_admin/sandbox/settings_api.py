"""The settings API of the stand-in service: the clicks of askSpoke's settings page as a small JSON API.

Every refusal changes nothing. The gates of plan and SAML are those of the profile that is played.
"""

import json
from collections.abc import Callable
from typing import Any

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.sandbox.asgi import Receive, Refused, Scope, Send, answer
from spoke_admin.sandbox.faults import Faults
from spoke_admin.sandbox.saml_check import check_saml, read_saml
from spoke_admin.sandbox.settings import Saml, Settings

LONGEST_OVERLAP_S = 86_400

Answer = tuple[int, Any]
Body = dict[str, Any]
Calls = dict[str, dict[str, Callable[[Body], Answer]]]


class SettingsApi:
    """The ASGI application below /api/v1/integrations/sso."""

    def __init__(
        self,
        settings: Settings,
        profile: ServiceProfile,
        origin: str,
        faults: Faults | None = None,
    ) -> None:
        self._settings = settings
        self._faults = faults or Faults()
        self._profile = profile
        self._scim_url = f"{origin}/scim/v2"
        self._acs_url = f"{origin}/saml/callback"
        self._saml_first = profile.saml is not None and profile.saml.before_scim
        self._calls: Calls = {
            "": {"GET": self._show},
            "/saml": {"PUT": self._connect_saml, "DELETE": self._disconnect_saml},
            "/saml/test": {"POST": self._test_saml},
            "/saml/activate": {"POST": self._activate_saml},
            "/scim": {"POST": self._connect_scim, "DELETE": self._disconnect_scim},
            "/scim/token": {"POST": self._regenerate_token},
            "/scim/token/old": {"DELETE": self._end_old_token},
            "/plan": {"PUT": self._change_plan},
            "/faults": {"GET": self._show_faults, "PUT": self._set_faults, "DELETE": self._end_faults},
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        tail = scope["path"].removeprefix(scope.get("root_path", "")).rstrip("/")
        headers: dict[str, str] = {}
        try:
            methods = self._calls.get(tail)
            if methods is None:
                raise Refused(404, "not_found", "There is no such setting.", "See docs/commands/sandbox.md.", tail)
            headers["allow"] = ", ".join(sorted(methods))
            call = methods.get(scope["method"])
            if call is None:
                raise Refused(405, "method_not_allowed", "This setting is not changed that way.", headers["allow"])
            status, document = call(_object((await receive()).get("body", b"")))
        except Refused as refusal:
            sent = headers if refusal.status == 405 else {}
            await answer(send, refusal.status, refusal.document(), sent)
            return
        await answer(send, status, document)

    def _show(self, body: Body) -> Answer:
        settings = self._settings
        saml, token, old = settings.saml, settings.token, settings.old_token
        scim: dict[str, Any] = {
            "state": "connected" if settings.scim_connected else "off",
            "base_url": self._scim_url,
            "token": None if token is None else {"last4": token.last4, "created": token.created, "expires": None},
        }
        if old is not None:
            scim["old_token"] = {"last4": old.last4, "created": old.created, "expires": old.ends}
        return 200, {"plan": settings.plan, "saml": self._saml_document(saml), "scim": scim}

    def _saml_document(self, saml: Saml) -> dict[str, Any]:
        document: dict[str, Any] = {"state": saml.state, "acs_url": self._acs_url}
        if saml.state != "off":
            certificate = {"sha256": saml.sha256, "not_before": saml.not_before, "not_after": saml.not_after}
            document |= {"issuer": saml.issuer, "sign_on_url": saml.sign_on_url, "certificate": certificate}
        return document

    def _connect_saml(self, body: Body) -> Answer:
        self._check_plan()
        if self._settings.saml.state == "active" and self._settings.scim_connected and self._saml_first:
            raise Refused(
                409,
                "scim_connected",
                "SAML stays as it is while SCIM is connected.",
                "Disconnect SCIM first, then connect SAML anew.",
            )
        try:
            saml = read_saml(body)
        except AdminError as fault:
            raise Refused(422, "saml_invalid", fault.title, fault.remedy, fault.detail) from None
        self._settings.saml = saml
        return self._show(body)

    def _test_saml(self, body: Body) -> Answer:
        self._check_plan()
        saml = self._settings.saml
        if saml.state == "off":
            raise Refused(
                409, "saml_not_connected", "SAML is not connected.", "Hand over the identity provider's metadata first."
            )
        checks = check_saml(saml, self._settings.now())
        if failed := [check for check in checks if not check.passed]:
            if saml.state == "tested":
                self._settings.set_saml_state("connected")
            raise Refused(
                409,
                "saml_test_failed",
                "The SAML test failed.",
                "Correct what is named, hand over the metadata again, and repeat the test.",
                "; ".join(f"{check.name}: found {check.found}, expected {check.expected}" for check in failed),
            )
        if saml.state == "connected":
            self._settings.set_saml_state("tested")
        return 200, {"state": self._settings.saml.state, "checks": [check.document() for check in checks]}

    def _activate_saml(self, body: Body) -> Answer:
        self._check_plan()
        if self._settings.saml.state not in ("tested", "active"):
            raise Refused(409, "saml_not_tested", "The SAML test has not passed yet.", "Run the test, then activate.")
        self._settings.set_saml_state("active")
        return self._show(body)

    def _disconnect_saml(self, body: Body) -> Answer:
        self._check_plan()
        if self._settings.scim_connected and self._saml_first:
            raise Refused(
                409, "scim_connected", "SAML cannot be disconnected while SCIM is connected.", "Disconnect SCIM first."
            )
        self._settings.saml = Saml()
        return self._show(body)

    def _connect_scim(self, body: Body) -> Answer:
        self._check_plan()
        if self._saml_first and self._settings.saml.state != "active":
            raise Refused(
                409, "saml_not_active", "SAML must be active before SCIM can be enabled.", "Activate SAML first."
            )
        if self._settings.scim_connected:
            raise Refused(
                409, "scim_connected", "SCIM is connected already.", "For a new token, regenerate it: POST /scim/token."
            )
        return 201, {"token": self._settings.connect_scim().reveal()}

    def _disconnect_scim(self, body: Body) -> Answer:
        self._check_plan()
        self._settings.disconnect_scim()
        return self._show(body)

    def _regenerate_token(self, body: Body) -> Answer:
        self._check_plan()
        self._check_scim_connected()
        keep_old_s = body.get("keep_old_s", 0)
        if isinstance(keep_old_s, bool) or not isinstance(keep_old_s, int) or not 0 <= keep_old_s <= LONGEST_OVERLAP_S:
            raise Refused(
                422,
                "overlap_invalid",
                "keep_old_s is not a whole number of seconds.",
                f"Send a number from 0 to {LONGEST_OVERLAP_S:,}.",
            )
        if keep_old_s and self._profile.scim.new_token_ends_old:
            raise Refused(
                422,
                "overlap_unsupported",
                f"{self._profile.title} ends the old token at once.",
                "Send no keep_old_s, and hand the new token to the identity provider right away.",
            )
        return 201, {"token": self._settings.new_token(keep_old_s=keep_old_s).reveal()}

    def _end_old_token(self, body: Body) -> Answer:
        self._check_plan()
        self._check_scim_connected()
        if not self._settings.end_old_token():
            raise Refused(404, "no_old_token", "No older token is alive.", "There is nothing to end.")
        return self._show(body)

    def _change_plan(self, body: Body) -> Answer:
        known = self._profile.plan.known if self._profile.plan else ()
        if body.get("plan") not in known:
            raise Refused(422, "plan_unknown", "There is no such plan.", f"Choose one of: {', '.join(known)}.")
        self._settings.plan = str(body["plan"])
        return self._show(body)

    def _show_faults(self, body: Body) -> Answer:
        return 200, self._faults.document()

    def _set_faults(self, body: Body) -> Answer:
        self._faults.arm(body)
        return self._show_faults(body)

    def _end_faults(self, body: Body) -> Answer:
        self._faults.arm({"faults": []})
        return self._show_faults(body)

    def _check_plan(self) -> None:
        if not plan_suffices(self._settings.plan, self._profile):
            raise below_plus(self._settings.plan, self._profile)

    def _check_scim_connected(self) -> None:
        if not self._settings.scim_connected:
            raise Refused(409, "scim_not_connected", "SCIM is not connected.", "Connect SCIM first: POST /scim.")


def plan_suffices(plan: str, profile: ServiceProfile) -> bool:
    """Whether the plan offers SAML and SCIM; plans are known from the lowest to the highest."""
    rule = profile.plan
    return rule is None or (plan in rule.known and rule.known.index(plan) >= rule.known.index(rule.required))


def below_plus(plan: str, profile: ServiceProfile) -> Refused:
    required = profile.plan.required.capitalize() if profile.plan else ""
    return Refused(
        403,
        "plan_below_plus",
        f"SAML and SCIM are only available on {profile.title}'s {required} plan.",
        f"Change the plan to {required} first.",
        f"The plan is {plan}.",
    )


def _object(body: bytes) -> Body:
    if not body:
        return {}
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "body_invalid", "The body is not JSON.", "Send one JSON object.") from None
    if not isinstance(document, dict):
        raise Refused(400, "body_invalid", "The body is not a JSON object.", "Send one JSON object.")
    return document
