"""The shop's settings: each thread keeps its connection for ever, and checks it first, or not."""

import os
from urllib.parse import urlsplit

_database = urlsplit(os.environ["DATABASE_URL"])

ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _database.hostname,
        "PORT": _database.port,
        "NAME": _database.path.lstrip("/"),
        "USER": _database.username,
        "PASSWORD": _database.password,
        "CONN_MAX_AGE": None,
        # What must pass, and what must fail.
        "CONN_HEALTH_CHECKS": {"True": True, "False": False}[os.environ["CONN_HEALTH_CHECKS"]],
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["djangoapp"]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"]},
}
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]  # it asks for the host
ROOT_URLCONF = "djangoapp.views"
SECRET_KEY = "signs nothing here"
USE_TZ = True
