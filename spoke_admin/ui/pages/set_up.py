"""The set-up guide as a page."""

from spoke_admin.guides.set_up import GUIDE
from spoke_admin.ui.tasks import Tasks
from spoke_admin.ui.wizard import Wizard


class SetUpPage(Wizard):
    """SAML, SCIM, token, application, first person."""

    name = "set_up"

    def __init__(self, tasks: Tasks) -> None:
        super().__init__(GUIDE, tasks)
