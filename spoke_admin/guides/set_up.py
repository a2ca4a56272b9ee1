"""The set-up guide: SAML, then SCIM, then the first person, proved."""

from spoke_admin.domain.guide import Guide
from spoke_admin.guides.okta_steps import (
    AddApplication,
    ApiIntegrationStep,
    AssignOnePerson,
    EnableFeatures,
    VerifyArrival,
)
from spoke_admin.guides.service_steps import ActivateSaml, CheckPlan, ConnectScim, KeepToken

GUIDE = Guide(
    id="set-up",
    title="Set up provisioning",
    intro=(
        "At the end people sign in to askSpoke through Okta, and Okta creates, updates and removes their accounts. "
        "One person has been pushed and compared field by field."
    ),
    prerequisites=(
        "askSpoke on the Plus plan",
        "SAML first: SCIM cannot be enabled before SAML is active",
        "the right to change settings in askSpoke, and to manage applications in Okta",
        "about 15 minutes; in the rehearsal two",
    ),
    steps=(
        CheckPlan(),
        ActivateSaml(),
        ConnectScim(),
        KeepToken(),
        AddApplication(),
        ApiIntegrationStep(),
        EnableFeatures(),
        AssignOnePerson(),
        VerifyArrival(),
    ),
)
