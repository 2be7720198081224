"""What the errors of Google's library mean: whether to try again, and what to do."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from model.errors import SinkError
from sinks import replies

if TYPE_CHECKING:
    from google.api_core.exceptions import GoogleAPICallError

_INSTALL = "pip install 'loopcam[gcs]'"
_RENEW = "renew the credentials; they are read again at the next attempt"
_IDENTITY = "give this pod or machine a service account (workload identity), or set `credentials_file`"
_REACH = "check that the store can be reached from here, and `endpoint`"
_OVERWRITE = "a newer revision replaces objects: allow storage.objects.delete, too (roles/storage.objectUser)"
_REMEDIES = {
    HTTPStatus.BAD_REQUEST: "correct `storage_class`, `kms_key` or `bucket`",
    HTTPStatus.UNAUTHORIZED: _RENEW,
    HTTPStatus.FORBIDDEN: "allow storage.objects.create on the bucket (roles/storage.objectCreator), and the "
    "use of the KMS key if there is one",
    HTTPStatus.NOT_FOUND: "create the bucket, or correct `bucket` or `endpoint`",
    HTTPStatus.PRECONDITION_FAILED: "somebody else writes to this name: give loopcam a `prefix` of its own",
}
_PASSING_REASONS = {"rateLimitExceeded", "userRateLimitExceeded", "backendError", "quotaExceeded"}


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn the library's errors into SinkError. Their own texts are kept as far as they hold no secrets."""
    try:
        from google.api_core.exceptions import GoogleAPICallError
        from google.auth.exceptions import GoogleAuthError
        from google.cloud import storage  # noqa: F401 - whether it is installed at all
        from requests import RequestException
    except ImportError as error:
        message = f"{what}: google-cloud-storage is not installed: {error}"
        raise SinkError(message, retry=False, remedy=_INSTALL) from None
    try:
        yield
    except GoogleAPICallError as error:
        raise _refused(what, error) from None
    except (GoogleAuthError, RequestException, OSError, ValueError, KeyError) as error:
        raise _failed(what, error) from None


def _refused(what: str, error: "GoogleAPICallError") -> SinkError:
    status = int(error.code or 0)
    reason, words = _said(error)
    remedy = _REMEDIES.get(HTTPStatus(status), "") if status else ""
    if status == HTTPStatus.FORBIDDEN and "storage.objects.delete" in words:
        remedy = _OVERWRITE
    headers = getattr(error.response, "headers", {})
    return SinkError(
        f"{what}: was answered {status} {replies.quote(reason)}: {replies.quote(words)}",
        retry=status == HTTPStatus.UNAUTHORIZED or reason in _PASSING_REASONS or replies.may_pass(status),
        retry_after_s=replies.retry_after_s(headers.get("Retry-After")),
        remedy=remedy,
    )


def _said(error: "GoogleAPICallError") -> tuple[str, str]:
    """The reason and the words in the store's own answer."""
    text = getattr(error.response, "text", "") or str(error.message)
    try:
        told = json.loads(text)["error"]
        return str(told["errors"][0].get("reason", "")), str(told["message"])
    except (ValueError, LookupError, TypeError, AttributeError):
        return "", text


def _failed(what: str, error: Exception) -> SinkError:
    import requests
    from google.auth import exceptions as auth

    remedy, retry = "", True
    if isinstance(error, requests.TooManyRedirects):
        remedy, retry = "set `endpoint` to where the store is", False
    elif isinstance(error, auth.TransportError | requests.ConnectionError | requests.Timeout):
        remedy = _REACH
    elif isinstance(error, auth.RefreshError):
        remedy = _RENEW
    elif isinstance(error, auth.GoogleAuthError):
        remedy = _IDENTITY
    if isinstance(error, requests.exceptions.SSLError):
        remedy = "check the server's certificate, or set `ca_bundle`"
    return SinkError(
        f"{what}: {type(error).__name__}: {replies.quote(str(error))}", retry=retry, remedy=remedy
    )
