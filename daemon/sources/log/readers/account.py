"""A pod's service account: where the API server is, whom to trust, and who we are. Never from elsewhere."""

import os
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path

from model.errors import SourceError

FOLDER = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class Account:
    """What Kubernetes gives every pod; read anew each time, since tokens and certificates are renewed."""

    def __init__(self, folder: Path = FOLDER, environ: Mapping[str, str] = os.environ) -> None:
        self._folder = folder
        self._environ = environ

    def log_url(self, namespace: str | None, pod: str | None) -> str:
        """Where the API serves a pod's log, our own by default; raises SourceError."""
        host = self._environ.get("KUBERNETES_SERVICE_HOST", "")
        port = self._environ.get("KUBERNETES_SERVICE_PORT", "443")
        if not host:
            remedy = "the source `kubernetes` works in a pod only; elsewhere: kubectl logs -f ... | loopcam"
            raise SourceError("this is no Kubernetes pod: KUBERNETES_SERVICE_HOST is not set", remedy=remedy)
        host = f"[{host}]" if ":" in host else host
        name = pod or self._environ.get("POD_NAME") or socket.gethostname()
        return (
            f"https://{host}:{port}/api/v1/namespaces/{namespace or self._read('namespace')}/pods/{name}/log"
        )

    def token(self) -> str:
        """Who we are; raises SourceError."""
        return self._read("token")

    def trust(self) -> ssl.SSLContext:
        """The cluster's authority, and no other; raises SourceError."""
        self._read("ca.crt")
        try:
            context = ssl.create_default_context(cafile=str(self._folder / "ca.crt"))
        except (OSError, ssl.SSLError) as error:
            raise SourceError(f"{self._folder / 'ca.crt'}: {error}") from error
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # authorities of clusters often lack key identifiers
        return context

    def _read(self, name: str) -> str:
        try:
            return (self._folder / name).read_text().strip()
        except OSError as error:
            remedy = "give the pod a service account: automountServiceAccountToken: true"
            raise SourceError(f"{self._folder / name}: {error.strerror}", remedy=remedy) from error
