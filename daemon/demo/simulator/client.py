"""The loop's way to the API: one connection, errors tried again with back-off, and Retry-After obeyed."""

import http.client
import random
import time
from http import HTTPStatus

_TRIES = 6
_TIMEOUT_S = 5.0
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 5.0


class ApiError(Exception):
    """The API could not be got to do what it was asked for, or refuses."""


class Client:
    """Asks the API, and counts what that took."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
        self._random = random.Random("client")  # noqa: S311  # scatters waits
        self.retries = 0
        self.backed_off_s = 0.0

    def call(self, method: str, path: str) -> bytes:
        """The answer's body; raises ApiError when tries are used up, or trying again is of no use."""
        said = ""
        for tried in range(_TRIES):
            if tried:
                self.retries += 1
            try:
                status, headers, body = self._exchange(method, path)
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                said = f"{type(error).__name__}: {error}"
                self.wait_before_retry(self._backoff_s(tried))
                continue
            if status < HTTPStatus.BAD_REQUEST:
                return body
            said = f"status {status}"
            if status == HTTPStatus.TOO_MANY_REQUESTS:
                self.wait_before_retry(float(headers["Retry-After"] or 1))
            elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                self.wait_before_retry(self._backoff_s(tried))
            else:
                break
        raise ApiError(f"{method} {path}: {said}")

    def _exchange(self, method: str, path: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        self._connection.request(method, path)
        response = self._connection.getresponse()
        return response.status, response.headers, response.read()

    def wait_before_retry(self, seconds: float) -> None:
        """Back off."""
        self.backed_off_s += seconds
        time.sleep(seconds)

    def _backoff_s(self, tried: int) -> float:
        longest_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0**tried)
        scattered: float = longest_s * self._random.uniform(0.5, 1)
        return scattered
