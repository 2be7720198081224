"""Which rung of the ladder of privileges we stand on, and what keeps a capability from the sampler."""

from collections.abc import Iterator

from daemon.doctor import remedies
from daemon.doctor.facts import SYS_PTRACE, Own, Place, named, sampler_rights
from daemon.doctor.findings import Finding, Level

_SETS = ("effective", "permitted", "inheritable", "bounding", "ambient")


def judged(own: Own) -> Iterator[Finding]:
    """What the sampler would hold, and what is wrong with the capability of its file."""
    yield _capabilities(own)
    if own.file_capabilities & ~own.rights.bounding and own.file_capabilities_forced:
        what = (
            f"{own.program} cannot be started: its {named(own.file_capabilities)} is not in our bounding set"
        )
        why = "the kernel does not execute such a file (EPERM)"
        mend = remedies.file_capability()
        yield Finding(check="file_capability", level=Level.PROBLEM, what=what, why=why, remedy=mend)
    elif own.file_capabilities & SYS_PTRACE and own.rights.no_new_privs:
        what = f"the capability of {own.program} does not count: no_new_privs is on"
        why = "privilege fileCap needs allowPrivilegeEscalation: true; with false no file's capability counts"
        mend = remedies.file_capability()
        yield Finding(check="file_capability", level=Level.WARNING, what=what, why=why, remedy=mend)


def _capabilities(own: Own) -> Finding:
    """Whether a sampler that we start has CAP_SYS_PTRACE, and if not, where it got lost."""
    held = ", ".join(f"{name} {named(getattr(own.rights, name)) or 'none'}" for name in _SETS)
    if sampler_rights(own).effective & SYS_PTRACE:
        what = f"a sampler has CAP_SYS_PTRACE ({held})"
        return Finding(check="capabilities", level=Level.OK, what=what)
    what = f"a sampler has no CAP_SYS_PTRACE ({held})"
    why = "; ".join(("without it, processes of the same user and group only", *lost(own)))
    mend = remedies.capability()
    return Finding(check="capabilities", level=Level.NOTE, what=what, why=why, remedy=mend)


def lost(own: Own) -> Iterator[str]:
    """Why a capability that was granted, or seems to come with the user, is not the sampler's."""
    rights = own.rights
    if sampler_rights(own).effective & SYS_PTRACE:
        return
    if rights.uids[1] == 0:
        yield "uid 0 alone is not enough: SYS_PTRACE is not among what it was given"
    elif rights.effective & SYS_PTRACE:
        yield "ours is not ambient, and a program that we start does not inherit it"
    elif rights.bounding & SYS_PTRACE and not rights.effective & SYS_PTRACE:
        if own.place in (Place.KUBERNETES, Place.CONTAINER):
            yield (
                "a non-root container gets no ambient capability: `add: [SYS_PTRACE]` fills the bounding "
                "set only, which gives a user other than root nothing"
            )
        else:
            yield "it is in the bounding set, which gives a user other than root nothing"
    if own.file_capabilities & SYS_PTRACE:
        yield "the one of the sampler's file does not count: no_new_privs, or not in the bounding set"
