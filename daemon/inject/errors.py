"""What is wrong with manifests."""

from model.errors import LoopcamError


class ManifestError(LoopcamError):
    """A manifest that cannot be read, or not be injected into."""

    exit_code = 65
