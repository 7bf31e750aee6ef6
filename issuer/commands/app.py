"""``qupia-issuer``: what the authority types."""

from issuer.commands.audit import audit_app
from issuer.commands.init import init
from issuer.commands.keys import bundle, keys_app
from issuer.commands.notices import notice_app
from issuer.commands.policy import check
from issuer.commands.results import cancel, intake, register, withdraw
from issuer.commands.retention import retention_app
from issuer.commands.serve import serve
from issuer.commands.signing_requests import request, sign
from issuer.commands.staff import staff_app
from issuer.commands.statements import delegate, replace_all, take
from shell.command_line import new_app, run

__all__ = ["app", "main"]

app = new_app("Issue passes that say one thing and leave no trace.")
codes_app = new_app("Activation codes: cancel.")
policy_app = new_app("The authority's rules: check.")

keys_app.command()(delegate)
keys_app.command()(request)
keys_app.command()(sign)
keys_app.command()(take)
keys_app.command("replace-all")(replace_all)
for command in (init, serve, register, intake, withdraw, bundle):
    app.command()(command)
codes_app.command()(cancel)
policy_app.command()(check)


@codes_app.callback()
@policy_app.callback()
def _keep_names() -> None:
    """With a single command Typer would drop its name."""


for name, group in {
    "staff": staff_app,
    "codes": codes_app,
    "keys": keys_app,
    "notice": notice_app,
    "retention": retention_app,
    "audit": audit_app,
    "policy": policy_app,
}.items():
    app.add_typer(group, name=name)


def main() -> None:
    run(app, "qupia-issuer")
