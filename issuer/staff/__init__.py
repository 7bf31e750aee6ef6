"""Staff: who may do what, how they sign in, and how often they did something in a day.

::

    values       an account, its role, what is counted against a cap
    database     the one file in which all of it is kept, and its layout
    passwords    what a password must be, and how it is stored
    accounts     accounts: added, removed, reset, authenticated by key, counted
    signing_in   name and password become an account; a password is chosen
    sessions     what a signed-in browser holds, until it ends
    ceremonies   what WebAuthn asks of a browser, and how its answer is judged
    passkeys     the second factor: links that make a passkey, and the proof of one
"""

from issuer.staff.accounts import Staff
from issuer.staff.ceremonies import PasskeyRefused, RelyingParty, party_of, relying_party
from issuer.staff.passkeys import MAKING, LinkOver, Passkeys, link_of
from issuer.staff.passwords import PasswordFault, PasswordRefused
from issuer.staff.sessions import Sessions, StaffSession
from issuer.staff.signing_in import SignIn
from issuer.staff.values import Account, Capped, Role

__all__ = [
    "MAKING",
    "Account",
    "Capped",
    "LinkOver",
    "PasskeyRefused",
    "Passkeys",
    "PasswordFault",
    "PasswordRefused",
    "RelyingParty",
    "Role",
    "Sessions",
    "SignIn",
    "Staff",
    "StaffSession",
    "link_of",
    "party_of",
    "relying_party",
]
