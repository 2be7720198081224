"""What boto3's errors mean: whether to try again, and what to do."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from model.errors import SinkError
from model.secrets import Secret
from sinks import replies

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

_RENEW = "renew the credentials; they are read again at the next attempt"
_REGION = "set `region` to the bucket's own, and `endpoint_url` to where the store is"
_KEYS = "check `access_key_id` and `secret_access_key`, or the credentials of the standard chain"
_PASSING = {  # errors that time, a clock or new credentials mend, whatever their status
    "ExpiredToken": _RENEW,
    "ExpiredTokenException": _RENEW,
    "InvalidToken": _RENEW,
    "TokenRefreshRequired": _RENEW,
    "RequestTimeTooSkewed": "set this machine's clock",
    "RequestTimeout": "",
    "SlowDown": "",
    "OperationAborted": "",
    "NoSuchUpload": "",
    "BadDigest": "what arrived was not what was sent; look at proxies in between",
    "IncompleteBody": "",
}
_LASTING = {
    "AccessDenied": "allow s3:PutObject on the bucket and prefix, and the use of the KMS key if there is one",
    "NoSuchBucket": "create the bucket, or correct `bucket`, `region` or `endpoint_url`",
    "InvalidAccessKeyId": _KEYS,
    "SignatureDoesNotMatch": _KEYS,
    "AuthorizationHeaderMalformed": _REGION,
    "PermanentRedirect": _REGION,
    "IllegalLocationConstraintException": _REGION,
    "NotImplemented": "this store lacks a feature: look at `checksums`, `sse` and `storage_class`",
    "InvalidStorageClass": "correct `storage_class`",
    "301": _REGION,
    "302": _REGION,
    "307": _REGION,
    "308": _REGION,
    "403": "allow s3:PutObject on the bucket and prefix",
    "404": "create the bucket, or correct `bucket` or `endpoint_url`",
}


@contextmanager
def explained(what: str, secrets: Sequence[Secret | None]) -> Iterator[None]:
    """Turn boto3's errors into SinkError. Their own texts, which may hold secrets, are not kept."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _refused(what, error, secrets) from None
    except (BotoCoreError, OSError, ValueError) as error:
        raise _failed(what, error, secrets) from None


def _refused(what: str, error: "ClientError", secrets: Sequence[Secret | None]) -> SinkError:
    said, reply = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    code, status = replies.quote(str(said.get("Code", ""))), int(reply.get("HTTPStatusCode", 0))
    words = replies.quote(str(said.get("Message", "")), secrets)
    return SinkError(
        f"{what}: {error.operation_name} was answered {status} {code}: {words}",
        retry=code in _PASSING or _is_about_a_role(error) or status < 300 or replies.may_pass(status),
        retry_after_s=replies.retry_after_s(reply.get("HTTPHeaders", {}).get("retry-after")),
        remedy=_PASSING.get(code) or _LASTING.get(code) or _LASTING.get(str(status), ""),
    )


def _is_about_a_role(error: "ClientError") -> bool:
    return bool(error.operation_name.startswith(("AssumeRole", "GetRoleCredentials")))


def _failed(
    what: str, error: "BotoCoreError | OSError | ValueError", secrets: Sequence[Secret | None]
) -> SinkError:
    from botocore import exceptions as e

    lasting = (e.ParamValidationError, e.NoRegionError, e.InvalidRegionError, e.ProfileNotFound, ValueError)
    remedy = ""
    if isinstance(error, (e.NoCredentialsError, e.PartialCredentialsError, e.CredentialRetrievalError)):
        remedy = "give this pod or machine a role, or set `access_key_id` and `secret_access_key`"
    elif isinstance(error, e.SSLError):
        remedy = "check the server's certificate, or set `ca_bundle`"
    elif isinstance(error, (e.HTTPClientError, e.ConnectionError)):
        remedy = "check that the endpoint can be reached from here"
    return SinkError(
        f"{what}: {type(error).__name__}: {replies.quote(str(error), secrets)}",
        retry=not isinstance(error, lasting) or _half_written(error),
        remedy=remedy,
    )


def _half_written(error: Exception) -> bool:
    """Whether a role's token file was read while somebody wrote it."""
    return "WebIdentityToken" in str(error)
