"""Staff: who may do what, how they sign in, and how often they did something in a day.

::

    values       an account, its role, what is counted against a cap
    database     the one file in which all of it is kept, and its layout
    passwords    what a password must be, and how it is stored
    accounts     accounts: added, removed, reset, authenticated by key, counted
    signing_in   name and password become an account; a password is chosen
    sessions     what a signed-in browser holds, until it ends
"""

from issuer.staff.accounts import Staff
from issuer.staff.passwords import PasswordFault, PasswordRefused
from issuer.staff.sessions import Sessions, StaffSession
from issuer.staff.signing_in import SignIn
from issuer.staff.values import Account, Capped, Role

__all__ = [
    "Account",
    "Capped",
    "PasswordFault",
    "PasswordRefused",
    "Role",
    "Sessions",
    "SignIn",
    "Staff",
    "StaffSession",
]
