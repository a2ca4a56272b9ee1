"""django-scim2 as its documents say to install it, on Django's own server in one thread, with SQLite in memory.

Prints {"scim_url"} when it answers. The token is the first line of standard input; it ends with that stream.
"""
# mypy: ignore-errors
# Django and django-scim2 are in the server's own environment

import json
import os
import sys
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings

token = sys.stdin.readline().strip()
settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    AUTH_USER_MODEL="people.User",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django_scim", "people"],
    MIDDLEWARE=["people.middleware.BearerToken", "django_scim.middleware.SCIMAuthCheckMiddleware"],
    ROOT_URLCONF="people.urls",
    SCIM_SERVICE_PROVIDER={
        "NETLOC": "127.0.0.1",
        "SCHEME": "http",
        "GROUP_MODEL": "people.models.Group",
        "AUTHENTICATION_SCHEMES": [{"type": "oauthbearertoken", "name": "Token", "description": "A bearer token."}],
        "WWW_AUTHENTICATE_HEADER": 'Bearer realm="django-scim2"',
    },
    SECRET_KEY="of no use here",
    TOKEN=token,
    USE_TZ=True,
)
django.setup()

from django.core.management import call_command  # noqa: E402  # Django must be set up first
from django.core.wsgi import get_wsgi_application  # noqa: E402

call_command("migrate", run_syncdb=True, verbosity=0)


class Quiet(WSGIRequestHandler):
    def log_message(self, *words):
        pass


def end_with_stdin():
    sys.stdin.read()
    os._exit(0)


with make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet) as server:
    threading.Thread(target=end_with_stdin, daemon=True).start()
    print(json.dumps({"scim_url": f"http://127.0.0.1:{server.server_port}/scim/v2"}), flush=True)
    server.serve_forever()
