"""``qupia-wallet serve`` as it is typed."""

import pytest

from shell.errors import CommandError
from tests.support.issuer_in_memory import Phone
from tests.support.processes import run_real
from tests.support.visitor import Visitor
from wallet_sim.web.serving import serve_wallet


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "wallet.example", "::"])
def test_a_wallet_is_served_on_its_own_machine_only(host: str, phone: Phone) -> None:
    with pytest.raises(CommandError, match="its own machine only"):
        serve_wallet(phone.home, phone.tools(), host, 8002, ready=lambda _: None)


@pytest.mark.process
def test_another_host_is_refused_in_words(phone: Phone) -> None:
    outcome = run_real("qupia-wallet", "serve", "--host", "0.0.0.0", "--home", phone.home)
    assert outcome.status == 2
    assert "leave --host out" in outcome.error


def test_the_pages_speak_the_language_of_the_browser(visitor: Visitor) -> None:
    visitor.headers["accept-language"] = "kk-KZ,ru;q=0.8"
    assert "Әмиян бос" in visitor.get("/p/1").text
