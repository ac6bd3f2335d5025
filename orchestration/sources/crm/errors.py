"""What can end the extraction of a CRM, in plain words.

One class an outcome. The words are the vendors' packages' business: each says what happened and
what somebody should do; no message ever holds a secret.
"""

from __future__ import annotations


class CrmError(Exception):
    """A CRM could not be asked, or did not answer as agreed."""

    ends_source = False
    """Whether the source's other objects need not be tried in this run either."""


class QuotaExhausted(CrmError):
    """A quota that this run can't wait for is used up; the next run carries on."""

    ends_source = True


class WrongCredentials(CrmError):
    """The CRM does not accept the credentials."""

    ends_source = True


class SourceUnavailable(CrmError):
    """The CRM did not answer, or only with errors, for longer than the run waits."""


class NotPermitted(CrmError):
    """The credentials are right but may not read an object or a field."""


class NotOffered(CrmError):
    """This account has no such object: its edition or its settings lack it. Nothing is wrong."""


class UnexpectedAnswer(CrmError):
    """The CRM refused a request as wrong, or answered something that its contract does not know."""
